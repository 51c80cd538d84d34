/** People, programs and settings. */
import { errors, failedLogin, lastDays, type Ready } from "./ready.ts";

export const setUp: readonly Ready[] = [
  {
    name: "Who am I, and how is the server",
    query: `query Hello {
viewer { name role permissions organization { slug name } }
status { ok version uptime parts { name ok detail } backlog { ingestMs alertsQueued } }
}`,
  },
  {
    name: "Send five failed log-ins",
    query: `mutation Ingest($input: SecurityEventsIngestInput!) {
securityEventsIngest(input: $input) { accepted duplicates rejected { index code message } ${errors} }
}`,
    variables: { input: { events: Array(5).fill(failedLogin) } },
  },
  {
    name: "A key for an application",
    query: `# The secret is shown this once.
mutation Key($input: ApiKeyCreateInput!) { apiKeyCreate(input: $input) { apiKey { id name } secret ${errors} } }`,
    variables: { input: { name: "clinic-web", role: "INGEST" } },
  },
  {
    name: "The week in numbers",
    query: `query Week($range: TimeRangeInput!) {
statistics(range: $range, interval: "P1D") {
  trends { measure now before change }
  timeToAcknowledge { incidents meanSeconds p90Seconds }
  timeToResolve { incidents meanSeconds p90Seconds }
  byChannel { name alerts successRate }
  topSubjects(first: 5) { kind key incidents threatScore }
  steps { at opened resolved }
}
}`,
    variables: { range: lastDays },
  },
  {
    name: "Who changed what",
    query: "query Audit { auditLog(first: 20) { nodes { seq at actor action entityKind entityId detail } } }",
  },
];
