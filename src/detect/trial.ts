/**
 * What must run together to try a rule: the draft itself, every correlation that counts it (a change of the one changes
 * what the other finds), and every rule that one of these counts.
 */
import { VigilError } from "../errors.ts";
import { compileRules } from "./compile.ts";
import type { RuleMode, StoredRule } from "./detection.ts";
import { correlationFaults } from "./sigma/correlation-faults.ts";
import type { FilterDocument, ParsedDocument } from "./sigma/document.ts";
import { fieldFaults } from "./sigma/field-faults.ts";
import { parseSigma } from "./sigma/parse.ts";
import { parseOnce } from "./sigma/parse-once.ts";
import { countedAmong } from "./store/counted.ts";
import { type FilterPlan, planFilters } from "./store/filter-plan.ts";
import { freeId, type KnownRule, type LoadedRules, referenceOf, storedFor } from "./store/known.ts";
import type { RuleDocument } from "./store/write.ts";

export interface TrialRequest {
  organizationId: string;
  /** The rules as they are stored. */
  loaded: Pick<LoadedRules, "rules" | "placeholders" | "timeZone">;
  /**
   * Exceptions that are in force at this moment (epoch ms) count for all of history, and no others: so it is found what
   * the rule would find from now on. Absent: each counts for its own time.
   */
  exceptionsAt?: number | undefined;
  /** The rule to try. With `yaml`: the rule that the text, of one document, is a draft of. */
  ruleId?: string | undefined;
  /**
   * Drafts. One whose name, id or title is that of a stored rule stands in for it. Filters are draft exceptions of the
   * rules that they name, drafts or stored; with `ruleId` they may be all there is.
   */
  yaml?: string | undefined;
  /** What the tried rules may do. Default: ACTIVE, so that a rule can be tried before it is. */
  mode?: RuleMode | undefined;
}

export interface Trial {
  /** The tried rules, in the order of the text. */
  tried: { id: string; document: ParsedDocument }[];
  /** Whose detections the trial is about: the tried rules, and the correlations that count them. */
  watched: ReadonlySet<string>;
  /** Everything that is to be compiled together. */
  rules: StoredRule[];
  /** The same rules as they are stored, with those switched on that are tried. */
  stored: StoredRule[];
  /** What keeps rules of the trial from running. */
  faults: readonly { ruleId: string; message: string }[];
  /** The lists that rules refer to by name. */
  placeholders: LoadedRules["placeholders"];
  timeZone: string;
  /** What people call a rule of the trial. */
  nameOf(ruleId: string): string;
  /** The reference of a rule of the trial, as routes match it. */
  referenceOf(ruleId: string): string;
}

type Parsed = StoredRule & { document: ParsedDocument };

/** Throws BAD_USER_INPUT or NOT_FOUND, naming the document, line and path of every fault. */
export function prepareTrial(request: TrialRequest): Trial {
  const { organizationId, loaded, exceptionsAt, ruleId, yaml, mode = "ACTIVE" } = request;
  const { placeholders, timeZone } = loaded;
  const known = exceptionsAt === undefined ? loaded.rules : loaded.rules.map((rule) => asOf(rule, exceptionsAt));
  const before = ruleId === undefined ? undefined : known.find(({ id }) => id === ruleId);
  if (ruleId !== undefined && !before) throw new VigilError("NOT_FOUND", "There is no such rule", { path: ["input"] });
  if (yaml === undefined && !before) throw refuse("Give a rule's id, or Sigma as yaml, or both");
  const { rules: written, filters } = parseAll(yaml ?? "", before);
  const documents = written.length > 0 ? written : parseAll((before as KnownRule).yaml).rules;
  if (before && documents.length !== 1) throw refuse("A draft of one rule is one document");
  const stored = storedFor(documents, known);
  const taken = new Set(known.map(({ id }) => id));
  const drafts = documents.map((document): Parsed => {
    const same = before ?? stored.get(document);
    const id = same?.id ?? freeId(referenceOf(document), organizationId, taken);
    return { ...same, id, revision: (same?.revision ?? 0) + 1, mode, yaml: document.yaml, document };
  });
  const twice = drafts.find(({ id }, index) => drafts.findIndex((other) => other.id === id) !== index);
  if (twice) throw refuse(`Two of the documents are drafts of one rule: ${twice.document.title}`);
  const watched = new Set(drafts.map(({ id }) => id));
  const all: StoredRule[] = [...drafts, ...known.filter(({ id }) => !watched.has(id))];
  refuseMisspelt(drafts, known);
  const correlations = all.flatMap((rule) => (/correlation/.test(rule.yaml) ? parsedOf(rule) : []));
  // A draft may have lost the name by which a stored correlation counts it, so both versions' names are followed.
  spread(watched, correlations, [...drafts, ...known.filter(({ id }) => watched.has(id)).flatMap(parsedOf)]);
  const needed = withCounted(all, watched);
  const beside = withCounted(known, new Set([...watched, ...needed.map(({ id }) => id)]));
  const others = beside.map((rule) => (drafts.some(({ id }) => id === rule.id) ? { ...rule, mode } : rule));
  const tried = drafts.map(({ id, document }) => ({ id, document }));
  const rules = withExceptions(needed.map(plain), exceptionsOf(filters, all.flatMap(parsedOf)));
  const { errors } = compileRules(rules, { placeholders });
  const nameOf = (id: string) => all.filter((rule) => rule.id === id).flatMap(parsedOf)[0]?.document.title ?? id;
  const references = new Map<string, string>(known.map(({ id, reference }) => [id, reference]));
  for (const { id, document } of drafts) references.set(id, referenceOf(document));
  return {
    ...{ tried, watched, rules, stored: others, faults: errors, placeholders, timeZone, nameOf },
    referenceOf: (id) => references.get(id) ?? "",
  };
}

/** What could not be stored for a misspelt field is not tried either: it would only be silent. */
function refuseMisspelt(drafts: readonly Parsed[], known: readonly KnownRule[]): void {
  const others = known.filter(({ id }) => drafts.every((draft) => draft.id !== id));
  const counted = countedAmong([
    ...drafts.map(({ document }) => document),
    ...others.flatMap(({ yaml }) => parseOnce(yaml).documents),
  ]);
  const isStored = ({ id, yaml }: Parsed) => known.some((rule) => rule.id === id && rule.yaml === yaml);
  const faults = drafts
    .filter((draft) => !isStored(draft))
    .flatMap(({ document }) =>
      [...fieldFaults(document), ...correlationFaults(document, counted)].map(({ line, path, message }) => ({
        ...{ document: document.document, line, message: `${path}: ${message}` },
      })),
    );
  if (faults.length > 0) throw refuseDocuments(faults);
}

/** Adds the correlations that count one of these, and those that count them in turn. */
function spread(watched: Set<string>, correlations: readonly Parsed[], counted: readonly Parsed[]): void {
  const names = new Set(counted.flatMap(({ document }) => namesOf(document)));
  for (let size = -1; size !== names.size; ) {
    size = names.size;
    for (const { id, document } of correlations) {
      if (document.kind !== "CORRELATION" || !document.body.rules.some((name) => names.has(name))) continue;
      watched.add(id);
      for (const name of namesOf(document)) names.add(name);
    }
  }
}

/** The chosen rules with all that they count. */
function withCounted(rules: readonly StoredRule[], chosen: ReadonlySet<string>): StoredRule[] {
  const found = new Map(rules.filter(({ id }) => chosen.has(id)).map((rule) => [rule.id, rule]));
  const waiting = [...found.values()];
  for (let rule = waiting.pop(); rule; rule = waiting.pop()) {
    const [parsed] = parsedOf(rule);
    if (parsed?.document.kind !== "CORRELATION") continue;
    for (const name of parsed.document.body.rules)
      for (const other of rules)
        if (!found.has(other.id) && other.yaml.includes(name) && parsedOf(other).some((one) => isCalled(one, name))) {
          found.set(other.id, other);
          waiting.push(other);
        }
  }
  return rules.filter(({ id }) => found.has(id));
}

function asOf(rule: KnownRule, moment: number): KnownRule {
  const { exceptions = [], ...rest } = rule;
  const inForce = exceptions.filter(({ from, until = Number.POSITIVE_INFINITY }) => from <= moment && moment < until);
  return inForce.length === 0 ? rest : { ...rest, exceptions: inForce.map(({ id, yaml }) => ({ id, yaml, from: 0 })) };
}

const isCalled = ({ document }: Parsed, name: string): boolean => namesOf(document).includes(name);
const namesOf = ({ name, sigmaId }: ParsedDocument): string[] => [name, sigmaId].filter((one) => one !== undefined);
const plain = ({ document: _, ...rule }: StoredRule & { document?: ParsedDocument }): StoredRule => rule;

function parsedOf(rule: StoredRule & { document?: ParsedDocument }): Parsed[] {
  const document = rule.document ?? parseOnce(rule.yaml).documents[0];
  return document ? [{ ...rule, document }] : [];
}

interface Written {
  rules: RuleDocument[];
  filters: FilterDocument[];
}

function parseAll(yaml: string, before?: KnownRule): Written {
  if (yaml === "" && before) return { rules: [], filters: [] };
  const { documents, errors } = parseSigma(yaml);
  const filters = documents.filter((one) => one.kind === "FILTER");
  const rules = documents.filter((one) => one.kind !== "FILTER");
  if (errors.length > 0)
    throw refuseDocuments(
      errors.map((error) => ({ ...error, message: `${error.path && `${error.path}: `}${error.message}` })),
    );
  if (rules.length === 0 && !before)
    throw refuse("a filter alone is no rule; alertRuleExceptionPreview tries it", ["input", "yaml"]);
  return { rules, filters };
}

function exceptionsOf(filters: readonly FilterDocument[], rules: readonly Parsed[]): FilterPlan[] {
  const faults: Place[] = [];
  const sources = filters.map((document) => ({ document, source: document }));
  const plans = planFilters(
    sources,
    rules.flatMap(({ id, document }) => (document.kind === "FILTER" ? [] : [{ id, document }])),
    (source, _code, message) => faults.push({ ...source, message }),
    Number.NEGATIVE_INFINITY, // tried over all of history, whenever they end
  );
  if (faults.length > 0) throw refuseDocuments(faults);
  return plans;
}

/** The rules with the draft exceptions, which count for all of history. */
function withExceptions(rules: readonly StoredRule[], plans: readonly FilterPlan[]): StoredRule[] {
  return rules.map((rule) => {
    const drafts = plans.filter(({ ruleIds }) => ruleIds.includes(rule.id));
    if (drafts.length === 0) return rule;
    const added = drafts.map(({ document }) => ({ id: document.title, yaml: document.yaml, from: 0 }));
    return { ...rule, exceptions: [...(rule.exceptions ?? []), ...added] };
  });
}

interface Place {
  document: number;
  line: number;
  message: string;
}

function refuseDocuments(faults: readonly Place[]): VigilError {
  const told = faults.map(({ document, line, message }) => `document ${document + 1}, line ${line}: ${message}`);
  return refuse(told.slice(0, 20).join("; "), ["input", "yaml"]);
}

function refuse(message: string, path = ["input"]): VigilError {
  return new VigilError("BAD_USER_INPUT", message, { path });
}
