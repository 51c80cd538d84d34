/** Vigil's own events about log sources that have gone silent: one a silence. Rules judge them like any other. */
import { createHash } from "node:crypto";
import type { Tx } from "../../db.ts";
import type { EventDraft } from "../../ingest/event.ts";
import { type Cadence, cadence } from "./facets/cadence.ts";
import { monitorSource, silentAction } from "./log-source.ts";
import { type Silence, silencesOf } from "./silence.ts";

export async function silentSources(tx: Tx, now: number): Promise<EventDraft[]> {
  const { rows } = await tx.query<{ key: string; state: Cadence }>(
    "SELECT key, profile -> $2 AS state FROM entities WHERE organization_id = $1 AND kind = 'SERVICE' AND profile ? $2",
    [tx.organizationId, cadence.name],
  );
  return silencesOf(rows, now).map((one) => eventOf(one, now));
}

/** The client id is the silence's: told again, it is a duplicate. */
function eventOf({ key, silence }: { key: string; silence: Silence }, now: number): EventDraft {
  const { since, forMs, activeHours, expected } = silence;
  const name = createHash("sha256").update(`${key}\n${since}`).digest("hex").slice(0, 32);
  return {
    clientId: `${silentAction} ${name}`,
    time: now,
    logsource: { ...monitorSource },
    action: silentAction,
    category: "OTHER",
    outcome: "UNKNOWN",
    target: { type: "log_source", id: key },
    attributes: {
      source: key,
      lastSeen: new Date(since).toISOString(),
      silentMs: forMs,
      activeHours: Math.round(activeHours * 10) / 10,
      expectedEvents: expected,
    },
  };
}
