/** The programs that apply decisions: when they were last here, what they have, and where each decision is applied. */
import { v7 as uuidv7 } from "uuid";
import type { Tx } from "../db.ts";
import { VigilError } from "../errors.ts";

export interface EnforcerCall {
  /** What it calls itself, e.g. its host. */
  name: string;
  /** The program and its version, e.g. `vigil-sdk/0.1.0`. */
  program: string;
  apiKeyId: string;
  now: number;
}

const mostEnforcers = 1_000;
const longestAway = 7 * 86_400_000; // as long as a decision may be in force: what it said of them says nothing any more

/** Checks what an enforcer says of itself. Errors: BAD_USER_INPUT. */
export function readEnforcer(name: unknown, program: unknown): { name: string; program: string } {
  const isText = (text: unknown, most: number): text is string =>
    typeof text === "string" && text.length >= 1 && text.length <= most && !/[\0-\x1f]/.test(text);
  if (!isText(name, 200))
    throw new VigilError("BAD_USER_INPUT", "enforcer names the program that calls: 1 to 200 characters");
  if (!isText(program, 100))
    throw new VigilError("BAD_USER_INPUT", "program is its name and version: 1 to 100 characters");
  return { name, program };
}

/**
 * Notes that it was here; answers its id. Where there are too many those that have been away for long make room: a
 * program in a container has another name each time it starts. Errors: CONFLICT where another key goes by that name, or
 * there are too many.
 */
export async function noteEnforcer(tx: Tx, call: EnforcerCall): Promise<string> {
  const { name, apiKeyId, now } = call;
  let row = await upsert(tx, call);
  if (!row) {
    await tx.query("DELETE FROM enforcers WHERE organization_id = $1 AND last_seen_at < $2", [
      tx.organizationId,
      new Date(now - longestAway),
    ]);
    row = await upsert(tx, call);
  }
  if (!row) throw new VigilError("CONFLICT", `There are ${mostEnforcers} enforcers already.`);
  if (row.api_key_id !== apiKeyId) {
    throw new VigilError("CONFLICT", `An enforcer with another key goes by the name ${name}: give each its own name.`);
  }
  return row.id;
}

interface Noted extends Record<string, unknown> {
  id: string;
  api_key_id: string;
}

async function upsert(tx: Tx, { name, program, apiKeyId, now }: EnforcerCall): Promise<Noted | undefined> {
  const { rows } = await tx.query<Noted>({
    name: "note_enforcer",
    text: `INSERT INTO enforcers (organization_id, id, name, api_key_id, version, last_seen_at, created_at)
      SELECT $1, $2, $3, $4, $5, $6, $6
      WHERE EXISTS (SELECT FROM enforcers WHERE organization_id = $1 AND name = $3)
        OR (SELECT count(*) FROM enforcers WHERE organization_id = $1) < ${mostEnforcers}
      ON CONFLICT (organization_id, name) DO UPDATE SET last_seen_at = excluded.last_seen_at, version = excluded.version,
        api_key_id = CASE WHEN enforcers.last_seen_at < excluded.last_seen_at - interval '5 minutes' THEN excluded.api_key_id
          ELSE enforcers.api_key_id END
      RETURNING id, api_key_id`,
    values: [tx.organizationId, uuidv7({ msecs: now }), name, apiKeyId, program, new Date(now)],
  });
  return rows[0];
}

/** What it says it applies and no longer applies. Unknown ids are left out; saying it twice changes nothing. */
export async function acknowledge(
  tx: Tx,
  call: EnforcerCall & { listVersion: number; applied: readonly string[]; lifted: readonly string[] },
): Promise<void> {
  const id = await noteEnforcer(tx, call);
  const { listVersion, applied, lifted, now } = call;
  await tx.query({
    name: "acknowledge_decisions",
    text: `WITH seen AS (
        UPDATE enforcers SET list_version = greatest(list_version, $3) WHERE organization_id = $1 AND id = $2
      ), applied AS (
        INSERT INTO decision_acknowledgements (organization_id, decision_id, enforcer_id, applied_at)
        SELECT $1, d.id, $2, $6 FROM decisions d WHERE d.organization_id = $1 AND d.id = ANY ($4::uuid[])
        ON CONFLICT DO NOTHING
      )
      UPDATE decision_acknowledgements SET lifted_at = $6
      WHERE organization_id = $1 AND enforcer_id = $2 AND decision_id = ANY ($5::uuid[]) AND lifted_at IS NULL`,
    values: [tx.organizationId, id, listVersion, applied, lifted, new Date(now)],
  });
}
