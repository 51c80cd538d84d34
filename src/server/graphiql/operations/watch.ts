/** Subscriptions. */
import type { Ready } from "./ready.ts";

export const watch: readonly Ready[] = [
  {
    name: "Incidents",
    query: `# Every change of every incident. Resume with after: "<the last cursor>".
subscription IncidentEvents { incidentEvents { cursor kind at incident { number title severity status } } }`,
  },
  {
    name: "Numbers",
    query: `subscription Numbers {
realtimeMetrics(interval: "PT1S") { at eventsPerSecond openIncidents activeThreats alertsQueued detectionsPerMinute ingestLagMs }
}`,
  },
  {
    name: "Alerts on their way",
    query: "subscription AlertEvents { alertEvents { cursor kind at alert { status channel { name } } } }",
  },
  {
    name: "Decisions",
    query: "subscription Decisions { decisionEvents { cursor kind decision { type value expiresAt } } }",
  },
];
