/** Making, changing and removing inhibitions: what keeps other incidents quiet while it is open. */
import { v7 as uuidv7 } from "uuid";
import type { Tx } from "../db.ts";
import { checkRevision, VigilError } from "../errors.ts";
import { equalFields } from "./inhibit.ts";
import { checkMatchers, type Matcher } from "./matcher.ts";
import { refuseTakenName } from "./taken-name.ts";

export interface InhibitionChange {
  name?: string | undefined;
  source?: readonly Matcher[] | undefined;
  target?: readonly Matcher[] | undefined;
  equal?: readonly string[] | undefined;
}

const most = 100;

function check({ name, source, target, equal = [] }: InhibitionChange): void {
  const bad = (message: string, ...path: string[]): VigilError =>
    new VigilError("BAD_USER_INPUT", message, { path: ["input", ...path] });
  if (name !== undefined && !/^[^\0]{1,200}$/.test(name.trim())) throw bad("A name has 1 to 200 characters.", "name");
  if (source) checkMatchers(source, ["input", "source"]);
  if (target) checkMatchers(target, ["input", "target"]);
  equal.forEach((field, index) => {
    if (!(equalFields as readonly string[]).includes(field))
      throw bad(`There is no field ${JSON.stringify(field)}: use ${equalFields.join(", ")}.`, "equal", String(index));
  });
}

/** Answers its id. Errors: BAD_USER_INPUT, CONFLICT. */
export async function createInhibition(
  tx: Tx,
  given: InhibitionChange & { name: string; source: readonly Matcher[]; target: readonly Matcher[] },
  now: number,
): Promise<string> {
  check(given);
  const id = uuidv7({ msecs: now });
  await refuseTakenName(tx, "alert_inhibitions", { id, name: given.name });
  const { rowCount } = await tx.query(
    `INSERT INTO alert_inhibitions (organization_id, id, name, source, target, equal, created_at, updated_at)
     SELECT $1, $2, $3, $4, $5, $6, $7, $7 WHERE (SELECT count(*) FROM alert_inhibitions WHERE organization_id = $1) < ${most}
     ON CONFLICT (organization_id, name) DO NOTHING`,
    [
      tx.organizationId,
      id,
      given.name.trim(),
      JSON.stringify(given.source),
      JSON.stringify(given.target),
      given.equal ?? [],
      new Date(now),
    ],
  );
  if (rowCount === 1) return id;
  throw new VigilError("CONFLICT", `There are ${most} inhibitions already, or one of that name.`, { path: ["input"] });
}

/** What is not given stays. Errors: NOT_FOUND, CONFLICT, BAD_USER_INPUT. */
export async function updateInhibition(
  tx: Tx,
  { id, expectedRevision, ...given }: InhibitionChange & { id: string; expectedRevision?: number | undefined },
  now: number,
): Promise<void> {
  check(given);
  const { rows } = await tx.query<{ revision: number }>(
    "SELECT revision FROM alert_inhibitions WHERE organization_id = $1 AND id = $2 FOR UPDATE",
    [tx.organizationId, id],
  );
  if (!rows[0]) throw unknown();
  checkRevision("The inhibition", rows[0].revision, expectedRevision);
  await refuseTakenName(tx, "alert_inhibitions", { id, name: given.name });
  await tx.query(
    `UPDATE alert_inhibitions SET name = coalesce($3, name), source = coalesce($4, source), target = coalesce($5, target),
       equal = coalesce($6, equal), revision = revision + 1, updated_at = $7 WHERE organization_id = $1 AND id = $2`,
    [
      tx.organizationId,
      id,
      given.name?.trim(),
      given.source && JSON.stringify(given.source),
      given.target && JSON.stringify(given.target),
      given.equal,
      new Date(now),
    ],
  );
}

/** What it held is told by the next sweep. Errors: NOT_FOUND. */
export async function deleteInhibition(tx: Tx, id: string): Promise<void> {
  const { rowCount } = await tx.query("DELETE FROM alert_inhibitions WHERE organization_id = $1 AND id = $2", [
    tx.organizationId,
    id,
  ]);
  if (rowCount !== 1) throw unknown();
}

const unknown = (): VigilError => new VigilError("NOT_FOUND", "There is no such inhibition.", { path: ["id"] });
