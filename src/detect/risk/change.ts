/** What people say of an entity. */
import type { Tx } from "../../db.ts";
import { VigilError } from "../../errors.ts";
import { holdProfiles, holdTurn } from "../turn.ts";
import type { EntityName } from "./contribute.ts";
import { refreshRisk } from "./refresh.ts";
import type { Crossing } from "./settle.ts";

export const criticalities = [0.5, 1, 1.5, 2];
const mostRoles = 50;
const longest = 200; // characters

export interface EntityChange {
  criticality?: number | undefined;
  /** Null: none. */
  department?: string | null | undefined;
  roles?: readonly string[] | undefined;
}

/** Changes it; what is absent stays. Its threat score follows. Errors: NOT_FOUND, BAD_USER_INPUT. */
export async function changeEntity(
  tx: Tx,
  { kind, key }: EntityName,
  { criticality, department, roles }: EntityChange,
  now: number,
): Promise<{ id: string; crossings: Crossing[] }> {
  const bad = (message: string, field: string): never => {
    throw new VigilError("BAD_USER_INPUT", message, { path: ["input", field] });
  };
  if (criticality !== undefined && !criticalities.includes(criticality))
    bad(`A criticality is ${criticalities.join(", ")}.`, "criticality");
  if (department != null && (department.trim() === "" || department.length > longest))
    bad(`A department has 1 to ${longest} characters.`, "department");
  if (roles && (roles.length > mostRoles || roles.some((role) => role.trim() === "" || role.length > longest)))
    bad(`There are at most ${mostRoles} roles, of 1 to ${longest} characters.`, "roles");
  // Who is a peer of whom is kept between batches.
  await (roles !== undefined || department !== undefined ? holdProfiles : holdTurn)(tx);
  const { rows } = await tx.query<{ id: string }>(
    `UPDATE entities SET criticality = coalesce($4, criticality), roles = coalesce($5, roles),
       department = CASE WHEN $6 THEN $7 ELSE department END
     WHERE organization_id = $1 AND kind = $2::entity_kind AND key = $3 RETURNING id`,
    [tx.organizationId, kind, key, criticality, roles, department !== undefined, department?.trim() ?? null],
  );
  const [row] = rows;
  if (!row) throw new VigilError("NOT_FOUND", `Nothing is known of ${kind} "${key}".`, { path: ["key"] });
  return { id: row.id, crossings: await refreshRisk(tx, [{ kind, key }], now) };
}
