/** Access to a patient's records, and its proof. */
import { lastDays, type Ready } from "./ready.ts";

export const patient: readonly Ready[] = [
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
];
