/** Acting, and taking it back. */
import { errors, type Ready } from "./ready.ts";

export const respond: readonly Ready[] = [
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
];
