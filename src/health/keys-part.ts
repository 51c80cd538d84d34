/** The keys as a part of the server's health: without the right ones events are refused, though the database answers. */
import type { Database } from "../db.ts";
import type { Log } from "../log.ts";
import type { KeyService } from "../secrets/key-service.ts";
import { findUnopened } from "../secrets/unopened.ts";

const fresh = 60_000; // ms: every organization is looked at
const usable = 300_000; // ms: what was found serves while the next look is under way, which may take longer than a check waits

interface KeysPart {
  name: string;
  ok: boolean;
  detail: string;
  /** Whether a server with these keys is of use to anybody. */
  ready: boolean;
}

export function watchKeys(options: {
  db: Pick<Database, "organizationIds" | "query">;
  service: KeyService;
  now: () => number;
  log: Log;
}): () => Promise<KeysPart> {
  const { db, service, now, log } = options;
  let looked: { at: number; part: KeysPart } | undefined;
  let looking: Promise<KeysPart> | undefined;

  async function look(): Promise<KeysPart> {
    const { keys, all, refuses } = await findUnopened(await db.organizationIds(), db.query, service);
    if (keys.length === 0) return { name: "keys", ok: true, detail: "open the data keys", ready: true };
    const detail = `what the encryption key ${keys.join(", ")} wrapped does not open with the keys that are here: ${refuses ? "events are refused" : "what it sealed is not read"}`;
    log.error({ keys }, "the encryption keys are not those of the database: `vigil doctor` says how to mend it");
    return { name: "keys", ok: false, detail, ready: !all };
  }

  /** Never throws. */
  function lookAnew(): Promise<KeysPart> {
    const at = now();
    return look()
      .then(
        (part) => {
          looked = { at, part };
          return part;
        },
        (): KeysPart => {
          looked = undefined;
          return { name: "keys", ok: false, detail: "cannot be looked at", ready: true };
        },
      )
      .finally(() => {
        looking = undefined;
      });
  }

  return async () => {
    const age = looked ? Math.abs(now() - looked.at) : Number.POSITIVE_INFINITY;
    if (looked && age < fresh) return looked.part;
    looking ??= lookAnew();
    return looked && age < usable ? looked.part : looking;
  };
}
