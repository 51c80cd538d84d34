/** Marks open incidents whose clocks have run out, each clock once: on the timeline and in the feed. */
import type { Tx } from "../db.ts";
import type { Severity } from "../ingest/event.ts";
import { recordChanges } from "../publish/change.ts";
import { type ClockKind, type ResponseTimes, responseTimes } from "./clocks.ts";
import { addEntries } from "./entry.ts";

interface Breached {
  id: string;
  severity: Severity;
  clock: ClockKind;
  seconds: number;
}

const does: Record<ClockKind, string> = { ACKNOWLEDGE: "acknowledged", CONTAIN: "contained", RESOLVE: "resolved" };

/** Answers how many clocks were marked; the caller rings the bell if any was. */
export async function markBreaches(tx: Tx, now: number): Promise<number> {
  const { rows: settings } = await tx.query<{ response_times: ResponseTimes }>(
    "SELECT response_times FROM organizations WHERE id = $1",
    [tx.organizationId],
  );
  if (!settings[0]) return 0;
  const limits = Object.entries(responseTimes(settings[0].response_times)).flatMap(([severity, times]) =>
    Object.entries(times ?? {}).flatMap(([clock, seconds]) => (seconds ? [{ severity, clock, seconds }] : [])),
  );
  const { rows } = await tx.query<Breached>({
    name: "breached_clocks",
    text: `WITH due AS (
        SELECT i.id, i.severity, l.clock, l.seconds FROM security_incidents i
        JOIN unnest($2::severity[], $3::text[], $4::int[]) AS l(severity, clock, seconds) ON l.severity = i.severity
        WHERE i.organization_id = $1 AND i.status_rank < 4 AND NOT l.clock = ANY (i.breached_clocks)
          AND CASE l.clock WHEN 'ACKNOWLEDGE' THEN coalesce(i.acknowledged_at, i.contained_at) WHEN 'CONTAIN' THEN i.contained_at END IS NULL
          AND CASE l.clock WHEN 'ACKNOWLEDGE' THEN i.opened_at ELSE coalesce(i.reopened_at, i.opened_at) END
            + make_interval(secs => l.seconds) < $5::timestamptz
        ORDER BY i.fingerprint FOR UPDATE OF i SKIP LOCKED
      ), marked AS (
        UPDATE security_incidents i SET breached_clocks = i.breached_clocks || d.clocks, updated_at = $5
        FROM (SELECT id, array_agg(clock) AS clocks FROM due GROUP BY id) d WHERE i.organization_id = $1 AND i.id = d.id
      )
      SELECT id, severity, clock, seconds FROM due ORDER BY id, seconds`,
    values: [
      tx.organizationId,
      limits.map(({ severity }) => severity),
      limits.map(({ clock }) => clock),
      limits.map(({ seconds }) => seconds),
      new Date(now),
    ],
  });
  if (rows.length === 0) return 0;
  const entries = rows.map(({ id, severity, clock, seconds }) => ({
    incidentId: id,
    kind: "CLOCK_BREACHED" as const,
    message: `Not ${does[clock]} within ${inWords(seconds)}, which a ${severity} incident may take.`,
    actor: "vigil",
  }));
  await addEntries(tx, entries, now);
  await recordChanges(
    tx,
    entries.map(({ incidentId, kind }) => ({ topic: "incident", kind, entityId: incidentId })),
  );
  return rows.length;
}

/** 900 -> "15 minutes"; 90000 -> "25 hours". */
export function inWords(seconds: number): string {
  const [size, unit] =
    seconds % 86_400 === 0
      ? [86_400, "day"]
      : seconds % 3_600 === 0
        ? [3_600, "hour"]
        : seconds % 60 === 0
          ? [60, "minute"]
          : [1, "second"];
  const count = seconds / (size as number);
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}
