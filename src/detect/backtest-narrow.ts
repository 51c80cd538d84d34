/**
 * Which stored events could match one of some rules, as SQL: by logsource, and by required values of plain columns. May
 * let through too many events, never too few; what does not match has no part in any detection.
 */
import type { DetectionDocument } from "./sigma/document.ts";
import { keysOf } from "./sigma/read-sent.ts";
import { requirementsOf } from "./sigma/requirements.ts";

/** Fields whose values, unless the sender's own attributes say otherwise, are one column. `isText`: any text at all. */
const columns = new Map<string, { sql: string; isText?: true }>();
const add = (names: string[], column: { sql: string; isText?: true }) => {
  for (const name of names) columns.set(name, column);
};
add(["event.action", "action"], { sql: "action", isText: true });
add(["event.outcome", "outcome"], { sql: "outcome::text" });
add(["event.category", "category"], { sql: "category::text" });
add(["source.ip", "source.address", "client.ip"], { sql: "host(source_ip)" });
add(["user.id", "actor.id"], { sql: "actor_id", isText: true });
add(["user.name", "actor.name"], { sql: "coalesce(actor_name, actor_email, actor_id)", isText: true });
add(["http.request.method", "http.method"], { sql: "http_method", isText: true });
add(["target.type"], { sql: "target_type", isText: true });

const logsourceColumns: Readonly<Record<string, readonly string[]>> = {
  product: ["product"],
  service: ["service"],
  category: ["log_category", "category::text"],
};

const mostKeys = 1_000; // of one requirement; beyond that the look-up costs more than the row

/** The condition; its values are appended. `opens`: sealed fields are opened, so anything may be in them. */
export function conditionFor(documents: readonly DetectionDocument[], values: unknown[], opens: boolean): string {
  const parameter = (value: unknown): string => `$${values.push(value)}`;
  const rules = documents.map(({ logsource, body }) => {
    const parts = Object.entries(logsource).map(([part, wanted]) => {
      const word = parameter(wanted);
      const either = (logsourceColumns[part] ?? []).map((sql) => `lower(${sql}) = ${word} OR ${isForeign(sql)}`);
      return `(${either.join(" OR ")})`;
    });
    for (const [field, { keys, texts, present }] of requirementsOf(body)) {
      const column = columns.get(field);
      if (!column || present || texts.size > 0 || keys.size > mostKeys) continue;
      const { sql, isText } = column;
      const names = parameter(keysOf(field));
      const either = [`lower(${sql}) = ANY (${parameter([...keys])})`, `attributes ?| ${names}`];
      // Numbers are compared as numbers, and case folds differently beyond ASCII.
      if (isText) either.push(isForeign(sql), `${sql} ~ '^-?\\d+(\\.\\d+)?$'`);
      if (opens) either.push("sealed IS NOT NULL");
      parts.push(`(${either.join(" OR ")})`);
    }
    return parts.length === 0 ? "true" : `(${parts.join(" AND ")})`;
  });
  return rules.length === 0 ? "false" : [...new Set(rules)].join(" OR ");
}

const isForeign = (sql: string): string => `octet_length(${sql}) <> char_length(${sql})`;
