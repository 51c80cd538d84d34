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

/** Appends to the organization's audit chain, within the transaction of what it reports. */
export async function audit(tx: Tx, record: AuditRecord): Promise<void> {
  await tx.query({
    name: "access_audit_append",
    text: "SELECT audit_append($1, $2, $3, $4, $5::jsonb)",
    values: auditValues(record),
  });
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
