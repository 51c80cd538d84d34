/** Sigma texts and the rules there are -> what an import would make of them. Pure: nothing is stored here. */
import { compileRules } from "../compile.ts";
import type { RuleMode } from "../detection.ts";
import { correlationFaults } from "../sigma/correlation-faults.ts";
import type { ParsedDocument } from "../sigma/document.ts";
import { fieldFaults } from "../sigma/field-faults.ts";
import { parseOnce } from "../sigma/parse-once.ts";
import { countedAmong, leftWithout, namesOf } from "./counted.ts";
import { type FilterPlan, planFilters } from "./filter-plan.ts";
import { freeId, type KnownRule, type LoadedRules, referenceOf, storedFor } from "./known.ts";
import { beyondMost } from "./most.ts";
import { isStorable, type RuleDocument, type RuleDraft } from "./write.ts";

export interface SigmaText {
  /** Where it is from, for messages. */
  file?: string;
  yaml: string;
  /** Instead of the import's. */
  mode?: RuleMode;
}

export interface Rejection {
  file?: string;
  /** Its place in the text, from 0. */
  document: number;
  /** From 1. */
  line: number;
  code: string;
  message: string;
}

export type ImportDraft = RuleDraft & { before: KnownRule | undefined; source: Source };

export interface ImportPlan {
  rules: ImportDraft[];
  filters: FilterPlan[];
  rejected: Rejection[];
  /** Correlations that are taken in and wait for rules which are not there. */
  waiting: Rejection[];
}

export interface Source {
  file?: string;
  document: number;
  line: number;
}

interface Request {
  organizationId: string;
  loaded: LoadedRules;
  /** Ids of rules that were removed. */
  removed: ReadonlySet<string>;
  mode: RuleMode;
  builtin: boolean;
  /** Epoch ms. */
  now: number;
}

export function planImport(texts: readonly SigmaText[], request: Request): ImportPlan {
  const rejected: Rejection[] = [];
  const read: Read[] = [];
  for (const { file, yaml, mode = request.mode } of texts) {
    const { documents, errors } = parseOnce(yaml);
    for (const { document, line, code, path, message } of errors)
      rejected.push({ ...(file && { file }), document, line, code, message: path ? `${path}: ${message}` : message });
    for (const document of documents)
      read.push({
        document,
        mode,
        source: { ...(file && { file }), document: document.document, line: document.line },
      });
  }
  const refuse = (source: Source, code: string, message: string) => rejected.push({ ...source, code, message });
  const drafts = draftsOf(read, request, refuse);
  const { rules, waiting } = sound(drafts, request, refuse);
  const filters = planFilters(
    read.flatMap(({ document, source }) => (document.kind === "FILTER" ? [{ document, source }] : [])),
    [...rules, ...request.loaded.rules.filter(({ id }) => !rules.some((rule) => rule.id === id))],
    refuse,
    request.now,
  );
  const place = ({ file = "", document, line }: Rejection) => [file, document, line] as const;
  rejected.sort((one, other) => {
    const [a, b] = [place(one), place(other)];
    return a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : a[1] - b[1] || a[2] - b[2];
  });
  return { rules, filters, rejected, waiting };
}

interface Read {
  document: ParsedDocument;
  source: Source;
  mode: RuleMode;
}

type Refuse = (source: Source, code: string, message: string) => unknown;

function draftsOf(read: Read[], request: Request, refuse: Refuse) {
  const { loaded, removed, builtin, organizationId } = request;
  // What comes with Vigil takes no rule by its id alone.
  const known = storedFor(
    read.map(({ document }) => document),
    loaded.rules,
    !builtin,
  );
  const taken = new Set([...removed, ...loaded.rules.map(({ id }) => id)]);
  const correlations = loaded.rules.filter(({ kind }) => kind === "CORRELATION");
  const rewritten = new Set([...known.values()].map(({ id }) => id));
  const others = correlations.filter(({ id }) => !rewritten.has(id));
  const counted = countedAmong([
    ...read.map(({ document }) => document),
    ...loaded.rules.flatMap(({ id, yaml }) => (rewritten.has(id) ? [] : parseOnce(yaml).documents)),
  ]);
  const drafts = new Map<string, ImportDraft>();
  for (const { document, source, mode: given } of read) {
    if (document.kind === "FILTER") continue;
    const reference = referenceOf(document);
    const mode = document.vigil?.mode ?? given;
    const twin = drafts.get(reference);
    const before = known.get(document);
    if (twin) {
      const where = twin.source.file ? `${twin.source.file}, line ${twin.source.line}` : `line ${twin.source.line}`;
      refuse(source, "DUPLICATE", `the rule \`${reference}\` stands at ${where} already`);
      continue;
    }
    if (!isStorable(document)) {
      refuse(source, "INVALID", "texts hold neither U+0000 nor halves of surrogate pairs");
      continue;
    }
    const unknown =
      before?.yaml === document.yaml ? [] : [...fieldFaults(document), ...correlationFaults(document, counted)];
    for (const { line, path, message } of unknown) refuse({ ...source, line }, "INVALID", `${path}: ${message}`);
    if (unknown.length > 0) continue;
    const names = before ? namesOf(before.yaml) : [];
    const after = [document.name, document.sigmaId].filter((name) => name !== undefined);
    const without = leftWithout(others, { before: names, after, mode });
    if (without) refuse(source, "CONFLICT", without);
    else {
      const id = before?.id ?? freeId(reference, organizationId, taken);
      taken.add(id);
      drafts.set(reference, {
        ...{ id, revision: (before?.revision ?? 0) + 1, document, source },
        ...{ before, builtin: before?.builtin ?? builtin, settings: { ...(document.vigil ?? before?.settings), mode } },
      });
    }
  }
  return [...drafts.values()];
}

/** Those that compile together with the rules that stay; a rule that falls may take others along, so again until none does. */
function sound(drafts: ImportDraft[], { loaded, builtin }: Request, refuse: Refuse) {
  for (let rules = drafts; ; ) {
    const byId = new Map(rules.map((draft) => [draft.id, draft]));
    const others = loaded.rules.filter(({ id }) => !byId.has(id));
    const { errors, expressions } = compileRules([...others, ...rules.map(storedOf)], {
      placeholders: loaded.placeholders,
    });
    const ours = errors.flatMap(({ ruleId, ...rest }) => {
      const draft = byId.get(ruleId);
      return draft ? [{ ...rest, draft }] : [];
    });
    const faults = ours.filter(({ waiting }) => !waiting);
    const isSound = faults.length === 0;
    const beyond = isSound && !builtin ? beyondMost(others, rules, expressions) : new Map<ImportDraft, string>();
    if (isSound && beyond.size === 0) {
      const waiting = ours.map(({ draft, message }) => ({ ...draft.source, code: "WAITING", message }));
      return { rules, waiting };
    }
    for (const { draft, message } of faults) refuse(draft.source, "INVALID", message);
    for (const [draft, message] of beyond) refuse(draft.source, "UNSUPPORTED", message);
    const bad = new Set([...faults.map(({ draft }) => draft), ...beyond.keys()]);
    rules = rules.filter((draft) => !bad.has(draft));
  }
}

/** A draft as detection will have it. */
export function storedOf(
  draft: { id: string; revision: number; settings: RuleDraft["settings"]; document: RuleDocument } & {
    before?: KnownRule | undefined;
  },
) {
  const { id, revision, settings, document, before } = draft;
  const { references: _references, ...set } = settings;
  return { id, revision, yaml: document.yaml, ...set, ...(before?.exceptions && { exceptions: before.exceptions }) };
}
