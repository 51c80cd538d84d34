/** A trial's rules, made to see only the trial's own events, so that many trials can share one organization. */
import { randomUUID } from "node:crypto";
import { type Document, isMap, isScalar, isSeq, parseAllDocuments, type YAMLMap } from "yaml";
import { parseSigma } from "../../src/detect/sigma/parse.ts";

/** The attribute by which an event says which trial it belongs to. */
export const caseField = "conformance.case";

/**
 * The documents, each with the marker before its title and its name, another id, references that follow, and a condition
 * that asks for the marker too. What is no YAML map is left as it is: it is refused anyway.
 */
export function markRules(yaml: string, marker: string): string[] {
  // Large numbers stay exact.
  const documents = parseAllDocuments(inFull(yaml), { intAsBigInt: true, strict: false, uniqueKeys: false });
  if (!Array.isArray(documents) || documents.some(({ errors }) => errors.length > 0)) return [yaml];
  const maps = documents.filter((document) => isMap(document.contents)) as Document<YAMLMap>[];
  const names = new Map<string, string>();
  for (const document of maps) {
    const { title, name, id } = document.toJS() as Record<string, unknown>;
    if (typeof title === "string") names.set(title, `${marker} ${title}`);
    if (typeof name === "string") names.set(name, `${marker}_${name}`.replaceAll(/[^\w.-]/g, "_"));
    if (typeof id === "string") names.set(id, randomUUID());
  }
  bindAny(maps);
  for (const document of maps) mark(document, marker, names);
  return documents.map((document) => document.toString({ lineWidth: 0, directives: false }).replace(/^---\n/, ""));
}

/** Trials share a text, so what is global in one of them is written into its rules. */
function inFull(yaml: string): string {
  const { documents, errors } = /^action\s*:/m.test(yaml) ? parseSigma(yaml) : { documents: [], errors: [] };
  return documents.length === 0 || errors.length > 0 ? yaml : documents.map((one) => one.yaml).join("\n---\n");
}

/** A filter on any rule is one on every rule of its trial. */
function bindAny(documents: readonly Document<YAMLMap>[]): void {
  const rules = documents.filter((document) => document.has("detection"));
  const references = rules.map((document) => document.get("name") ?? document.get("id") ?? document.get("title"));
  for (const document of documents) {
    const named = document.getIn(["filter", "rules"]);
    if (named === "any" || (isSeq(named) && named.items.length === 0))
      document.setIn(["filter", "rules"], document.createNode(references));
  }
}

function mark(document: Document<YAMLMap>, marker: string, names: ReadonlyMap<string, string>): void {
  document.set("title", `${marker} ${document.get("title") ?? ""}`);
  for (const key of ["name", "id"]) {
    const renamed = names.get(String(document.get(key)));
    if (renamed !== undefined) document.set(key, renamed);
  }
  for (const path of [
    ["correlation", "rules"],
    ["filter", "rules"],
  ])
    rename(document, path, names);
  renameAliases(document, names);
  const condition = document.getIn(["correlation", "condition"]);
  if (typeof condition === "string")
    document.setIn(
      ["correlation", "condition"],
      condition.replaceAll(/[\w.-]+/g, (word) => names.get(word) ?? word),
    );
  if (document.has("filter")) return; // bound to rules that are marked themselves
  if (!isMap(document.get("detection"))) return;
  markCondition(document);
  document.setIn(["detection", "_case"], { [caseField]: marker }); // `them` leaves out what begins with _
}

function rename(document: Document, path: string[], names: ReadonlyMap<string, string>): void {
  const rules = document.getIn(path);
  if (typeof rules === "string") document.setIn(path, names.get(rules) ?? rules);
  if (!isSeq(rules)) return;
  for (const [n, item] of rules.items.entries()) {
    const renamed = isScalar(item) ? names.get(String(item.value)) : undefined;
    if (renamed !== undefined) document.setIn([...path, n], renamed);
  }
}

function renameAliases(document: Document, names: ReadonlyMap<string, string>): void {
  const aliases = document.getIn(["correlation", "aliases"]);
  if (!isMap(aliases)) return;
  for (const { value } of aliases.items) {
    if (!isMap(value)) continue;
    for (const pair of value.items) {
      const renamed = names.get(String(pair.key));
      if (renamed !== undefined) pair.key = document.createNode(renamed);
    }
  }
}

function markCondition(document: Document): void {
  const path = ["detection", "condition"];
  const condition = document.getIn(path);
  if (typeof condition === "string") document.setIn(path, `(${condition}) and _case`);
  if (!isSeq(condition)) return;
  for (const [n, item] of condition.items.entries())
    if (isScalar(item)) document.setIn([...path, n], `(${String(item.value)}) and _case`);
}
