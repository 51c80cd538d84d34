/** Looking for what no rule found. */
import { type Ready, rule } from "./ready.ts";

export const hunt: readonly Ready[] = [
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
];
