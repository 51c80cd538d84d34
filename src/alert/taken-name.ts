import type { Tx } from "../db.ts";
import { VigilError } from "../errors.ts";

/** What has a name of its own within an organization, and what people call it. */
const named = {
  alert_routes: "a route",
  alert_inhibitions: "an inhibition",
  escalation_policies: "an escalation policy",
  on_call_schedules: "a schedule",
} as const;

/** Errors: CONFLICT where another row than `id` has the name. No name given: nothing is refused. */
export async function refuseTakenName(
  tx: Tx,
  table: keyof typeof named,
  { id, name }: { id: string; name: string | undefined },
): Promise<void> {
  const { rows } = await tx.query(`SELECT FROM ${table} WHERE organization_id = $1 AND name = $2 AND id <> $3`, [
    tx.organizationId,
    name?.trim() ?? null,
    id,
  ]);
  if (rows.length === 0) return;
  throw new VigilError("CONFLICT", `There is ${named[table]} of that name already.`, { path: ["input", "name"] });
}
