/** The stored rules: what is imported, what came with Vigil, what a detector is compiled from. */
import type { Tx } from "../db.ts";
import { type BuiltinRule, builtinRules } from "./builtin.ts";
import type { RuleMode } from "./detection.ts";
import { importExceptions } from "./store/exceptions.ts";
import { bumpRules, type KnownRule, loadRules, lockRules, referenceOf } from "./store/known.ts";
import { planImport, type Rejection, type SigmaText } from "./store/plan.ts";
import { settingsText } from "./store/settings.ts";
import { outdated, ownAuthor } from "./store/untouched.ts";
import { writeRules } from "./store/write.ts";

export { type KnownRule, loadRules, referenceOf };

export interface ImportResult {
  /** Documents that were taken in: rules, correlations and filters. */
  imported: number;
  rejected: Rejection[];
  /** Correlations among the imported that wait for rules which are not there. */
  waiting: Rejection[];
  ruleIds: string[];
}

export interface ImportRequest {
  /** One text, or several that are one import. */
  yaml: string | readonly SigmaText[];
  mode: RuleMode;
  dryRun: boolean;
  actor: string;
  /** Epoch ms. */
  now: number;
  builtin?: boolean;
}

/**
 * Takes in Sigma documents, each on its own merits and in any order. A document whose reference (`name`, else `id`, else
 * title) is already known becomes a new revision of that rule, and so does one that gives it a name, or leaves that out, and
 * keeps its `id`; a filter becomes an exception of each rule that it names. A `vigil` part says the settings in full, its
 * mode instead of the import's. A dry run judges everything and stores nothing. The number of statements does not depend on
 * the number of rules.
 */
export async function importRules(tx: Tx, request: ImportRequest): Promise<ImportResult> {
  const { yaml, mode, dryRun, actor, now, builtin = false } = request;
  await lockRules(tx);
  const loaded = await loadRules(tx);
  const removed = new Set((await removedRules(tx)).map(({ id }) => id));
  const texts = typeof yaml === "string" ? [{ yaml }] : yaml;
  const plan = planImport(texts, { organizationId: tx.organizationId, loaded, removed, mode, builtin, now });
  const { rules, filters, rejected, waiting } = plan;
  if (!dryRun) {
    const changed = rules.filter(
      ({ before, document, settings }) =>
        before?.yaml !== document.yaml || settingsText(before.settings) !== settingsText(settings),
    );
    await writeRules(tx, changed, { change: "IMPORTED", actor, now });
    if (await importExceptions(tx, filters, { actor, now })) await bumpRules(tx);
  }
  const imported = rules.length + filters.length;
  return { imported, rejected, waiting, ruleIds: dryRun ? [] : rules.map(({ id }) => id) };
}

async function removedRules(tx: Tx): Promise<{ id: string; reference: string }[]> {
  const { rows } = await tx.query<{ id: string; reference: string }>(
    "SELECT id, reference FROM alert_rules WHERE organization_id = $1 AND deleted_at IS NOT NULL",
    [tx.organizationId],
  );
  return rows;
}

/**
 * Gives the organization the rules that came with Vigil and that it does not have yet, and new texts of those that nobody
 * changed; changed ones are left alone, and removed ones stay away. `left`: why a new text has to wait.
 */
export async function seedBuiltinRules(
  tx: Tx,
  now: number,
  shipped: readonly BuiltinRule[] = builtinRules(),
): Promise<{ imported: number; left: Rejection[] }> {
  const { rules } = await loadRules(tx);
  const have = new Set([...rules, ...(await removedRules(tx))].map((rule) => rule.reference));
  const fresh = shipped.filter(({ document }) => !have.has(referenceOf(document)));
  const yaml = [...fresh, ...(await outdated(tx, shipped))];
  if (yaml.length === 0) return { imported: 0, left: [] };
  const request = { mode: "ACTIVE", dryRun: false, actor: ownAuthor, now, builtin: true } as const;
  const { imported, rejected } = await importRules(tx, { ...request, yaml });
  // What counts a rule that the organization has switched off comes switched off, too; a new text of it has to wait.
  const unable = new Set(rejected.map(({ file }) => file));
  const off = fresh.filter(({ file }) => unable.has(file)).map((rule) => ({ ...rule, mode: "DISABLED" as const }));
  const left = rejected.filter(({ file }) => !off.some((rule) => rule.file === file));
  if (off.length === 0) return { imported, left };
  const second = await importRules(tx, { ...request, yaml: off });
  const [fault] = second.rejected;
  if (fault) throw new Error(`A built-in rule does not import: ${fault.file}: ${fault.message}`);
  return { imported: imported + second.imported, left };
}
