/** Looking through what came in. */
import { errors, type Ready, rule } from "./ready.ts";

const row = "number title severity status threatScore openedAt detectionCount subjects { kind key } rule { name }";

export const triage: readonly Ready[] = [
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
];
