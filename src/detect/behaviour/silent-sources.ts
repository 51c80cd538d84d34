/** Vigil's own events about log sources that have gone silent: one a silence. Rules judge them like any other. */
import { createHash } from "node:crypto";
import type { Tx } from "../../db.ts";
import type { EventDraft } from "../../ingest/event.ts";
import { type Cadence, cadence } from "./facets/cadence.ts";
import { type Staffing, staffing } from "./facets/staffing.ts";
import { monitorSource, silentAction } from "./log-source.ts";
import { type Silence, silencesOf } from "./silence.ts";

export async function silentSources(tx: Tx, now: number): Promise<EventDraft[]> {
  const { rows } = await tx.query<{ key: string; state: Cadence; people: Staffing | null }>(
    `SELECT e.key, coalesce(e.learned, e.profile::json) -> $2 AS state, (SELECT coalesce(o.learned, o.profile::json) -> $3 FROM entities o
       WHERE o.organization_id = $1 AND o.kind = 'ORGANIZATION' ORDER BY o.key LIMIT 1) AS people
     FROM entities e WHERE e.organization_id = $1 AND e.kind = 'SERVICE' AND coalesce(e.learned, e.profile::json) -> $2 IS NOT NULL`,
    [tx.organizationId, cadence.name, staffing.name],
  );
  return silencesOf(rows, now, rows[0]?.people ?? undefined).map((one) => eventOf(one, now));
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
