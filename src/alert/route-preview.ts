/** Who would be told of an incident now, when, by which route, and why not: nothing is stored. */
import type { Tx } from "../db.ts";
import { VigilError } from "../errors.ts";
import { type AlertDraft, route } from "./route.ts";
import { readSettings } from "./route-read.ts";
import type { Verdict } from "./route-tree.ts";

export interface RoutePreview {
  verdicts: Verdict[];
  alerts: (AlertDraft & { channel: string; route: string | null })[];
  /** Why nobody is told; null: somebody is. */
  notTold: string | null;
}

/** As if it were opened now. Errors: NOT_FOUND. */
export async function previewRoutes(
  tx: Pick<Tx, "query" | "organizationId">,
  incidentId: string,
  now: number,
): Promise<RoutePreview> {
  const { incidents, settings } = await readSettings(tx, { incidents: [incidentId], resolved: [], now });
  const incident = incidents.get(incidentId);
  if (!incident) throw new VigilError("NOT_FOUND", "There is no such incident.", { path: ["incidentId"] });
  const change = { incidentId, entryId: incidentId, kind: "OPENED" as const };
  const { alerts, notTold, verdicts } = route(change, { ...incident, status: "OPEN" }, settings, now);
  const nameOf = (all: readonly { id: string; name: string }[], id: string | null): string | null =>
    all.find((one) => one.id === id)?.name ?? null;
  return {
    verdicts,
    notTold,
    alerts: alerts.map((alert) => ({
      ...alert,
      channel: nameOf(settings.channels, alert.channelId) ?? "",
      route: nameOf(settings.routes, alert.routeId),
    })),
  };
}
