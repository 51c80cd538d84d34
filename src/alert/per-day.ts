/** How many alerts incidents that never were would have brought, by day and channel. Decides only. */
import { type IncidentFacts, route, type Settings } from "./route.ts";

export interface AlertsPerDay {
  /** In UTC, e.g. `2026-11-24`. */
  day: string;
  channelId: string;
  channel: string;
  alerts: number;
  /** Of these: kept back by a mute time or by quiet hours. */
  held: number;
}

/**
 * By the routes and channels as they are now, each incident at its own time. Silences and inhibitions do not count: they
 * speak of what happens now. Oldest day first, then by name.
 */
export function alertsPerDay(incidents: readonly IncidentFacts[], settings: Settings): AlertsPerDay[] {
  const lasting: Settings = { ...settings, silences: [], inhibitions: [], open: [], told: [] };
  const nameOf = new Map(settings.channels.map(({ id, name }) => [id, name]));
  const counts = new Map<string, AlertsPerDay>();
  for (const incident of incidents) {
    const day = new Date(incident.since).toISOString().slice(0, 10);
    const change = { incidentId: incident.id, entryId: incident.id, kind: "OPENED" as const };
    for (const { channelId, heldBy } of route(change, incident, lasting, incident.since).alerts) {
      const name = nameOf.get(channelId) ?? "";
      const key = `${day} ${name} ${channelId}`;
      const count = counts.get(key) ?? { day, channelId, channel: name, alerts: 0, held: 0 };
      count.alerts++;
      if (heldBy.length > 0) count.held++;
      counts.set(key, count);
    }
  }
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, count]) => count);
}
