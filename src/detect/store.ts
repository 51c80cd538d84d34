/** The stored rules: what is imported, what came with Vigil, what a detector is compiled from. */
import { v5 as uuidv5 } from "uuid";
import type { Tx } from "../db.ts";
import { builtinRules } from "./builtin.ts";
import { compileRules } from "./compile.ts";
import type { RuleMode, StoredRule } from "./detection.ts";
import type { ParsedDocument } from "./sigma/document.ts";
import { parseSigma } from "./sigma/parse.ts";

export interface ImportResult {
  imported: number;
  /** Documents count from 0, lines from 1. */
  rejected: { document: number; line: number; code: string; message: string }[];
  ruleIds: string[];
}

export interface KnownRule extends StoredRule {
  reference: string;
}

/** The organization's rules and the version they stand at. */
export async function loadRules(tx: Tx): Promise<{ version: number; rules: KnownRule[] }> {
  const { rows: versions } = await tx.query<{ version: number }>({
    name: "rules_version",
    text: "SELECT rules_version AS version FROM organizations WHERE id = $1",
    values: [tx.organizationId],
  });
  const { rows: rules } = await tx.query<KnownRule>({
    name: "load_rules",
    text: "SELECT id, revision, mode, yaml, reference FROM alert_rules WHERE organization_id = $1 ORDER BY id",
    values: [tx.organizationId],
  });
  return { version: versions[0]?.version ?? 0, rules };
}

/**
 * Takes in Sigma documents, each on its own merits. A document whose `name`, `id` or title is already known becomes a new
 * revision of that rule. A dry run judges everything and stores nothing.
 */
export async function importRules(
  tx: Tx,
  input: { yaml: string; mode: RuleMode; dryRun: boolean; actor: string; now: number; builtin?: boolean },
): Promise<ImportResult> {
  const { documents, errors } = parseSigma(input.yaml);
  // Rule changes of an organization are one at a time, so that every revision number means one text.
  await tx.query("SELECT pg_advisory_xact_lock(hashtextextended('vigil.rules:' || $1, 0))", [tx.organizationId]);
  const { rules: known } = await loadRules(tx);
  const byReference = new Map(known.map((rule) => [rule.reference, rule]));
  const drafts = documents.map((document) => {
    const reference = referenceOf(document);
    const before = byReference.get(reference);
    const id = before?.id ?? uuidv5(reference, tx.organizationId);
    return { document, reference, before, id, revision: (before?.revision ?? 0) + 1 };
  });
  const ids = new Set(drafts.map((draft) => draft.id));
  const trial = compileRules([
    ...known.filter((rule) => !ids.has(rule.id)),
    ...drafts.map(({ id, revision, document }) => ({ id, revision, mode: input.mode, yaml: document.yaml })),
  ]);
  const faults = new Map(trial.errors.map((error) => [error.ruleId, error.message]));
  const good = drafts.filter((draft) => !faults.has(draft.id));
  const rejected = [
    ...errors.map(({ document, line, code, path, message }) => ({
      document,
      line,
      code: code as string,
      message: path ? `${path}: ${message}` : message,
    })),
    ...drafts
      .filter((draft) => faults.has(draft.id))
      .map(({ document, id }) => ({
        document: document.document,
        line: document.line,
        code: "INVALID",
        message: faults.get(id) as string,
      })),
  ].sort((one, other) => one.document - other.document || one.line - other.line);
  if (!input.dryRun && good.length > 0) {
    for (const { document, reference, id, revision, before } of good) {
      if (before?.yaml === document.yaml && before.mode === input.mode) continue;
      await storeRule(tx, { document, reference, id, revision }, input);
    }
    await tx.query("UPDATE organizations SET rules_version = rules_version + 1 WHERE id = $1", [tx.organizationId]);
  }
  return { imported: good.length, rejected, ruleIds: input.dryRun ? [] : good.map(({ id }) => id) };
}

/** What other rules call it. */
export function referenceOf({ name, sigmaId, title }: ParsedDocument): string {
  return name ?? sigmaId ?? title;
}

async function storeRule(
  tx: Tx,
  rule: { document: ParsedDocument; reference: string; id: string; revision: number },
  { mode, actor, now, builtin }: { mode: RuleMode; actor: string; now: number; builtin?: boolean },
): Promise<void> {
  const { document, reference, id, revision } = rule;
  await tx.query(
    `INSERT INTO alert_rules (organization_id, id, name, reference, sigma_id, kind, mode, severity, description, tags, yaml,
       builtin, revision, created_at, updated_at)
     VALUES ($1, $2, $3, $4, $5, $6::rule_kind, $7::rule_mode, $8::severity, $9, $10, $11, $12, $13, $14, $14)
     ON CONFLICT (organization_id, id) DO UPDATE SET name = excluded.name, sigma_id = excluded.sigma_id, kind = excluded.kind,
       mode = excluded.mode, severity = excluded.severity, description = excluded.description, tags = excluded.tags,
       yaml = excluded.yaml, builtin = excluded.builtin, revision = excluded.revision, updated_at = excluded.updated_at`,
    [
      tx.organizationId,
      id,
      document.title,
      reference,
      document.sigmaId ?? null,
      document.kind,
      mode,
      document.severity,
      document.description ?? null,
      document.tags,
      document.yaml,
      builtin === true,
      revision,
      new Date(now),
    ],
  );
  await tx.query(
    `INSERT INTO alert_rule_revisions (organization_id, rule_id, revision, mode, yaml, author, at)
     VALUES ($1, $2, $3, $4::rule_mode, $5, $6, $7)`,
    [tx.organizationId, id, revision, mode, document.yaml, actor, new Date(now)],
  );
}

/** Gives the organization the rules that came with Vigil and that it does not have yet; changed ones are left alone. */
export async function seedBuiltinRules(tx: Tx, now: number): Promise<number> {
  const { rules } = await loadRules(tx);
  const have = new Set(rules.map((rule) => rule.reference));
  const fresh = builtinRules().filter(({ document }) => !have.has(referenceOf(document)));
  if (fresh.length === 0) return 0;
  const yaml = fresh.map((rule) => rule.yaml).join("\n---\n");
  const { imported, rejected } = await importRules(tx, {
    yaml,
    mode: "ACTIVE",
    dryRun: false,
    actor: "vigil",
    now,
    builtin: true,
  });
  const [fault] = rejected;
  if (fault) throw new Error(`A built-in rule does not import: ${fault.message}`);
  return imported;
}
