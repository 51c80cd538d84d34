/** The rules that come with Vigil, one Sigma document per file below `rules/`, in a folder per topic. */
import { readdirSync, readFileSync } from "node:fs";
import type { ParsedDocument } from "./sigma/document.ts";
import { parseOnce } from "./sigma/parse-once.ts";

export interface BuiltinRule {
  /** e.g. `authentication/brute-force-account.yml` */
  file: string;
  yaml: string;
  document: ParsedDocument;
}

let known: readonly BuiltinRule[] | undefined;

/** Read once: the files do not change while Vigil runs, and every organization asks for them. */
export function builtinRules(): readonly BuiltinRule[] {
  known ??= readRules();
  return known;
}

function readRules(): BuiltinRule[] {
  const folder = new URL("./rules/", import.meta.url);
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((file) => file.replaceAll("\\", "/"))
    .filter((file) => file.endsWith(".yml"))
    .sort();
  return files.map((file) => {
    const yaml = readFileSync(new URL(file, folder), "utf8");
    const { documents, errors } = parseOnce(yaml);
    const [document] = documents;
    if (!document || errors.length > 0)
      throw new Error(`${file}: ${errors.map((error) => `line ${error.line}: ${error.message}`).join("; ")}`);
    return { file, yaml, document };
  });
}
