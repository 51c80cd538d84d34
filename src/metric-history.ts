/**
 * The gauges' history: one process of all samples every organization's each second, and adds the values to series named
 * `vigil.…`, which `metrics` reads by the second (of the last two hours), minute (of a month) and hour. What a process that is
 * killed has not written yet are five seconds at most.
 */
import { type MetricValue, recordMetrics } from "./board/metrics.ts";
import type { Database, Tx } from "./db.ts";
import type { Log } from "./log.ts";
import type { Gauges, RealtimeMetrics } from "./publish/gauges.ts";

const sampleInterval = 1_000; // 1 second
const samplesTogether = 5;
const dutyFor = 15_000; // a process that says nothing for so long loses the duty
const atOnce = 4; // organizations
const name = "metric-history";

/** How long the points of each resolution are kept (ms, by their seconds); hours are kept as the retention policy says. */
export const historyKept: Readonly<Record<1 | 60, number>> = { 1: 7_200_000, 60: 31 * 86_400_000 };

/** The series of one moment. Pure. */
export function seriesOf(metrics: RealtimeMetrics): MetricValue[] {
  const { at, openBySeverity, ...numbers } = metrics;
  const values: MetricValue[] = [];
  const add = (name: string, value: number, labels: Record<string, string> = {}): void =>
    void values.push({ name: `vigil.${name}`, labels, value, at: at.getTime() });
  for (const [key, value] of Object.entries(numbers)) if (value !== null) add(key, value);
  for (const { severity, count } of openBySeverity) add("openBySeverity", count, { severity });
  return values;
}

export interface MetricHistory {
  /**
   * Samples once, if this process has the duty, and writes where there are so many samples (one) by now; answers whether it
   * has. Written together, a minute's and an hour's rollup change once for all of them.
   */
  sample(together?: number): Promise<boolean>;
  /** Samples every second from now on. */
  start(): void;
  close(): Promise<void>;
}

export function createMetricHistory(options: {
  db: Pick<Database, "takeDuty" | "organizationIds" | "inOrganization">;
  gauges: Pick<Gauges, "now">;
  processId: string;
  log: Log;
}): MetricHistory {
  const { db, gauges, processId, log } = options;
  let unwritten = new Map<string, MetricValue[]>();
  let samples = 0;
  let organizations: string[] = [];
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<boolean> | undefined;
  let isClosing = false;
  const failed = (error: Error): void => log.warn({ err: error.message }, "the gauges were not recorded");

  /** Looks at every organization; a moment that takes longer than the next is due leaves that one out. */
  async function look(): Promise<void> {
    const left = [...organizations];
    const one = async (): Promise<void> => {
      for (let id = left.shift(); id !== undefined && !isClosing; id = left.shift()) {
        const metrics = await gauges.now(id).catch(failed);
        if (metrics) unwritten.set(id, [...(unwritten.get(id) ?? []), ...seriesOf(metrics)]);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, one));
    samples++;
  }

  async function write(): Promise<void> {
    const due = unwritten;
    unwritten = new Map();
    samples = 0;
    for (const [id, values] of due) await db.inOrganization(id, (tx) => recordMetrics(tx, values)).catch(failed);
  }

  async function sampleAll(together: number): Promise<boolean> {
    if (samples === 0) {
      organizations = (await db.takeDuty(name, processId, dutyFor)) ? await db.organizationIds() : [];
      if (organizations.length === 0) return false;
    }
    await look();
    if (samples >= together) await write();
    return true;
  }

  function sample(together = 1): Promise<boolean> {
    running ??= sampleAll(together).finally(() => {
      running = undefined;
    });
    return running;
  }

  return {
    sample,
    start() {
      timer ??= setInterval(() => void sample(samplesTogether).catch(failed), sampleInterval).unref();
    },
    async close() {
      isClosing = true;
      clearInterval(timer);
      await running?.catch(() => undefined);
      await write();
    },
  };
}

/** Removes the history's seconds and minutes that are older than they are kept; answers how many points. */
export async function forgetHistory(tx: Tx, now: number): Promise<number> {
  let removed = 0;
  for (const [resolution, kept] of Object.entries(historyKept)) {
    const { rowCount } = await tx.query(
      `DELETE FROM security_metrics WHERE organization_id = $1 AND name IN (SELECT DISTINCT name FROM security_metrics
         WHERE organization_id = $1 AND resolution = 3600 AND name LIKE 'vigil.%') AND resolution = $2 AND at < $3`,
      [tx.organizationId, Number(resolution), new Date(now - kept)],
    );
    removed += rowCount ?? 0;
  }
  return removed;
}
