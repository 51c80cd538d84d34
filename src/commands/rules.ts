import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { audit } from "../access/audit.ts";
import { cliSubject } from "../access/viewer.ts";
import type { App } from "../app.ts";
import { builtinRules } from "../detect/builtin.ts";
import type { RuleMode } from "../detect/detection.ts";
import type { Placeholders } from "../detect/sigma/placeholders.ts";
import { exportRules } from "../detect/store/export.ts";
import { placeholderFile, readPlaceholderFile } from "../detect/store/placeholder-file.ts";
import { setPlaceholder } from "../detect/store/placeholders.ts";
import { planImport, type Rejection, type SigmaText } from "../detect/store/plan.ts";
import { importRules, loadRules } from "../detect/store.ts";

type Tell = (line: string) => void;

interface Given {
  /** Sigma. */
  texts: { file: string; yaml: string }[];
  /** Lists of values that rules refer to, and the file of each. */
  lists: Map<string, { file: string; values: readonly string[] }>;
}

/** Sigma files and files of placeholders, and those with the ending .yml or .yaml of folders, however deep. */
async function readGiven(paths: readonly string[]): Promise<Given> {
  const files: string[] = [];
  for (const path of paths) {
    if (!(await stat(path)).isDirectory()) files.push(path);
    else {
      const names = await readdir(path, { recursive: true });
      files.push(...names.filter((name) => /\.ya?ml$/i.test(name)).map((name) => join(path, name)));
    }
  }
  const unique = [...new Set(files)].sort();
  if (unique.length === 0) throw new Error(`There is no Sigma file (.yml, .yaml) in ${paths.join(", ")}`);
  const given: Given = { texts: [], lists: new Map() };
  for (const file of unique) {
    const yaml = await readFile(file, "utf8");
    const lists = listsIn(file, yaml);
    if (!lists) given.texts.push({ file, yaml });
    else for (const [name, values] of lists) given.lists.set(name, { file, values });
  }
  return given;
}

function listsIn(file: string, yaml: string): Placeholders | undefined {
  try {
    return readPlaceholderFile(yaml);
  } catch (error) {
    throw new Error(`${file}: ${(error as Error).message}`);
  }
}

function tellFault(tell: Tell, { file = "", line, code, message }: Rejection): void {
  tell(`${file}:${line}: ${code} ${message}`);
}

/**
 * Judges Sigma files together, as one import into a fresh organization would; tells every fault by file and line. What
 * correlations and filters refer to must be among the files or come with Vigil. True when there is no fault.
 */
export async function checkRules(paths: readonly string[], now: number, tell: Tell): Promise<boolean> {
  const { texts, lists } = await readGiven(paths);
  const mode = "ACTIVE";
  const placeholders = new Map([...lists].map(([name, { values }]) => [name, values]));
  const nothing = { version: 0, timeZone: "UTC", rules: [], placeholders };
  const request = { organizationId: "00000000-0000-0000-0000-000000000000", mode, removed: new Set<string>() } as const;
  const plan = (all: readonly SigmaText[]) => planImport(all, { ...request, loaded: nothing, builtin: false, now });
  let { rules, filters, rejected, waiting } = plan(texts);
  if (waiting.length > 0 || rejected.length > 0) {
    // Once more beside the built-in rules that the files do not replace.
    const given = new Set(rules.map(({ id }) => id));
    const builtin = plan(builtinRules()).rules.filter(({ id }) => !given.has(id));
    const files = new Set(builtin.map(({ source }) => source.file));
    const beside = plan([...texts, ...builtinRules().filter(({ file }) => files.has(file))]);
    const ours = ({ file }: { file?: string }) => !files.has(file);
    rejected = beside.rejected.filter(ours);
    waiting = beside.waiting.filter(ours);
    rules = beside.rules.filter(({ source }) => ours(source));
    filters = beside.filters;
  }
  for (const fault of [...rejected, ...waiting]) tellFault(tell, fault);
  const good = rejected.length === 0 && waiting.length === 0;
  if (good) tell(`${rules.length + filters.length} rule(s) in ${texts.length} file(s): no faults`);
  return good;
}

/** Imports Sigma files together, in one transaction. True when none was refused. */
export async function importSigma(
  app: App,
  {
    paths,
    organization,
    mode,
    dryRun,
  }: { paths: readonly string[]; organization: string; mode: RuleMode; dryRun: boolean },
  tell: Tell,
): Promise<boolean> {
  const { texts: yaml, lists } = await readGiven(paths);
  const organizationId = await app.organizationBySlug(organization);
  const { imported, rejected, waiting } = await app.db.inOrganization(organizationId, async (tx) => {
    await tx.query("SAVEPOINT lists");
    for (const [name, { file, values }] of lists) {
      await setPlaceholder(tx, { name, values, actor: cliSubject, now: app.now() }).catch((error: Error) => {
        throw new Error(`${file}: ${name}: ${error.message}`);
      });
    }
    const result = await importRules(tx, { yaml, mode, dryRun, actor: cliSubject, now: app.now() });
    const { imported, rejected, ruleIds } = result;
    if (dryRun) await tx.query("ROLLBACK TO lists");
    const detail = { mode, dryRun, imported, rejected: rejected.length, ruleIds, placeholders: [...lists.keys()] };
    const entry = { action: "ALERT_RULES_IMPORTED", entityKind: "AlertRule", entityId: "" };
    await audit(tx, { ...entry, actor: cliSubject, detail });
    return result;
  });
  for (const fault of [...rejected, ...waiting]) tellFault(tell, fault);
  const waits = new Set(waiting.map(({ file, document }) => `${file}\n${document}`)).size;
  if (lists.size > 0) tell(`${lists.size} placeholder(s) ${dryRun ? "would be " : ""}set`);
  tell(`${yaml.length} file(s): ${imported} imported, ${rejected.length} rejected, ${waits} waiting for other rules`);
  return rejected.length === 0;
}

/**
 * Writes each rule and each exception in force as a file, and the lists they refer to as one more; without a directory,
 * the rules and exceptions as one text.
 */
export async function exportSigma(
  app: App,
  { organization, directory }: { organization: string; directory: string | undefined },
  tell: Tell,
): Promise<void> {
  const organizationId = await app.organizationBySlug(organization);
  const { files, lists } = await app.db.inOrganization(organizationId, async (tx) => {
    const found = await exportRules(tx, app.now());
    const entry = { action: "ALERT_RULES_EXPORTED", entityKind: "AlertRule", entityId: "" };
    await audit(tx, { ...entry, actor: cliSubject, detail: { files: found.length } });
    return { files: found, lists: (await loadRules(tx)).placeholders };
  });
  if (directory === undefined) {
    if (files.length > 0) tell(files.map(({ yaml }) => yaml.trimEnd()).join("\n---\n"));
    return;
  }
  await mkdir(directory, { recursive: true });
  for (const { file, yaml } of files) await writeFile(join(directory, file), yaml);
  if (lists.size > 0) await writeFile(join(directory, "placeholders.yaml"), placeholderFile(lists));
  tell(`${files.length + Math.min(lists.size, 1)} file(s) in ${directory}`);
}
