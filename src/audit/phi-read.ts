/** Reads of patients' data: audited before the answer leaves, with an index that makes access reports one query. */
import { createHash } from "node:crypto";
import { auditValues } from "../access/audit.ts";
import type { Database } from "../db.ts";

/** The action of these entries. */
export const phiRead = "PHI_READ";

const listed = 1_000; // patient keys in the entry itself; all of them are in the index
const purposeLength = 200; // characters

export interface PhiRead {
  actor: string;
  /** Whose data was read. */
  patients: ReadonlySet<string>;
  /** Why, as the reader said. */
  purpose: string | undefined;
  /** From which address. */
  address: string | undefined;
  /** What was asked, e.g. the names of the operation's fields. */
  operation: string;
  /** Under which break-glass use, where it was one. */
  breakGlassId?: string | undefined;
}

/**
 * What the audit log calls a patient: a keyed pseudonym, since entries are kept for years and are never encrypted anew.
 * `indexOf` is the organization's blind index of patient ids. What is not known to be of one goes by its own key.
 */
export function pseudonymOf(key: string, indexOf: (patientId: string) => Buffer): string {
  return unnamed.test(key) ? key : `patient-${indexOf(key).toString("hex")}`;
}

const unnamed = /^(event|words:[a-zA-Z]+):[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

/** Begins the key of what was read of an event that names no patient. */
export const eventKey = "event:";

/** Begins the key of what was read of a person's own words, which may name patients; the kind and the row's id follow. */
export const wordsKey = "words:";

/** Writes one entry for one operation, in one statement. */
export async function auditPhiRead(
  db: Pick<Database, "query">,
  organizationId: string,
  read: PhiRead,
  indexOf: (patientId: string) => Buffer,
): Promise<void> {
  const keys = [...new Set([...read.patients].map((key) => pseudonymOf(key, indexOf)))].sort();
  const detail = {
    patients: keys.slice(0, listed),
    count: keys.length,
    digest: createHash("sha256").update(JSON.stringify(keys)).digest("hex"),
    purpose: read.purpose?.slice(0, purposeLength) ?? null,
    address: read.address ?? null,
    ...(read.breakGlassId ? { breakGlassId: read.breakGlassId } : {}),
  };
  const record = { actor: read.actor, action: phiRead, entityKind: "Operation", entityId: read.operation, detail };
  await db.query(
    organizationId,
    {
      name: "audit_phi_read",
      text: `WITH entry AS (SELECT audit_append($1, $2, $3, $4, $5::jsonb) AS seq)
        INSERT INTO audit_patients (organization_id, patient_key, seq)
        SELECT current_organization(), key, seq FROM entry, unnest($6::text[]) AS key`,
    },
    [...auditValues(record), keys],
  );
}
