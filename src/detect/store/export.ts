/** Stored rules and exceptions -> Sigma files: each document as it was written, and a `vigil` part with the rest. */
import { isAlias, isMap, parseDocument } from "yaml";
import type { Tx } from "../../db.ts";
import { parseOnce } from "../sigma/parse-once.ts";
import { withVigilBlock } from "../sigma/vigil-text.ts";
import type { ExceptionRow } from "./exceptions.ts";
import { type KnownRule, loadRules } from "./known.ts";
import { type StoredSettings, settingsOf } from "./settings.ts";

export interface SigmaFile {
  /** A name for it, unique among all. */
  file: string;
  yaml: string;
}

type LiveException = Omit<ExceptionRow, "id">;

/** Every rule, and every exception that is in force, at a moment in epoch ms. An import of the files makes the same of them. */
export async function exportRules(tx: Tx, now: number): Promise<SigmaFile[]> {
  const { rules } = await loadRules(tx);
  const { rows: exceptions } = await tx.query<LiveException>(
    `SELECT rule_id, name, yaml, owner, reason, expires_at FROM alert_rule_exceptions
     WHERE organization_id = $1 AND deleted_at IS NULL AND created_at <= $2 AND (expires_at IS NULL OR expires_at > $2)
     ORDER BY rule_id, created_at, id`,
    [tx.organizationId, new Date(now)],
  );
  const byName = [...rules].sort((one, other) => (one.name < other.name ? -1 : one.name > other.name ? 1 : 0));
  const named = namer();
  const files = byName.map(({ name, yaml, settings }) => named(name, withVigilBlock(yaml, settings)));
  const filters = new Map<string, string>();
  for (const rule of byName)
    for (const { rule_id, name, yaml, owner, reason, expires_at } of exceptions) {
      if (rule_id !== rule.id) continue;
      const expires = expires_at === null ? {} : { expiresAt: expires_at.getTime() };
      const text = withVigilBlock(withRules(yaml, rule), { name, owner, reason, ...expires });
      filters.set(text, `filter-${name}`);
    }
  return [...files, ...[...filters].map(([yaml, title]) => named(title, yaml))];
}

/** One stored rule's file, as `exportRules` writes it. */
export function exportedRule({ yaml, ...settings }: { yaml: string } & StoredSettings): string {
  return withVigilBlock(yaml, settingsOf(settings));
}

function namer(): (title: string, yaml: string) => SigmaFile {
  const taken = new Set<string>();
  return (title, yaml) => {
    const slug =
      title
        .toLowerCase()
        .replaceAll(/[^a-z0-9]+/g, "-")
        .replaceAll(/^-|-$/g, "")
        .slice(0, 80) || "rule";
    let file = `${slug}.yml`;
    for (let again = 2; taken.has(file); again++) file = `${slug}-${again}.yml`;
    taken.add(file);
    return { file, yaml };
  };
}

/** An exception need not say which rule it is for, or is for any; a filter in a file names its rule. */
function withRules(yaml: string, { reference }: KnownRule): string {
  const [document] = parseOnce(yaml).documents;
  if (document?.kind !== "FILTER" || document.body.rules.length > 0) return yaml;
  const written = parseDocument(yaml, { version: "1.2", intAsBigInt: true, logLevel: "silent" });
  const part = written.get("filter", true);
  const filter = isAlias(part) ? part.resolve(written) : part;
  if (isMap(filter)) filter.set("rules", written.createNode([reference], { flow: true }));
  return written.toString({ lineWidth: 0 });
}
