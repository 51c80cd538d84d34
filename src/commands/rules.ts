import { readFile } from "node:fs/promises";
import { compileRules } from "../detect/compile.ts";
import { parseSigma } from "../detect/sigma/parse.ts";

/** Judges Sigma files together, as one import would; tells every fault by file and line. True when there is none. */
export async function checkRules(files: readonly string[], tell: (line: string) => void): Promise<boolean> {
  let good = true;
  const found: { file: string; line: number; id: string; yaml: string }[] = [];
  for (const file of files) {
    const { documents, errors } = parseSigma(await readFile(file, "utf8"));
    for (const { line, code, path, message } of errors) {
      good = false;
      tell(`${file}:${line}: ${code} ${path ? `${path}: ` : ""}${message}`);
    }
    for (const { line, yaml } of documents) found.push({ file, line, id: `${file}:${line}`, yaml });
  }
  const rules = found.map(({ id, yaml }) => ({ id, revision: 1, mode: "ACTIVE" as const, yaml }));
  for (const { ruleId, message } of compileRules(rules).errors) {
    good = false;
    tell(`${ruleId}: INVALID ${message}`);
  }
  if (good) tell(`${found.length} rule(s) in ${files.length} file(s): no faults`);
  return good;
}
