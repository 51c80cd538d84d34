/**
 * The rules that come with Vigil: one Sigma document per file below `rules/`, in a folder per topic, and one rule for each
 * behaviour detector.
 */
import { readdirSync, readFileSync } from "node:fs";
import { builtinBehaviour } from "./behaviour/builtin.ts";
import type { RuleMode } from "./detection.ts";
import type { ParsedDocument } from "./sigma/document.ts";
import { parseOnce } from "./sigma/parse-once.ts";

export interface BuiltinRule {
  /** e.g. `authentication/brute-force-account.yml` */
  file: string;
  yaml: string;
  document: ParsedDocument;
  /** In which it starts. Absent: ACTIVE. */
  mode?: RuleMode;
}

type BuiltinText = Omit<BuiltinRule, "document">;

let texts: readonly BuiltinText[] | undefined;
let known: readonly BuiltinRule[] | undefined;

/** Read once: the files do not change while Vigil runs, and every organization asks for them. */
export function builtinRules(): readonly BuiltinRule[] {
  known ??= builtinTexts().map((text) => {
    const { documents, errors } = parseOnce(text.yaml);
    const [document] = documents;
    if (!document || errors.length > 0)
      throw new Error(`${text.file}: ${errors.map((error) => `line ${error.line}: ${error.message}`).join("; ")}`);
    return { ...text, document };
  });
  return known;
}

/** The same unparsed: what a start needs to see that nothing is new. */
export function builtinTexts(): readonly BuiltinText[] {
  texts ??= readTexts();
  return texts;
}

function readTexts(): BuiltinText[] {
  const folder = new URL("./rules/", import.meta.url);
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((file) => file.replaceAll("\\", "/"))
    .filter((file) => file.endsWith(".yml"))
    .sort();
  return [...files.map((file) => ({ file, yaml: readFileSync(new URL(file, folder), "utf8") })), ...builtinBehaviour()];
}
