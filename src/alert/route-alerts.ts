/** The hook of every change: what was written on timelines becomes alerts, in the same transaction. */
import type { Tx } from "../db.ts";
import { settleEscalations } from "./escalation-state.ts";
import { route } from "./route.ts";
import { readSettings } from "./route-read.ts";
import { writeRouted } from "./route-write.ts";
import { changesOf, type Line, movedBy } from "./told.ts";

/** Nothing that is told, no query; otherwise one to read and one to write. */
export async function routeAlerts(tx: Tx, lines: readonly Line[], now: number): Promise<void> {
  const moved = movedBy(lines);
  if (moved.length > 0) await settleEscalations(tx, moved, now);
  const changes = changesOf(lines);
  if (changes.length === 0) return;
  const idsOf = (of: typeof changes): string[] => [...new Set(of.map(({ incidentId }) => incidentId))];
  const { incidents, settings } = await readSettings(tx, {
    incidents: idsOf(changes),
    resolved: idsOf(changes.filter(({ kind }) => kind === "RESOLVED")),
    now,
  });
  const routed = changes.flatMap((change) => {
    const incident = incidents.get(change.incidentId);
    return incident ? [route(change, incident, settings, now)] : [];
  });
  await writeRouted(
    tx,
    routed.flatMap((one) => one.alerts),
    routed.flatMap((one) => one.escalations),
    now,
  );
}
