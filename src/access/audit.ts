import pg from "pg";
import type { Tx } from "../db.ts";

/** Who did what to what. */
export interface AuditRecord {
  /** The user's e-mail address, the API key's id, or `vigil`. */
  actor: string;
  action: string;
  entityKind: string;
  entityId: string;
  detail?: object;
}

/**
 * Appends to the organization's audit chain, within the transaction of what it reports and at its very end: the chain's
 * lock, which every other writer of the organization waits for, is held for the append and the commit, and no longer.
 */
export async function audit(tx: Tx, record: AuditRecord): Promise<void> {
  const [actor, action, kind, id, detail] = auditValues(record).map(pg.escapeLiteral);
  tx.atCommit(`SELECT audit_append(${actor}, ${action}, ${kind}, ${id}, ${detail}::jsonb)`);
}

/** The arguments of audit_append(). */
export function auditValues({ actor, action, entityKind, entityId, detail = {} }: AuditRecord): string[] {
  return [actor, action, entityKind, entityId].map(storable).concat(JSON.stringify(detail, storableValue));
}

/** PostgreSQL's text has neither U+0000 nor halves of surrogate pairs: they become U+FFFD, and the entry is written. */
function storable(text: string): string {
  return text.replace(/\p{Surrogate}|\0/gu, "\ufffd");
}

function storableValue(_key: string, value: unknown): unknown {
  if (typeof value === "string") return storable(value);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [storable(name), inner]));
}
