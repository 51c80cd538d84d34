/** Who read whose data: one query for a person, one for a patient. */
import type { Tx } from "../db.ts";
import { VigilError } from "../errors.ts";
import { phiRead } from "./phi-read.ts";

const longest = 1_000; // reads in one report, the latest first
const ofPatient =
  "l.seq IN (SELECT p.seq FROM audit_patients p WHERE p.organization_id = $1 AND p.patient_key = ANY ($3::text[]))";

/** One read of patients' data. */
export interface AccessRead {
  seq: number;
  at: Date;
  actor: string;
  /** The pseudonyms of whose data it read, at most 1,000. */
  patients: string[];
  patientCount: number;
  purpose: string | null;
  address: string | null;
  operation: string;
  breakGlassId: string | null;
}

export interface AccessReport {
  /** How many reads there are in the range; `reads` has the latest of them. */
  count: number;
  /** How many people read. */
  actors: number;
  reads: AccessRead[];
}

interface Row {
  seq: string;
  at: Date;
  actor: string;
  entity_id: string;
  detail: Record<string, unknown>;
  total: string;
  actors: string;
}

export async function accessReport(
  tx: Tx,
  asked: {
    actor?: string | undefined;
    /** Whatever the audit log may call the patient. */
    patientKeys?: readonly string[] | undefined;
    from?: Date | undefined;
    to?: Date | undefined;
  },
): Promise<AccessReport> {
  const { actor, patientKeys, from, to } = asked;
  if ((actor === undefined) === (patientKeys === undefined)) {
    throw new VigilError("BAD_USER_INPUT", "Ask for the reads by one actor, or of one patient", { path: ["actor"] });
  }
  const { rows } = await tx.query<Row>(
    `WITH found AS (
       SELECT l.seq, l.at, l.actor, l.entity_id, l.detail FROM security_audit_log l
       WHERE l.organization_id = $1 AND l.action = $2
         AND ${patientKeys === undefined ? "l.actor = $3" : ofPatient}
         AND ($4::timestamptz IS NULL OR l.at >= $4) AND ($5::timestamptz IS NULL OR l.at <= $5)
     )
     SELECT found.*, (SELECT count(*) FROM found) AS total, (SELECT count(DISTINCT actor) FROM found) AS actors
     FROM found ORDER BY seq DESC LIMIT ${longest}`,
    [tx.organizationId, phiRead, actor ?? patientKeys, from ?? null, to ?? null],
  );
  const reads = rows.map(({ seq, at, actor, entity_id, detail }) => ({
    seq: Number(seq),
    at,
    actor,
    operation: entity_id,
    patients: detail.patients as string[],
    patientCount: Number(detail.count),
    purpose: (detail.purpose as string | null) ?? null,
    address: (detail.address as string | null) ?? null,
    breakGlassId: (detail.breakGlassId as string | undefined) ?? null,
  }));
  return { count: Number(rows[0]?.total ?? 0), actors: Number(rows[0]?.actors ?? 0), reads };
}
