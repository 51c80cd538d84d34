/**
 * Operations that are ready to run, by what somebody wants to do. In variables `<incident id>` and the like stand for what
 * the organization has: `examplesOf` finds it. Each is validated and run by test/server/graphiql.test.ts.
 */
import { parse, print } from "graphql";

export interface ReadyOperation {
  job: string;
  name: string;
  query: string;
  variables?: Record<string, unknown>;
}

/** What `<…>` in variables stands for: the document that finds all of it. */
export const examplesQuery = `query Examples {
  incidents(first: 1) { nodes { id number subjects { kind key } } }
  alertRules(first: 1) { nodes { id } }
  alertChannels { id }
}`;

const row = "number title severity status threatScore openedAt detectionCount subjects { kind key } rule { name }";
const errors = "userErrors { code message path }";
const failedLogin = {
  action: "login",
  category: "authentication",
  outcome: "failure",
  actor: { name: "ada" },
  source: { ip: "203.0.113.7" },
};
const lastDays = { from: "<7 days ago>", to: "<now>" };
const rule = `title: Sign-in from a TOR exit
id: 7f1a2c1e-5b1f-4d55-9a52-1f0f4f2f9a10
status: experimental
logsource: { category: authentication }
detection:
  selection: { outcome: success, tags: tor }
  condition: selection
level: high
`;

const jobs: Record<string, Omit<ReadyOperation, "job">[]> = {
  Triage: [
    {
      name: "What is going on",
      query: `# The latest incidents that are not over.
query Incidents {
  incidents(first: 20, filter: { status: { in: [OPEN, ACKNOWLEDGED, INVESTIGATING, CONTAINED] } },
    orderBy: [{ field: CREATED_AT, direction: DESC }]) {
    totalCount
    nodes { ${row} }
    pageInfo { hasNextPage endCursor }
  }
}`,
    },
    {
      name: "The worst first",
      query: `query Worst($least: Severity!) {
  incidents(first: 20, filter: { severity: { gte: $least }, status: { eq: OPEN } },
    orderBy: [{ field: THREAT_SCORE, direction: DESC }]) { nodes { ${row} } }
}`,
      variables: { least: "HIGH" },
    },
    {
      name: "One incident, whole",
      query: `query Incident($number: Int!) {
  incident(number: $number) {
    id title severity status revision viewerCanMove viewerCanRespond
    entries(first: 50) { nodes { at kind message actor } }
    detections(first: 10) { nodes { rule { name } explanation eventCount firstEventAt lastEventAt } }
    alerts(first: 10) { nodes { status channel { name } sentAt } }
    actions(first: 10) { nodes { type target status expiresAt } }
  }
}`,
      variables: { number: "<incident number>" },
    },
    {
      name: "I have seen it",
      query: `mutation Acknowledge($id: ID!) { incidentAcknowledge(id: $id) { incident { number status } ${errors} } }`,
      variables: { id: "<incident id>" },
    },
    {
      name: "Say something",
      query: `mutation Comment($id: ID!, $input: IncidentCommentInput!) {
  incidentComment(id: $id, input: $input) { incident { number } ${errors} }
}`,
      variables: { id: "<incident id>", input: { body: "Called the user: it was **not** them." } },
    },
    {
      name: "Many at once",
      query: `mutation Many($ids: [ID!]!, $input: IncidentsUpdateInput!) {
  incidentsUpdate(ids: $ids, input: $input) { updated results { id ${errors} } ${errors} }
}`,
      variables: { ids: ["<incident id>"], input: { move: "INVESTIGATE" } },
    },
    {
      name: "It is over",
      query: `mutation Resolve($id: ID!, $input: IncidentResolveInput!) {
  incidentResolve(id: $id, input: $input) { incident { number status resolution } ${errors} cursor }
}`,
      variables: {
        id: "<incident id>",
        input: { resolution: "TRUE_POSITIVE", reason: "The account was taken over; its password is changed." },
      },
    },
  ],
  Hunt: [
    {
      name: "Everything from an address",
      query: `query FromAddress($ip: IPAddress!) {
  securityEvents(first: 50, filter: { sourceIp: { eq: $ip } }) {
    nodes { time action outcome actorName sourceIp place { country city } network { name kind } httpPath httpStatus }
  }
}`,
      variables: { ip: "203.0.113.7" },
    },
    {
      name: "What a user did",
      query: `query OfUser($name: String!) {
  securityEvents(first: 50, filter: { actorName: { eq: $name } }, orderBy: [{ field: TIME, direction: DESC }]) {
    nodes { time action outcome sourceIp userAgent targetType targetId sessionId }
  }
}`,
      variables: { name: "ada" },
    },
    {
      name: "Who is at risk",
      query: `query AtRisk {
  entities(first: 20, orderBy: [{ field: RISK, direction: DESC }]) {
    nodes { kind key risk riskLevel criticality riskChanges(first: 3) { at points told } }
  }
}`,
    },
    {
      name: "What rules found",
      query: `query Found {
  detections(first: 20) { nodes { rule { name } severity mode explanation subjects { kind key } eventCount lastEventAt } }
}`,
    },
  ],
  "Tune a rule": [
    {
      name: "Which rules are noisy",
      query: `query Noisy($range: TimeRangeInput!) {
  statistics(range: $range) { byRule(first: 20) { name incidents open quality { truePositives falsePositives precision } } }
}`,
      variables: { range: lastDays },
    },
    {
      name: "Try a rule on events",
      query: `mutation Try($input: AlertRuleTestInput!) {
  alertRuleTest(input: $input) { matched results { ruleName index matched } rejected { index message } ${errors} }
}`,
      variables: {
        input: { yaml: rule, events: [{ ...failedLogin, outcome: "success", attributes: { tags: "tor" } }] },
      },
    },
    {
      name: "What would it have found",
      query: `query Preview($input: AlertRulePreviewInput!) {
  alertRulePreview(input: $input) {
    preview { eventsRead detectionCount incidentCount incidentsPerDay { day incidents } alertsPerDay { day channel alerts } }
    ${errors}
  }
}`,
      variables: { input: { yaml: rule, range: lastDays } },
    },
    {
      name: "Except this",
      query: `mutation Except($input: AlertRuleExceptionCreateInput!) {
  alertRuleExceptionCreate(input: $input) { alertRuleException { id name expiresAt } ${errors} }
}`,
      variables: {
        input: {
          ruleId: "<rule id>",
          name: "The scanner on Tuesdays",
          reason: "Our own vulnerability scanner.",
          yaml: "filter:\n  selection: { source.ip: 203.0.113.9 }\n  condition: not selection\n",
        },
      },
    },
    {
      name: "What ATT&CK says we miss",
      query: `query Coverage {
  attackCoverage { attackVersion tactics { name detections techniques { name } } }
}`,
    },
  ],
  "Who saw this patient": [
    {
      name: "Reads of one patient",
      query: `# What monitored applications reported. Needs leave to read patients' data; each use is audited.
query OfPatient($patient: String!) {
  securityEvents(first: 50, filter: { patientId: { eq: $patient } }) { nodes { time actorName action sourceIp outcome } }
}`,
      variables: { patient: "p-1001" },
    },
    {
      name: "Who looked here, in Vigil",
      query: `query Access($patient: String!) {
  accessReport(patientId: $patient) { count actorCount reads { at actor purpose operation } }
}`,
      variables: { patient: "p-1001" },
    },
    {
      name: "How much each role opens",
      query: `query ByRole($range: TimeRangeInput!) {
  phiAccessByRole(range: $range) { role users patients medianPerUserDay p90PerUserDay outsideShare }
}`,
      variables: { range: lastDays },
    },
  ],
  Respond: [
    {
      name: "Whom would it hit",
      query: `query Blast($input: ResponsePreviewInput!) {
  responsePreview(input: $input) { target scope users sessions requests needsApproval refusal }
}`,
      variables: { input: { type: "BLOCK_IP", target: "203.0.113.7" } },
    },
    {
      name: "Try it first",
      query: `# A dry run: says what would become of it. Without dryRun, it is done.
mutation Respond($id: ID!, $input: IncidentRespondInput!) {
  incidentRespond(id: $id, input: $input) { outcome refusal action { id status } ${errors} }
}`,
      variables: {
        id: "<incident id>",
        input: { type: "BLOCK_IP", target: "203.0.113.7", ttl: "PT1H", reason: "It guesses passwords", dryRun: true },
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
      variables: { matchers: [{ field: "SUBJECT", operator: "EQUALS", value: "ada" }] },
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

export const library: readonly ReadyOperation[] = Object.entries(jobs).flatMap(([job, operations]) =>
  operations.map((operation) => ({ job, ...operation, query: laidOut(operation.query) })),
);

/** A field a line, behind the comments it begins with. */
function laidOut(query: string): string {
  const comments = query.split("\n").filter((line) => line.startsWith("#"));
  return [...comments, print(parse(query))].join("\n");
}
