/** An incident that no rule opened: something Vigil itself, or a person, has to say. */
import { v7 as uuidv7 } from "uuid";
import type { Tx } from "../db.ts";
import type { Severity } from "../ingest/event.ts";
import { recordChanges } from "../publish/change.ts";
import type { WordsVault } from "../secrets/words.ts";
import { addEntries } from "./entry.ts";

export interface Report {
  title: string;
  severity: Severity;
  /** At most one incident of a fingerprint is open: it must be this report's own. */
  fingerprint: string;
  /** 0 to 100. */
  threatScore: number;
  subjects: { kind: string; key: string }[];
  tags: string[];
  /** The first line of its timeline. */
  message: string;
  /** What a person wrote beside it: kept sealed. */
  words?: string;
  actor: string;
  now: number;
}

/** Opens it in the caller's transaction. Answers its id and the change's cursor. */
export async function reportIncident(
  tx: Tx,
  report: Report,
  vault?: WordsVault,
): Promise<{ id: string; cursor: string }> {
  const { title, severity, fingerprint, threatScore, subjects, tags, message, words, actor, now } = report;
  await tx.query("SELECT pg_advisory_xact_lock(hashtextextended('vigil.open:' || $1, 0))", [tx.organizationId]);
  const id = uuidv7({ msecs: now });
  await tx.query(
    `WITH taken AS (
       UPDATE organizations SET next_incident_number = next_incident_number + 1 WHERE id = $1
       RETURNING next_incident_number - 1 AS number
     )
     INSERT INTO security_incidents (organization_id, id, number, title, severity, fingerprint, threat_score, subjects, tags,
       detection_count, event_count, first_event_at, last_event_at, opened_at, created_at, updated_at)
     SELECT $1, $2, number, $3, $4::severity, $5, $6, $7, $8, 0, 0, $9, $9, $9, $9, $9 FROM taken`,
    [
      tx.organizationId,
      id,
      title.slice(0, 300),
      severity,
      fingerprint,
      threatScore,
      JSON.stringify(subjects),
      tags,
      new Date(now),
    ],
  );
  await addEntries(tx, [{ incidentId: id, kind: "OPENED", message, words, actor }], now, vault);
  return { id, cursor: await recordChanges(tx, [{ topic: "incident", kind: "OPENED", entityId: id }]) };
}
