/** Rules and their revisions -> rows: two statements, however many they are. */
import type { Tx } from "../../db.ts";
import { attackOf } from "../attack.ts";
import type { CorrelationDocument, SelectionDocument } from "../sigma/document.ts";
import { bumpRules, referenceOf } from "./known.ts";
import { overridesOf, type RuleSettings } from "./settings.ts";

export type RuleDocument = SelectionDocument | CorrelationDocument;

/** A rule as it is to stand. */
export interface RuleDraft {
  id: string;
  /** The one that it gets. */
  revision: number;
  document: RuleDocument;
  settings: RuleSettings;
  builtin: boolean;
}

export interface Change {
  change: "CREATED" | "IMPORTED" | "UPDATED" | "RESTORED";
  actor: string;
  /** Epoch ms. */
  now: number;
}

const columns = `id uuid, name text, reference text, sigma_id text, kind rule_kind, mode rule_mode, severity severity,
  description text, tags text[], yaml text, builtin boolean, revision integer, status text, author text, reference_links text[],
  falsepositives text[], techniques text[], tactics text[], throttle_ms integer, overrides jsonb`;
const names = columns.split(",").map((column) => column.trim().split(" ")[0] as string);

/** Writes the rules with one revision each, and raises the version that processes compile by. */
export async function writeRules(tx: Tx, drafts: readonly RuleDraft[], change: Change): Promise<void> {
  if (drafts.length === 0) return;
  const at = new Date(change.now);
  await bumpRules(tx); // first: a batch that opens incidents locks the organization before the rules, too
  const rows = JSON.stringify(drafts.map(rowOf));
  await tx.query(
    `INSERT INTO alert_rules (organization_id, ${names.join(", ")}, created_at, updated_at, deleted_at)
     SELECT $1, ${names.map((name) => `r.${name}`).join(", ")}, $3, $3, NULL
     FROM jsonb_to_recordset($2::jsonb) AS r(${columns})
     ON CONFLICT (organization_id, id) DO UPDATE SET updated_at = excluded.updated_at, deleted_at = excluded.deleted_at,
       ${names.slice(1).map((name) => `${name} = excluded.${name}`)}`,
    [tx.organizationId, rows, at],
  );
  await tx.query(
    `INSERT INTO alert_rule_revisions (organization_id, rule_id, revision, mode, yaml, author, at, change, throttle_ms, overrides)
     SELECT $1, r.id, r.revision, r.mode, r.yaml, $3, $4, $5::rule_change, r.throttle_ms, r.overrides
     FROM jsonb_to_recordset($2::jsonb) AS r(${columns})`,
    [tx.organizationId, rows, change.actor, at, change.change],
  );
}

/** Marks a rule as removed, also one whose text cannot be read any more, with a revision that says so. */
export async function writeRemoval(tx: Tx, id: string, { actor, now }: Omit<Change, "change">): Promise<void> {
  await bumpRules(tx);
  await tx.query(
    `WITH removed AS (
       UPDATE alert_rules SET deleted_at = $3, updated_at = $3, revision = revision + 1
       WHERE organization_id = $1 AND id = $2 RETURNING *
     )
     INSERT INTO alert_rule_revisions (organization_id, rule_id, revision, mode, yaml, author, at, change, throttle_ms, overrides)
     SELECT organization_id, id, revision, mode, yaml, $4, $3, 'DELETED', throttle_ms, overrides FROM removed`,
    [tx.organizationId, id, new Date(now), actor],
  );
}

function rowOf({ id, revision, document, settings, builtin }: RuleDraft): Record<string, unknown> {
  const tags = settings.tags ?? document.tags;
  return {
    id,
    name: document.title,
    reference: referenceOf(document),
    sigma_id: document.sigmaId ?? null,
    kind: document.kind,
    mode: settings.mode,
    severity: settings.severity ?? document.severity,
    description: document.description ?? null,
    tags,
    yaml: document.yaml,
    builtin,
    revision,
    status: document.status ?? null,
    author: document.author ?? null,
    reference_links: settings.references ?? document.references,
    falsepositives: document.falsepositives,
    ...attackOf(tags),
    throttle_ms: settings.throttleMs ?? null,
    overrides: overridesOf(settings),
  };
}

/** PostgreSQL's text has neither U+0000 nor halves of surrogate pairs. */
export function isStorable({ title, description = "", author = "", yaml, ...rest }: RuleDocument): boolean {
  const { name = "", sigmaId = "", tags, references, falsepositives } = rest;
  const texts = [title, description, author, yaml, name, sigmaId, ...tags, ...references, ...falsepositives];
  return !texts.some((text) => /[\0\p{Surrogate}]/u.test(text));
}
