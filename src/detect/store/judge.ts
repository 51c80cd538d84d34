/** One text -> one rule that can run beside those there are, or an error that tells every fault. */
import { VigilError } from "../../errors.ts";
import { compileRules } from "../compile.ts";
import { correlationFaults } from "../sigma/correlation-faults.ts";
import { fieldFaults } from "../sigma/field-faults.ts";
import { parseSigma } from "../sigma/parse.ts";
import { parseOnce } from "../sigma/parse-once.ts";
import { countedAmong, leftWithout, namesOf } from "./counted.ts";
import { type KnownRule, type LoadedRules, referenceOf } from "./known.ts";
import { beyondMost } from "./most.ts";
import { storedOf } from "./plan.ts";
import { refuseAll } from "./refused.ts";
import { isStorable, type RuleDocument, type RuleDraft } from "./write.ts";

/** A text that is one rule's or one exception's says nothing of settings. */
export const ownSettings = {
  path: "vigil",
  message: "settings are fields of the input; alertRulesImport reads this part",
};

/** The one rule of a text. One that is new may have no misspelt fields; one that is stored has been taken already. */
export function readRule(yaml: string, { isNew }: { isNew: boolean }): RuleDocument {
  const { documents, errors } = parseSigma(yaml);
  if (errors.length > 0) throw refuseAll(errors);
  const [document, another] = documents;
  if (another)
    throw refuseAll([{ line: another.line, message: "a rule is one document; alertRulesImport takes several" }]);
  if (!document || document.kind === "FILTER")
    throw refuseAll([{ message: "this is a filter; alertRuleExceptionCreate takes those" }]);
  if (document.vigil) throw refuseAll([ownSettings]);
  if (!isStorable(document)) throw refuseAll([{ message: "texts hold neither U+0000 nor halves of surrogate pairs" }]);
  const unknown = isNew ? fieldFaults(document) : [];
  if (unknown.length > 0) throw refuseAll(unknown);
  return document;
}

/** Throws what keeps the draft from running, or what it would leave other rules without. `isNew`: its text was not stored before. */
export function judge(
  { rules, placeholders }: LoadedRules,
  draft: RuleDraft & { before?: KnownRule | undefined },
  { mayWait, isNew }: { mayWait: boolean; isNew: boolean },
): void {
  const { document, before, id, settings } = draft;
  const others = rules.filter((rule) => rule.id !== id);
  const reference = referenceOf(document);
  const twin = others.find((rule) => rule.reference === reference);
  if (twin) {
    const message = `There is a rule \`${reference}\` already: ${twin.name}`;
    throw new VigilError("CONFLICT", message, { path: ["input", "yaml"], detail: { id: twin.id } });
  }
  if (before) checkCounted(others, before, [document.name, document.sigmaId], settings.mode);
  if (isNew) {
    const counted = countedAmong(others.flatMap(({ yaml }) => parseOnce(yaml).documents));
    const unknown = correlationFaults(document, counted);
    if (unknown.length > 0) throw refuseAll(unknown);
  }
  const { errors, expressions } = compileRules([...others, storedOf(draft)], { placeholders });
  const faults = errors.filter(({ ruleId, waiting }) => ruleId === id && !(mayWait && waiting));
  if (faults.length > 0) throw refuseAll(faults.map(({ message }) => ({ message })));
  const tooMuch = beyondMost(others, [draft], expressions).get(draft);
  if (tooMuch !== undefined) throw refuseAll([{ message: tooMuch }]);
}

/** Refuses a change that leaves a correlation without what it counts. */
export function checkCounted(
  others: readonly KnownRule[],
  before: KnownRule,
  after: readonly (string | undefined)[],
  mode: RuleDraft["settings"]["mode"],
): void {
  const correlations = others.filter(({ kind }) => kind === "CORRELATION");
  const names = after.filter((name) => name !== undefined);
  const without = leftWithout(correlations, { before: namesOf(before.yaml), after: names, mode });
  if (without) throw new VigilError("CONFLICT", `This cannot be done: ${without}`, { path: ["input"] });
}
