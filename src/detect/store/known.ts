/** The stored rules of an organization, and the order in which they may be changed. */
import { v5 as uuidv5 } from "uuid";
import type { Tx } from "../../db.ts";
import type { StoredException, StoredRule } from "../detection.ts";
import type { ParsedDocument } from "../sigma/document.ts";
import { sameText } from "../sigma/parse-once.ts";
import { type RuleSettings, type StoredSettings, settingsOf } from "./settings.ts";

export interface KnownRule extends StoredRule {
  /** Its title. */
  name: string;
  /** What other rules call it. */
  reference: string;
  sigmaId: string | null;
  kind: "DETECTION" | "CORRELATION" | "BEHAVIOUR";
  builtin: boolean;
  settings: RuleSettings;
}

export interface LoadedRules {
  version: number;
  /** The organization's, IANA. */
  timeZone: string;
  rules: KnownRule[];
  /** The lists that rules refer to by name (`expand`). */
  placeholders: ReadonlyMap<string, readonly string[]>;
}

/** What other rules call it. */
export function referenceOf({ name, sigmaId, title }: Pick<ParsedDocument, "name" | "sigmaId" | "title">): string {
  return name ?? sigmaId ?? title;
}

/**
 * Finds the stored rule that a document is a text of: by its reference, else by its id where one of the two has no name, else,
 * where it has an id, by the title of one that has nothing else. (So a rule that is given a name or an id stays one; two names
 * of one id are two rules. What came with Vigil keeps its name.)
 */
function storedAmong(rules: readonly KnownRule[]): (document: ParsedDocument) => KnownRule | undefined {
  const byReference = new Map(rules.map((rule) => [rule.reference, rule]));
  const bySigmaId = new Map<string, KnownRule[]>();
  for (const rule of rules)
    if (rule.sigmaId !== null) bySigmaId.set(rule.sigmaId, [...(bySigmaId.get(rule.sigmaId) ?? []), rule]);
  return (document) => {
    const same = byReference.get(referenceOf(document));
    if (same || document.sigmaId === undefined) return same;
    const [only, another] = bySigmaId.get(document.sigmaId) ?? [];
    if (only) {
      const isIt = !another && !only.builtin && (document.name === undefined || only.reference === only.sigmaId);
      return isIt ? only : undefined;
    }
    const titled = byReference.get(document.title);
    return titled && titled.sigmaId === null && titled.name === titled.reference && !titled.builtin
      ? titled
      : undefined;
  };
}

/** The stored rules that the documents are new texts of, each of one. `byId`: also where only the id says so. */
export function storedFor(
  documents: readonly ParsedDocument[],
  rules: readonly KnownRule[],
  byId = true,
): ReadonlyMap<ParsedDocument, KnownRule> {
  const find = storedAmong(rules);
  const known = new Map<ParsedDocument, KnownRule>();
  const taken = new Set<string>();
  for (const isByReference of byId ? [true, false] : [true])
    for (const document of documents) {
      const stored = document.kind === "FILTER" ? undefined : find(document);
      if (!stored || (stored.reference === referenceOf(document)) !== isByReference) continue;
      if (!isByReference && taken.has(stored.id)) continue;
      known.set(document, stored);
      taken.add(stored.id);
    }
  return known;
}

/** The id of a new rule: deterministic, so that one history gives the same ids everywhere, and no other rule's. */
export function freeId(reference: string, organizationId: string, taken: { has(id: string): boolean }): string {
  let id = uuidv5(reference, organizationId);
  for (let again = 2; taken.has(id); again++) id = uuidv5(`${reference}\n${again}`, organizationId);
  return id;
}

type Row = StoredSettings &
  Omit<KnownRule, "settings" | "exceptions" | "mode"> & { exceptions: StoredException[] | null };

/** The organization's rules with their exceptions and lists, and the version they stand at: two round trips. */
export async function loadRules(tx: Tx): Promise<LoadedRules> {
  const { rows: versions } = await tx.query<{
    version: number;
    time_zone: string;
    lists: Record<string, string[]> | null;
  }>({
    name: "rules_version",
    text: `SELECT rules_version AS version, time_zone, (SELECT json_object_agg(name, listed_values) FROM alert_rule_placeholders
        WHERE organization_id = $1) AS lists FROM organizations WHERE id = $1`,
    values: [tx.organizationId],
  });
  const { rows } = await tx.query<Row>({
    name: "load_rules",
    text: `SELECT r.id, r.revision, r.mode, r.yaml, r.name, r.reference, r.sigma_id AS "sigmaId", r.kind, r.builtin,
        r.throttle_ms, r.overrides, e.exceptions
      FROM alert_rules r LEFT JOIN (
        SELECT rule_id, json_agg(json_strip_nulls(json_build_object('id', id, 'yaml', yaml,
          'from', floor(extract(epoch FROM created_at) * 1000),
          'until', floor(extract(epoch FROM least(expires_at, deleted_at)) * 1000))) ORDER BY created_at, id) AS exceptions
        FROM alert_rule_exceptions WHERE organization_id = $1 GROUP BY rule_id
      ) e ON e.rule_id = r.id
      WHERE r.organization_id = $1 AND r.deleted_at IS NULL ORDER BY r.id`,
    values: [tx.organizationId],
  });
  return {
    version: versions[0]?.version ?? 0,
    timeZone: versions[0]?.time_zone ?? "UTC",
    rules: rows.map(knownOf),
    placeholders: new Map(Object.entries(versions[0]?.lists ?? {})),
  };
}

function knownOf({ throttle_ms, overrides, exceptions, ...rest }: Row): KnownRule {
  const settings = settingsOf({ mode: rest.mode, throttle_ms, overrides });
  const { throttleMs, severity, tags } = settings;
  return {
    ...rest,
    yaml: sameText(rest.yaml),
    ...(throttleMs === undefined ? {} : { throttleMs }),
    ...(severity && { severity }),
    ...(tags && { tags }),
    ...(exceptions && { exceptions }),
    settings,
  };
}

/** Rule changes of an organization are one at a time, so that every revision number means one text. */
export async function lockRules(tx: Tx): Promise<void> {
  await tx.query("SELECT pg_advisory_xact_lock(hashtextextended('vigil.rules:' || $1, 0))", [tx.organizationId]);
}

/** Tells every process that what it has compiled is old. */
export async function bumpRules(tx: Tx): Promise<void> {
  await tx.query("UPDATE organizations SET rules_version = rules_version + 1 WHERE id = $1", [tx.organizationId]);
}
