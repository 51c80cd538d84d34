/** From a draft to a rule that says no more than it should. */
import { errors, failedLogin, lastDays, type Ready, rule } from "./ready.ts";

export const tune: readonly Ready[] = [
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
];
