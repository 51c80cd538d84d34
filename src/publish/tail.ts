/**
 * A live tail of stored events. It shows what passes by, not everything: the latest of what came since the last look,
 * and how many more there were.
 */
import { setTimeout as wait } from "node:timers/promises";
import type { Database } from "../db.ts";
import type { Bells } from "./bells.ts";

export interface TailCondition {
  /** SQL on the columns of realtime_monitoring, made once; `$1` is the organization. */
  text: string;
  /** From `$1` on. */
  values: readonly unknown[];
}

export interface TailPage {
  /** Ids of the events, the oldest first: at most 100. */
  ids: string[];
  /** Events that fit and are not among them: there were too many at once. */
  dropped: number;
}

export interface Tail {
  /** What comes from now on and fits, until the signal ends it. */
  follow(organizationId: string, condition: TailCondition, signal: AbortSignal): AsyncGenerator<TailPage, void, void>;
}

const mostShown = 100; // events a page
const pace = 250; // ms between two pages at least
interface Found {
  id: string;
  fitting: number;
}

const lostBell = 5_000; // ms: a bell that was lost delays events by this at most

export function createTail(db: Pick<Database, "query">, bells: Pick<Bells, "listen">): Tail {
  async function newest(organizationId: string): Promise<string> {
    const { rows } = await db.query<{ id: string | null }>(organizationId, {
      name: "tail_newest",
      text: `SELECT coalesce((SELECT id FROM realtime_monitoring WHERE organization_id = $1
        ORDER BY id DESC LIMIT 1), '00000000-0000-0000-0000-000000000000') AS id`,
      values: [organizationId],
    });
    return rows[0]?.id as string;
  }

  return {
    async *follow(organizationId, condition, signal) {
      // Listen before reading, so that nothing falls between the two.
      const bell = bells.listen(organizationId, "event", signal);
      const { text, values } = condition;
      const [after, upTo] = [`$${values.length + 1}`, `$${values.length + 2}`];
      // The newest ids and the number of all; ids of a batch are in the order in which batches were stored.
      const page = `SELECT id, count(*) OVER ()::int AS fitting FROM realtime_monitoring
        WHERE organization_id = $1 AND id > ${after}::uuid AND id <= ${upTo}::uuid AND ${text} ORDER BY id DESC LIMIT ${mostShown}`;
      try {
        let seen = await newest(organizationId);
        while (!signal.aborted) {
          await bell.wait(lostBell);
          if (signal.aborted) return;
          const end = await newest(organizationId);
          if (end <= seen) continue;
          const { rows } = await db.query<Found>(organizationId, page, [...values, seen, end]);
          seen = end;
          if (rows.length === 0) continue;
          yield { ids: rows.map(({ id }) => id).reverse(), dropped: (rows[0]?.fitting ?? 0) - rows.length };
          await wait(pace, undefined, { signal }).catch(() => undefined);
        }
      } finally {
        bell.close();
      }
    },
  };
}
