/** What happened in each interval of a range: a number is counted when it is first asked for, and then for all intervals. */
import type { Database } from "../db.ts";
import type { Range } from "./statistics.ts";

interface Source {
  table: string;
  /** The time that it is counted by. */
  column: string;
  /** What narrows the rows by an index. */
  and?: string;
}

/** A row was last changed at or after whatever is noted in it, and that has an index. */
const changed = " AND updated_at >= $2";
const incidents = "security_incidents";
const sources = {
  opened: { table: incidents, column: "opened_at" },
  acknowledged: { table: incidents, column: "acknowledged_at", and: changed },
  resolved: { table: incidents, column: "resolved_at", and: changed },
  detections: { table: "detections", column: "created_at" },
  alerts: { table: "security_alerts", column: "created_at" },
} as const satisfies Record<string, Source>;

interface Count {
  at: Date;
  count: number;
  failed: number;
}

export type Counted = keyof typeof sources;

export interface Step {
  /** When it begins. */
  at: Date;
  counted(what: Counted): Promise<number>;
  /** Of the alerts decided in it. */
  alertsFailed(): Promise<number>;
}

/** Each interval of the range, oldest first; `step` in ms. */
export function stepsOf(
  db: Pick<Database, "query">,
  organizationId: string,
  { from, to }: Range,
  step: number,
): Step[] {
  const known = new Map<Counted, Promise<Map<number, Count>>>();
  const values = [organizationId, from, to, step / 1_000];
  async function read(what: Counted): Promise<Map<number, Count>> {
    const { table, column, and = "" }: Source = sources[what];
    const failed = what === "alerts" ? "count(*) FILTER (WHERE status = 'FAILED')" : "0";
    const { rows } = await db.query<Count & Record<string, unknown>>(
      organizationId,
      `SELECT date_bin(make_interval(secs => $4), ${column}, $2) AS at, count(*)::int AS count, ${failed}::int AS failed
       FROM ${table} WHERE organization_id = $1 AND ${column} >= $2 AND ${column} < $3${and} GROUP BY 1`,
      values,
    );
    return new Map(rows.map((row) => [row.at.getTime(), row]));
  }
  function countsOf(what: Counted): Promise<Map<number, Count>> {
    const counts = known.get(what) ?? read(what);
    known.set(what, counts);
    return counts;
  }
  return Array.from({ length: Math.ceil((to.getTime() - from.getTime()) / step) }, (_, place) => {
    const at = from.getTime() + place * step;
    return {
      at: new Date(at),
      counted: async (what) => (await countsOf(what)).get(at)?.count ?? 0,
      alertsFailed: async () => (await countsOf("alerts")).get(at)?.failed ?? 0,
    };
  });
}
