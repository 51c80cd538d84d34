/** Stored rules and exceptions -> Sigma files, each document as it was written. */
import type { Tx } from "../../db.ts";
import { parseOnce } from "../sigma/parse-once.ts";
import { type KnownRule, loadRules } from "./known.ts";

export interface SigmaFile {
  /** A name for it, unique among all. */
  file: string;
  yaml: string;
}

/** Every rule, and every exception that is in force, at a moment in epoch ms. */
export async function exportRules(tx: Tx, now: number): Promise<SigmaFile[]> {
  const { rules } = await loadRules(tx);
  const taken = new Set<string>();
  const named = (title: string, yaml: string): SigmaFile => {
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
  const byName = [...rules].sort((one, other) => (one.name < other.name ? -1 : one.name > other.name ? 1 : 0));
  const filters = new Map<string, string>();
  for (const rule of byName)
    for (const { from, until = Number.POSITIVE_INFINITY, yaml } of rule.exceptions ?? []) {
      if (now < from || now >= until) continue;
      const text = withRules(yaml, rule);
      filters.set(text, `filter-${parseOnce(text).documents[0]?.title ?? rule.name}`);
    }
  return [
    ...byName.map(({ name, yaml }) => named(name, yaml)),
    ...[...filters].map(([yaml, title]) => named(title, yaml)),
  ];
}

/** An exception need not say which rule it is for; a filter in a file must. */
function withRules(yaml: string, { reference }: KnownRule): string {
  const [document] = parseOnce(yaml).documents;
  if (document?.kind !== "FILTER" || document.body.rules.length > 0) return yaml;
  const indent = /^filter\s*:[^\S\n]*\n(?:[^\S\n]*(?:#.*)?\n)*([^\S\n]+)/m.exec(yaml)?.[1];
  const line = `rules: [${JSON.stringify(reference)}]`;
  if (indent !== undefined) return yaml.replace(/^filter\s*:[^\S\n]*\n/m, (head) => `${head}${indent}${line}\n`);
  return yaml.replace(/^filter\s*:\s*\{/m, (head) => `${head} ${line},`);
}
