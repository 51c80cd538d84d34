/**
 * Operations that are ready to run, by what somebody wants to do. In variables `<incident id>` and the like stand for what
 * the organization has: `examplesOf` finds it. Each is validated and run by test/server/graphiql.test.ts.
 */
import { parse, print } from "graphql";
import { actJobs } from "./library-act.ts";
import type { ReadyOperation } from "./ready-operation.ts";
import { errors, failedLogin, lastDays, row } from "./shared-parts.ts";

/** What `<…>` in variables stands for: the document that finds all of it. */
export const examplesQuery = `query Examples {
  incidents(first: 1) { nodes { id number subjects { kind key } } }
  alertRules(first: 1) { nodes { id } }
  alertChannels { id }
  users: entities(first: 1, filter: { kind: { eq: USER } }, orderBy: [{ field: RISK, direction: DESC }]) { nodes { key } }
  addresses: entities(first: 1, filter: { kind: { eq: ADDRESS } }, orderBy: [{ field: LAST_SEEN, direction: DESC }]) { nodes { key } }
}`;

/** Incidents of which an answer has the id alone: the dashboard's pages go by their numbers. */
export const numbersQuery = "query Numbers($ids: [ID!]!) { nodes(ids: $ids) { ... on Incident { number } } }";

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
      variables: { ip: "<address>" },
    },
    {
      name: "What a user did",
      query: `query OfUser($name: String!) {
  securityEvents(first: 50, filter: { actorName: { eq: $name } }, orderBy: [{ field: TIME, direction: DESC }]) {
    nodes { time action outcome sourceIp userAgent targetType targetId sessionId }
  }
}`,
      variables: { name: "<user>" },
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
};

export const library: readonly ReadyOperation[] = Object.entries({ ...jobs, ...actJobs }).flatMap(([job, operations]) =>
  operations.map((operation) => ({ job, ...operation, query: laidOut(operation.query) })),
);

/** A field a line, behind the comments it begins with. */
function laidOut(query: string): string {
  const comments = query.split("\n").filter((line) => line.startsWith("#"));
  return [...comments, print(parse(query))].join("\n");
}
