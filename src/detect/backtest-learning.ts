/** From where on history is read so that behaviour rules know what is usual when the range begins. */
import { arrivalOf, type HistorySource, idBefore } from "./backtest-read.ts";

/** 35 days: the longest learning period of a detector, and some more. */
export const learningDays = 35;
/** So many events at most, about ten seconds' work. */
export const learningEvents = 300_000;

/** The id behind which history is read: for learning, and in any case from `horizon` on. */
export async function learningStart(source: HistorySource, behind: string, horizon: string): Promise<string> {
  const earliest = idBefore(arrivalOf(behind) - learningDays * 86_400_000);
  const { rows } = await source.query<{ id: string }>(
    `SELECT id FROM realtime_monitoring WHERE organization_id = $1 AND id > $2 AND id <= $3
     ORDER BY id DESC OFFSET ${learningEvents} LIMIT 1`,
    [source.organizationId, earliest, behind],
  );
  const start = rows[0]?.id ?? earliest;
  return [start, horizon].sort()[0] as string;
}
