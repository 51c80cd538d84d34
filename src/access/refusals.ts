/**
 * Refusals in the audit log, bounded: whoever can be refused at will must not be able to fill the disk, nor hold up the
 * organization's audit chain. A first refusal is written at once; the same again within a minute is only counted, and
 * an organization gets so many rows an hour from each server, strangers and people it knows apart, so that the first
 * cannot drown the second. What was only counted goes into a row of its own later.
 */
import { validate as isUuid } from "uuid";
import type { Database } from "../db.ts";
import { withoutDeadline } from "../deadline.ts";
import type { Log } from "../log.ts";
import { type AuditRecord, audit } from "./audit.ts";
import { createTtlCache } from "./ttl-cache.ts";

const quietFor = 60_000; // 1 minute in which the same refusal is only counted
const budgetPeriod = 3_600_000; // 1 hour
const budget = 60; // rows an hour and organization, of strangers and of people it knows

/** The actor of what somebody did who could not be told. */
export const stranger = "unknown";

export interface Refusal extends AuditRecord {
  organizationId: string;
}

export interface RefusalLog {
  /** Resolves when the refusal is in the audit log, or counted. Never throws: a refusal stays one. */
  note(refusal: Refusal): Promise<void>;
  /** Writes what was only counted and is over. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

interface Repeated {
  refusal: Refusal;
  until: number;
  repeats: number;
}

interface Account {
  organizationId: string;
  until: number;
  rows: number;
  uncounted: number;
}

/** A clock set back leaves ends that are further off than they ever were: they are over, too. */
const isOver = (until: number, span: number, at: number): boolean => at >= until || until - at > span;

export function createRefusalLog({ db, now, log }: { db: Database; now: () => number; log: Log }): RefusalLog {
  const repeated = new Map<string, Repeated>();
  const accounts = new Map<string, Account>();
  const known = createTtlCache<Set<string>>({ ttl: 60_000, maximum: 1, now });

  async function exists(organizationId: string): Promise<boolean> {
    if (!isUuid(organizationId)) return false;
    return (await known.get("", async () => new Set(await db.organizationIds()))).has(organizationId);
  }

  async function write({ organizationId, ...record }: Refusal): Promise<void> {
    await db.inOrganization(organizationId, (tx) => audit(tx, record));
  }

  /** Takes one row out of the organization's budget, where there is one left; what was not counted goes along. */
  function spend({ organizationId, actor }: Refusal): { unrecorded?: number } | undefined {
    const at = now();
    const name = `${organizationId}/${actor === stranger}`;
    const account = accounts.get(name);
    if (!account || isOver(account.until, budgetPeriod, at)) {
      accounts.set(name, { organizationId, until: at + budgetPeriod, rows: 1, uncounted: 0 });
      return account?.uncounted ? { unrecorded: account.uncounted } : {};
    }
    if (account.rows >= budget) {
      account.uncounted++;
      return undefined;
    }
    account.rows++;
    return {};
  }

  async function note(refusal: Refusal): Promise<void> {
    const { organizationId, actor, action, entityKind, entityId, detail } = refusal;
    if (!(await exists(organizationId))) return;
    const key = JSON.stringify([organizationId, actor, action, entityKind, entityId, detail]);
    const same = repeated.get(key);
    if (same && !isOver(same.until, quietFor, now())) {
      same.repeats++;
      return;
    }
    const more = spend(refusal);
    if (!more) return;
    const repeats = same?.repeats ? { repeats: same.repeats } : {};
    repeated.set(key, { refusal, until: now() + quietFor, repeats: 0 });
    await write({ ...refusal, detail: { ...detail, ...repeats, ...more } });
  }

  async function flush(all = false): Promise<void> {
    const at = now();
    for (const [key, { refusal, until, repeats }] of repeated) {
      if (!all && !isOver(until, quietFor, at)) continue;
      repeated.delete(key);
      if (repeats > 0) await write({ ...refusal, detail: { ...refusal.detail, repeats } });
    }
    for (const [name, account] of accounts) {
      if (!all && !isOver(account.until, budgetPeriod, at)) continue;
      accounts.delete(name);
      if (account.uncounted === 0) continue;
      const { organizationId } = account;
      const entity = { entityKind: "Organization", entityId: organizationId };
      const detail = { unrecorded: account.uncounted };
      await write({ organizationId, actor: "vigil", action: "REFUSALS_UNRECORDED", ...entity, detail });
    }
  }

  const failed = (error: unknown): void => log.error({ err: String(error) }, "a refusal could not be audited");
  const timer = setInterval(() => void flush().catch(failed), quietFor);
  timer.unref();
  return {
    note: (refusal) => withoutDeadline(() => note(refusal)).catch(failed), // the same again counts on its being written
    flush: () => flush(),
    async close() {
      clearInterval(timer);
      await flush(true);
    },
  };
}
