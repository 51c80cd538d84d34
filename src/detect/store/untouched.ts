/** Which built-in rules stand as Vigil wrote them: these follow a new version of Vigil, changed ones are left alone. */
import type { Tx } from "../../db.ts";
import type { BuiltinRule } from "../builtin.ts";
import { referenceOf } from "./known.ts";

/** What Vigil signs its own revisions with. */
export const ownAuthor = "vigil";

/** Those of the shipped rules that the organization has in an older text, and that nobody but Vigil ever changed. */
export async function outdated(tx: Tx, shipped: readonly BuiltinRule[]): Promise<BuiltinRule[]> {
  const { rows } = await tx.query<{ reference: string; yaml: string }>({
    name: "untouched_rules",
    text: `SELECT r.reference, r.yaml FROM alert_rules r
      WHERE r.organization_id = $1 AND r.builtin AND r.deleted_at IS NULL AND NOT EXISTS (
        SELECT FROM alert_rule_revisions v WHERE v.organization_id = $1 AND v.rule_id = r.id AND v.author <> $2)`,
    values: [tx.organizationId, ownAuthor],
  });
  const stored = new Map(rows.map(({ reference, yaml }) => [reference, yaml]));
  return shipped.filter(({ document }) => {
    const text = stored.get(referenceOf(document));
    return text !== undefined && text !== document.yaml;
  });
}
