import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { audit } from "../access/audit.ts";
import { cliSubject } from "../access/viewer.ts";
import type { App } from "../app.ts";
import { builtinRules } from "../detect/builtin.ts";
import type { RuleMode } from "../detect/detection.ts";
import { exportRules } from "../detect/store/export.ts";
import { planImport, type Rejection, type SigmaText } from "../detect/store/plan.ts";
import { importRules } from "../detect/store.ts";

type Tell = (line: string) => void;

/** Sigma files, and those with the ending .yml or .yaml of folders, however deep. */
export async function readSigma(paths: readonly string[]): Promise<Required<Pick<SigmaText, "file" | "yaml">>[]> {
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
  return Promise.all(unique.map(async (file) => ({ file, yaml: await readFile(file, "utf8") })));
}

function tellFault(tell: Tell, { file = "", line, code, message }: Rejection): void {
  tell(`${file}:${line}: ${code} ${message}`);
}

/**
 * Judges Sigma files together, as one import into a fresh organization would; tells every fault by file and line. What
 * correlations and filters refer to must be among the files or come with Vigil. True when there is no fault.
 */
export async function checkRules(paths: readonly string[], now: number, tell: Tell): Promise<boolean> {
  const texts = await readSigma(paths);
  const mode = "ACTIVE";
  const nothing = { version: 0, timeZone: "UTC", rules: [], placeholders: new Map() };
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
  const yaml = await readSigma(paths);
  const organizationId = await app.organizationBySlug(organization);
  const { imported, rejected, waiting } = await app.db.inOrganization(organizationId, async (tx) => {
    const result = await importRules(tx, { yaml, mode, dryRun, actor: cliSubject, now: app.now() });
    const { imported, rejected, ruleIds } = result;
    const detail = { mode, dryRun, imported, rejected: rejected.length, ruleIds };
    const entry = { action: "ALERT_RULES_IMPORTED", entityKind: "AlertRule", entityId: "" };
    await audit(tx, { ...entry, actor: cliSubject, detail });
    return result;
  });
  for (const fault of [...rejected, ...waiting]) tellFault(tell, fault);
  const waits = new Set(waiting.map(({ file, document }) => `${file}\n${document}`)).size;
  tell(`${yaml.length} file(s): ${imported} imported, ${rejected.length} rejected, ${waits} waiting for other rules`);
  return rejected.length === 0;
}

/** Writes each rule and each exception in force as a file; without a directory, all as one text. */
export async function exportSigma(
  app: App,
  { organization, directory }: { organization: string; directory: string | undefined },
  tell: Tell,
): Promise<void> {
  const organizationId = await app.organizationBySlug(organization);
  const files = await app.db.inOrganization(organizationId, async (tx) => {
    const found = await exportRules(tx, app.now());
    const entry = { action: "ALERT_RULES_EXPORTED", entityKind: "AlertRule", entityId: "" };
    await audit(tx, { ...entry, actor: cliSubject, detail: { files: found.length } });
    return found;
  });
  if (directory === undefined) {
    if (files.length > 0) tell(files.map(({ yaml }) => yaml.trimEnd()).join("\n---\n"));
    return;
  }
  await mkdir(directory, { recursive: true });
  for (const { file, yaml } of files) await writeFile(join(directory, file), yaml);
  tell(`${files.length} file(s) in ${directory}`);
}
