/** Ready operations for whoever acts, sets up and watches. */
import type { ReadyOperation } from "./ready-operation.ts";
import { errors, failedLogin, lastDays } from "./shared-parts.ts";

export const actJobs: Record<string, Omit<ReadyOperation, "job">[]> = {
  Respond: [
    {
      name: "Whom would it hit",
      query: `query Blast($input: ResponsePreviewInput!) {
  responsePreview(input: $input) { target scope users sessions requests needsApproval refusal }
}`,
      variables: { input: { type: "BLOCK_IP", target: "<address>" } },
    },
    {
      name: "Try it first",
      query: `# A dry run: says what would become of it. Without dryRun, it is done.
mutation Respond($id: ID!, $input: IncidentRespondInput!) {
  incidentRespond(id: $id, input: $input) { outcome refusal action { id status } ${errors} }
}`,
      variables: {
        id: "<incident id>",
        input: { type: "BLOCK_IP", target: "<address>", ttl: "PT1H", reason: "It guesses passwords", dryRun: true },
      },
    },
    {
      name: "What is in force",
      query: `query InForce {
  decisions(first: 50) { nodes { type scope value reason expiresAt inForce viewerCanRevoke appliedBy { enforcer { name } } } }
  enforcers { nodes { name isOnline behind lastSeenAt } }
}`,
    },
  ],
  Alerts: [
    {
      name: "What did not go out",
      query: `query Undelivered {
  alerts(first: 20, filter: { status: { in: [FAILED, HELD, RETRYING] } }) {
    nodes { status channel { name kind } heldBy { kind reason } attempts { at outcome detail } incident { number title } }
  }
}`,
    },
    {
      name: "What is weak in the settings",
      query: "query Lint { alertSettingsLint { kind name message } }",
    },
    {
      name: "Would this silence too much",
      query: `query Silenced($matchers: [MatcherInput!]!) {
  silencePreview(matchers: $matchers) { openIncidents matchingIncidents incidents { number title } }
}`,
      variables: { matchers: [{ field: "SUBJECT", operator: "EQUALS", value: "<user>" }] },
    },
    {
      name: "Try a channel",
      query: `mutation Test($channel: ID!) { alertTestSend(channelId: $channel) { alert { id } ${errors} } }`,
      variables: { channel: "<channel id>" },
    },
  ],
  "Set up": [
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
  ],
  "Watch live": [
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
  ],
};
