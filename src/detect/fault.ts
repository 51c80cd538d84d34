/** Stored rules that cannot run, and why: each was good when it was saved, and something it needs has changed since. */
import type { Database } from "../db.ts";
import { compileRules } from "./compile.ts";
import { loadRules } from "./store.ts";

const mostKept = 200; // organizations
const known = new Map<string, { version: number; faults: Map<string, string> }>();

/** By rule id. Compiled once for each version of the organization's rules. */
export async function faultsOf(
  db: Pick<Database, "query" | "inOrganization">,
  organizationId: string,
): Promise<ReadonlyMap<string, string>> {
  const { rows } = await db.query<{ version: number }>(
    organizationId,
    "SELECT rules_version AS version FROM organizations WHERE id = $1",
    [organizationId],
  );
  const before = known.get(organizationId);
  if (before && before.version === rows[0]?.version) return before.faults;
  const { version, rules, placeholders } = await db.inOrganization(organizationId, loadRules);
  const faults = new Map<string, string>();
  for (const { ruleId, message } of compileRules(rules, { placeholders }).errors)
    faults.set(ruleId, [faults.get(ruleId), message].filter(Boolean).join("; "));
  if (known.size >= mostKept) known.clear();
  known.set(organizationId, { version, faults });
  return faults;
}
