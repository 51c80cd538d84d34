/** Who was told, and why not. */
import { errors, type Ready } from "./ready.ts";

export const alerts: readonly Ready[] = [
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
];
