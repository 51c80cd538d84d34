/** One rule made, changed, removed or put back; each change is a revision. */
import { v5 as uuidv5, v7 as uuidv7 } from "uuid";
import type { Tx } from "../../db.ts";
import { VigilError } from "../../errors.ts";
import { type GivenParameter, withParameters } from "../behaviour/set-parameters.ts";
import { checkCounted, judge, readRule } from "./judge.ts";
import { type KnownRule, loadRules, lockRules, referenceOf } from "./known.ts";
import {
  patched,
  type RuleSettings,
  type SettingsPatch,
  type StoredSettings,
  settingsOf,
  textsFault,
  throttleFault,
} from "./settings.ts";
import { type Change, writeRemoval, writeRules } from "./write.ts";

interface Who {
  actor: string;
  /** Epoch ms. */
  now: number;
}

interface Target extends Who {
  id: string;
  /** Refuses to act on another revision than this. */
  expectedRevision?: number | undefined;
}

export interface Changed {
  id: string;
  revision: number;
  mode: RuleSettings["mode"];
}

/** Makes a rule from a Sigma document. */
export async function createRule(
  tx: Tx,
  { yaml, settings, ...who }: Who & { yaml: string; settings: RuleSettings },
): Promise<Changed> {
  checkSettings(settings);
  const document = readRule(yaml, { isNew: true });
  await lockRules(tx);
  const loaded = await loadRules(tx);
  const reference = referenceOf(document);
  const own = uuidv5(reference, tx.organizationId);
  const { rows: taken } = await tx.query<{ id: string }>(
    "SELECT id FROM alert_rules WHERE organization_id = $1 AND (reference = $2 OR id = $3)",
    [tx.organizationId, reference, own],
  );
  const id = taken.length === 0 ? own : uuidv7();
  const draft = { id, revision: 1, document, settings, builtin: false };
  judge(loaded, draft, { mayWait: false, isNew: true });
  return write(tx, draft, { ...who, change: "CREATED" });
}

/** Changes a rule's text, settings or both. */
export async function updateRule(
  tx: Tx,
  {
    yaml,
    patch,
    parameters = [],
    ...target
  }: Target & {
    yaml?: string | undefined;
    patch: SettingsPatch;
    /** Of a behaviour rule. */
    parameters?: readonly GivenParameter[];
  },
): Promise<Changed> {
  await lockRules(tx);
  const loaded = await loadRules(tx);
  const before = pick(loaded.rules, target);
  const settings = patched(before.settings, patch);
  checkSettings(settings);
  const text = withParameters(yaml ?? before.yaml, parameters);
  const isNew = yaml !== undefined && yaml !== before.yaml;
  const document = readRule(text, { isNew });
  const draft = { id: before.id, revision: before.revision + 1, document, settings, builtin: before.builtin, before };
  judge(loaded, draft, { mayWait: yaml === undefined, isNew });
  return write(tx, draft, { ...target, change: "UPDATED" });
}

/** Removes a rule. Its detections, incidents and revisions stay, and it can be restored. */
export async function deleteRule(tx: Tx, target: Target): Promise<Changed> {
  await lockRules(tx);
  const { rules } = await loadRules(tx);
  const before = pick(rules, target);
  checkCounted(
    rules.filter(({ id }) => id !== before.id),
    before,
    [],
    before.mode,
  );
  await writeRemoval(tx, before.id, target);
  return { id: before.id, revision: before.revision + 1, mode: before.mode };
}

/** Makes a new revision that equals an old one; a removed rule is back with it. */
export async function restoreRule(tx: Tx, { revision, ...target }: Target & { revision: number }): Promise<Changed> {
  await lockRules(tx);
  const { rows } = await tx.query<StoredSettings & { yaml: string; current: number; builtin: boolean; found: boolean }>(
    `SELECT r.revision AS current, r.builtin, v.rule_id IS NOT NULL AS found, v.mode, v.yaml, v.throttle_ms, v.overrides
     FROM alert_rules r LEFT JOIN alert_rule_revisions v
       ON v.organization_id = r.organization_id AND v.rule_id = r.id AND v.revision = $3
     WHERE r.organization_id = $1 AND r.id = $2`,
    [tx.organizationId, target.id, revision],
  );
  const [row] = rows;
  if (!row) throw new VigilError("NOT_FOUND", "There is no such rule", { path: ["id"] });
  checkRevision(row.current, target.expectedRevision);
  if (!row.found)
    throw new VigilError("NOT_FOUND", `The rule has revisions 1 to ${row.current}`, { path: ["revision"] });
  const loaded = await loadRules(tx);
  const before = loaded.rules.find(({ id }) => id === target.id);
  const settings = settingsOf(row);
  const document = readRule(row.yaml, { isNew: false });
  const draft = { id: target.id, revision: row.current + 1, document, settings, builtin: row.builtin, before };
  judge(loaded, draft, { mayWait: true, isNew: false });
  return write(tx, draft, { ...target, change: "RESTORED" });
}

async function write(tx: Tx, draft: Parameters<typeof judge>[1], { change, actor, now }: Change): Promise<Changed> {
  await writeRules(tx, [draft], { change, actor, now });
  return { id: draft.id, revision: draft.revision, mode: draft.settings.mode };
}

function pick(rules: readonly KnownRule[], { id, expectedRevision }: Target): KnownRule {
  const rule = rules.find((one) => one.id === id);
  if (!rule) throw new VigilError("NOT_FOUND", "There is no such rule", { path: ["id"] });
  checkRevision(rule.revision, expectedRevision);
  return rule;
}

function checkRevision(current: number, expected: number | undefined): void {
  if (expected === undefined || expected === current) return;
  const message = `The rule is at revision ${current} now, not at ${expected}: look at what changed, and try again`;
  throw new VigilError("CONFLICT", message, { path: ["input", "expectedRevision"], detail: { revision: current } });
}

function checkSettings({ throttleMs = 1, tags = [], references = [] }: RuleSettings): void {
  const faults = {
    throttle: throttleFault(throttleMs),
    tags: textsFault("tags", tags),
    references: textsFault("references", references),
  };
  for (const [field, message] of Object.entries(faults))
    if (message) throw new VigilError("BAD_USER_INPUT", message, { path: ["input", field] });
}
