/** The traces that alerts came of, where traces are kept. */
import type { Database } from "../db.ts";
import { isTracing, type Traceparent } from "../tracing.ts";

export type Traces = ReadonlyMap<string, Traceparent>;

/** By the alert's id. Asks nothing where nobody keeps traces. */
export async function tracesOf(
  db: Pick<Database, "query">,
  organizationId: string,
  alertIds: readonly string[],
): Promise<Traces> {
  if (!isTracing() || alertIds.length === 0) return new Map();
  const { rows } = await db.query<{ id: string; trace: Traceparent }>(organizationId, {
    name: "alerts_traces",
    text: "SELECT id, trace FROM security_alerts WHERE organization_id = $1 AND id = ANY ($2) AND trace IS NOT NULL",
    values: [organizationId, alertIds],
  });
  return new Map(rows.map(({ id, trace }) => [id, trace]));
}
