import type { ResponseConditionsInput, ResponseRuleRowFragment } from "../../generated/graphql.ts";
import { durationText, secondsOf } from "../../parts/duration.ts";
import { responseWords } from "../../words/response.ts";
import { words as shared } from "../../words.ts";

const words = responseWords.rules;

/** The conditions as `responseRuleCreate` takes them: the API answers them as JSON. */
export function conditionsOf(json: unknown): ResponseConditionsInput {
  return (json ?? {}) as ResponseConditionsInput;
}

/** On which incidents a rule acts, in a line. */
export function conditionsText(json: unknown): string {
  const { severityAtLeast, severityAtMost, scoreAtLeast, scoreAtMost, ...rest } = conditionsOf(json);
  const said: string[] = [];
  if (severityAtLeast && severityAtLeast === severityAtMost) said.push(shared.severity[severityAtLeast]);
  else if (severityAtLeast) said.push(words.severityAtLeast(shared.severity[severityAtLeast]));
  if (severityAtMost && severityAtMost !== severityAtLeast)
    said.push(words.severityAtMost(shared.severity[severityAtMost]));
  if (typeof scoreAtLeast === "number") said.push(words.scoreAtLeast(scoreAtLeast));
  if (typeof scoreAtMost === "number") said.push(words.scoreAtMost(scoreAtMost));
  if (rest.rules?.length) said.push(words.ofRules(rest.rules.join(", ").replaceAll("_", " ")));
  if (rest.tags?.length) said.push(words.ofTags(rest.tags.join(", ")));
  if (rest.subjectKinds?.length) said.push(words.ofSubjects(rest.subjectKinds.join(", ").toLowerCase()));
  if (rest.earlierIncidentsAtLeast) said.push(words.earlier(rest.earlierIncidentsAtLeast));
  if (rest.times)
    said.push(words.atTimes((rest.times.days ?? []).join(", "), rest.times.from ?? "", rest.times.to ?? ""));
  return said.length === 0 ? words.always : said.join(" · ");
}

/** One action of a rule in words. */
export function actionText({ type, ttl, approval, target }: ResponseRuleRowFragment["actions"][number]): string {
  const time = type === "NOTIFY_ADMIN" ? "" : words.forTime(durationText(ttl ? secondsOf(ttl) : 3_600));
  const at = target ? words.onTargets(target.toLowerCase()) : "";
  return `${shared.actionType[type]}${at}${time}${approval ? words.withApproval : ""}`;
}
