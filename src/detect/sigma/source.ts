/** YAML text -> one plain value per document, each with a way to say on which line a path is written. */
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node } from "yaml";
import type { RuleError, RuleErrorCode } from "./document.ts";
import { readYaml, TooDeep } from "./yaml-text.ts";

export type Path = readonly (string | number)[];
/** Records one error at a path. Parsing goes on where it can, so that one save shows every fault. */
export type Report = (path: Path, code: RuleErrorCode, message: string) => void;

export interface SourceDocument {
  index: number;
  line: number;
  text: string;
  value: unknown;
  report: Report;
}

export const maxSourceLength = 1_000_000; // characters; the largest published rule is under 100 kB
const maxAliasCount = 100; // aliases x what they expand to; stops "billion laughs" documents

export function readSource(yaml: string, errors: RuleError[]): SourceDocument[] {
  const refuse = (document: number, line: number, message: string) =>
    errors.push({ document, line, path: "", code: "INVALID", message });
  if (yaml.length > maxSourceLength) {
    refuse(0, 1, `the text is longer than ${maxSourceLength} characters; split it`);
    return [];
  }
  const lines = new LineCounter();
  let parsed: Document.Parsed[];
  try {
    parsed = readYaml(yaml, { version: "1.2", intAsBigInt: true }, lines);
  } catch (error) {
    if (!(error instanceof TooDeep)) throw error;
    refuse(0, error.line, error.message);
    return [];
  }
  const found: SourceDocument[] = [];
  for (const [index, document] of parsed.entries()) {
    const start = lines.linePos(document.contents?.range?.[0] ?? document.range[0]).line || 1;
    for (const error of document.errors) refuse(index, lines.linePos(error.pos[0]).line || start, error.message);
    if (document.errors.length > 0 || document.contents === null) continue;
    try {
      const value: unknown = document.toJS({ maxAliasCount });
      if (value === null) continue;
      const report: Report = (path, code, message) =>
        errors.push({
          document: index,
          line: lineOf(document, path, lines) || start,
          path: path.join("."),
          code,
          message,
        });
      found.push({ index, line: start, text: textOf(yaml, document, index), value, report });
    } catch (error) {
      refuse(index, start, error instanceof Error ? error.message : "not readable");
    }
  }
  if (found.length === 0 && errors.length === 0) refuse(0, 1, "there is no rule in the text");
  return found;
}

/** With the comments above it, which for the first document lie outside its range. */
function textOf(yaml: string, document: Document.Parsed, index: number): string {
  const text = yaml.slice(index === 0 ? 0 : document.range[0], document.range[2]);
  return `${text
    .replace(/^((?:[ \t]*(?:#.*)?\r?\n)*)---[ \t]*\r?\n?/, "$1")
    .replace(/\n(---|\.\.\.)\s*$/, "\n")
    .trimEnd()}\n`;
}

/** The line of the deepest part of the path that exists: for a map entry its key, for a list item the item. */
function lineOf(document: Document.Parsed, path: Path, lines: LineCounter): number {
  let node: unknown = document.contents;
  let line = 0;
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(document);
    let next: unknown;
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value ?? "") === String(step));
      if (isScalar(pair?.key) && pair.key.range) line = lines.linePos(pair.key.range[0]).line;
      next = pair?.value;
    } else if (isSeq(node)) {
      next = node.items[Number(step)];
      const range = (next as Node | undefined)?.range;
      if (range) line = lines.linePos(range[0]).line;
    }
    if (next === undefined || next === null) break;
    node = next;
  }
  return line;
}
