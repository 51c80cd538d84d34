/** The monthly review (45 CFR 164.308(a)(1)(ii)(D)): a month's activity gathered, looked through and signed by a named person. */
import { validate as isUuid, v7 as uuidv7 } from "uuid";
import { audit } from "../access/audit.ts";
import { stranger } from "../access/refusals.ts";
import type { Tx } from "../db.ts";
import { VigilError } from "../errors.ts";
import { sealWords, type WordsVault } from "../secrets/words.ts";
import { spelledOnce } from "../user-name.ts";
import { phiRead } from "./phi-read.ts";

const graceDays = 10; // days after its month that a pack may wait for its signature
const listed = 1_000; // rows of each list in a pack; the counts beside them tell what is left out

/** The first day of a month written 2026-01. Errors: BAD_USER_INPUT (no month, or one that is not over). */
export function readMonth(text: string, now: number): Date {
  const month = /^\d{4}-(0[1-9]|1[0-2])$/.test(text) ? new Date(`${text}-01T00:00:00Z`) : undefined;
  const path = ["input", "month"];
  if (!month) throw new VigilError("BAD_USER_INPUT", "A month is written like 2026-01", { path });
  if (endOf(month).getTime() > now)
    throw new VigilError("BAD_USER_INPUT", "A month is reviewed when it is over", { path });
  return month;
}

function endOf(month: Date): Date {
  return new Date(Date.UTC(month.getUTCFullYear(), month.getUTCMonth() + 1, 1));
}

/** Whether a month's pack should have been signed by now. */
export function isOverdue(month: Date, signedAt: Date | null, now: number): boolean {
  return signedAt === null && now > endOf(month).getTime() + graceDays * 86_400_000;
}

const signIns = "('SIGNED_IN', 'SIGN_IN_REFUSED')";
const failures = `('PERMISSION_REFUSED', 'MUTATION_REFUSED', 'MUTATION_FAILED', 'SIGN_IN_REFUSED', 'SIGN_IN_LINK_REFUSED',
  'SECOND_FACTOR_REFUSED')`;
// Strangers ask for sign-in links as often as they like: that changes nobody's rights, and would fill the list.
const privileges = `action ~ '^(USER|API_KEY|ROLE|ORGANIZATION|RETENTION|SIGN_IN_LINK_CREATED|TOKEN|SECOND_FACTOR|BREAK_GLASS)'
  AND action <> 'SECOND_FACTOR_REFUSED' AND actor <> '${stranger}'`;

// Outliers: whoever read more patients' data than three standard deviations above the mean, or three times the median.
const gather = `
  WITH entries AS (
    SELECT seq, at, actor, action, entity_kind, entity_id, detail FROM security_audit_log
    WHERE organization_id = $1 AND at >= $2 AND at < $3
  ),
  readers AS (
    SELECT actor, count(*)::int AS reads, sum((detail->>'count')::int)::int AS patients FROM entries
    WHERE action = $4 GROUP BY actor
  ),
  norm AS (
    SELECT avg(patients) + 3 * coalesce(stddev_pop(patients), 0) AS high,
      3 * percentile_cont(0.5) WITHIN GROUP (ORDER BY patients) AS triple, count(*) AS people FROM readers
  ),
  failed AS (
    SELECT actor, action, entity_id AS what, count(*)::int AS times FROM entries WHERE action IN ${failures}
    GROUP BY actor, action, entity_id
  ),
  changed AS (
    SELECT seq, at, actor, action, entity_kind AS kind, entity_id AS id FROM entries WHERE ${privileges}
  )
  SELECT jsonb_build_object(
    'month', to_char($2::timestamptz AT TIME ZONE 'UTC', 'YYYY-MM'),
    'auditEntries', (SELECT jsonb_build_object('count', count(*), 'first', min(seq), 'last', max(seq)) FROM entries),
    'signIns', coalesce((SELECT jsonb_agg(s ORDER BY s.actor, s.action) FROM (
      SELECT actor, action, count(*)::int AS times FROM entries WHERE action IN ${signIns}
      GROUP BY actor, action ORDER BY actor, action LIMIT ${listed}) s), '[]'),
    'applicationSignIns', coalesce((SELECT jsonb_agg(s ORDER BY s.outcome) FROM (
      SELECT outcome, count(*)::int AS times, count(DISTINCT ${spelledOnce("coalesce(actor_name, actor_id)")})::int AS actors FROM realtime_monitoring
      WHERE organization_id = $1 AND id >= event_id_floor($2) AND id < event_id_floor($3) AND category = 'AUTHENTICATION'
      GROUP BY outcome) s), '[]'),
    'failures', coalesce((SELECT jsonb_agg(f ORDER BY f.actor, f.action) FROM (
      SELECT * FROM failed ORDER BY actor = '${stranger}', times DESC LIMIT ${listed}) f), '[]'),
    'failureCount', (SELECT count(*) FROM failed),
    'privilegeChanges', coalesce((SELECT jsonb_agg(p ORDER BY p.seq) FROM (
      SELECT * FROM changed ORDER BY seq LIMIT ${listed}) p), '[]'),
    'privilegeChangeCount', (SELECT count(*) FROM changed),
    'patientAccess', jsonb_build_object(
      'readers', (SELECT count(*) FROM readers), 'reads', (SELECT coalesce(sum(reads), 0) FROM readers),
      'outliers', coalesce((SELECT jsonb_agg(r ORDER BY r.patients DESC) FROM (
        SELECT readers.* FROM readers, norm WHERE norm.people >= 3 AND patients > least(norm.high, norm.triple)) r), '[]')),
    'breakGlass', coalesce((SELECT jsonb_agg(b ORDER BY b.started_at) FROM (
      SELECT id, actor, started_at, reviewed_at IS NULL AS open FROM break_glass_uses
      WHERE organization_id = $1 AND started_at >= $2 AND started_at < $3 ORDER BY started_at LIMIT ${listed}) b), '[]'),
    'openIncidents', coalesce((SELECT jsonb_agg(i ORDER BY i.number) FROM (
      SELECT number, severity, status, opened_at FROM security_incidents
      WHERE organization_id = $1 AND opened_at < $3 AND open_fingerprint IS NOT NULL ORDER BY number LIMIT ${listed}) i), '[]')
  ) AS content`;

/** Gathers a month, anew where it was gathered before and nobody has signed it. Errors: CONFLICT (signed). */
export async function createReviewPack(
  tx: Tx,
  { month, actor, now }: { month: Date; actor: string; now: number },
): Promise<{ id: string }> {
  const { rows } = await tx.query<{ id: string; hash: string }>(
    `WITH gathered AS (${gather})
     INSERT INTO review_packs (organization_id, id, month, content, content_hash, created_at, created_by)
     SELECT $1, $5, ($2::timestamptz AT TIME ZONE 'UTC')::date, content, sha256(convert_to(content::text, 'UTF8')), $6, $7 FROM gathered
     ON CONFLICT (organization_id, month) DO UPDATE SET content = excluded.content, content_hash = excluded.content_hash,
       created_at = excluded.created_at, created_by = excluded.created_by
       WHERE review_packs.signed_at IS NULL
     RETURNING id, encode(content_hash, 'hex') AS hash`,
    [tx.organizationId, month, endOf(month), phiRead, uuidv7({ msecs: now }), new Date(now), actor],
  );
  const [made] = rows;
  const path = ["input", "month"];
  if (!made) throw new VigilError("CONFLICT", "This month's pack is signed: it stays as it is.", { path });
  const detail = { month: month.toISOString().slice(0, 7), contentHash: made.hash };
  await audit(tx, { actor, action: "REVIEW_PACK_CREATED", entityKind: "ReviewPack", entityId: made.id, detail });
  return { id: made.id };
}

/** Signs a pack: its hash, the reviewer and their note join the audit chain. Errors: NOT_FOUND, CONFLICT (signed). */
export async function signReviewPack(
  tx: Tx,
  vault: WordsVault,
  { id, actor, note, now }: { id: string; actor: string; note: string; now: number },
): Promise<void> {
  const text = note.trim();
  if (text === "" || text.length > 2_000) {
    throw new VigilError("BAD_USER_INPUT", "A signature has a note of 1 to 2,000 characters.", {
      path: ["input", "note"],
    });
  }
  const missing = new VigilError("NOT_FOUND", "There is no such review pack.", { path: ["id"] });
  if (!isUuid(id)) throw missing;
  const { rows: known } = await tx.query<{ signed_by: string | null; month: string; hash: string; whole: boolean }>(
    `SELECT signed_by, to_char(month, 'YYYY-MM') AS month, encode(content_hash, 'hex') AS hash,
       content_hash = sha256(convert_to(content::text, 'UTF8')) AS whole
     FROM review_packs WHERE organization_id = $1 AND id = $2`,
    [tx.organizationId, id],
  );
  const pack = known[0];
  if (!pack) throw missing;
  if (!pack.whole) throw new VigilError("CONFLICT", "The pack was changed: gather it anew.", { path: ["id"] });
  const { sealed, digest } = await sealWords(tx, vault, { kind: "reviewNote", rowId: id, text });
  const { rowCount } = await tx.query(
    `UPDATE review_packs SET signed_at = $3, signed_by = $4, sealed_note = $5
     WHERE organization_id = $1 AND id = $2 AND signed_at IS NULL AND encode(content_hash, 'hex') = $6`,
    [tx.organizationId, id, new Date(now), actor, sealed, pack.hash],
  );
  if (rowCount === 0)
    throw new VigilError("CONFLICT", "The pack is signed already, or was just gathered anew.", { path: ["id"] });
  const detail = { month: pack.month, contentHash: pack.hash, noteDigest: digest };
  await audit(tx, { actor, action: "REVIEW_PACK_SIGNED", entityKind: "ReviewPack", entityId: id, detail });
}
