/**
 * The gauges' history: one process of all samples every organization's, and adds the values to series named `vigil.…`,
 * which `metrics` reads by the second, minute and hour. Old seconds and minutes are forgotten.
 */
import { type MetricValue, recordMetrics } from "./board/metrics.ts";
import type { Database, Tx } from "./db.ts";
import type { Log } from "./log.ts";
import type { Gauges, RealtimeMetrics } from "./publish/gauges.ts";

const sampleInterval = 5_000; // 5 seconds
const dutyFor = 15_000; // a process that says nothing for so long loses the duty
const name = "metric-history";

/** How long the points of each resolution are kept (days, by their seconds); hours are kept as the retention policy says. */
export const historyKept: Readonly<Record<1 | 60, number>> = { 1: 1, 60: 31 };

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
  /** Samples once, if this process has the duty; answers whether it has. */
  sample(): Promise<boolean>;
  /** Samples every five seconds from now on. */
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
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<boolean> | undefined;
  let isClosing = false;

  async function sampleAll(): Promise<boolean> {
    if (!(await db.takeDuty(name, processId, dutyFor))) return false;
    for (const organizationId of await db.organizationIds()) {
      if (isClosing) break;
      const values = seriesOf(await gauges.now(organizationId));
      await db.inOrganization(organizationId, (tx) => recordMetrics(tx, values));
    }
    return true;
  }

  function sample(): Promise<boolean> {
    running ??= sampleAll().finally(() => {
      running = undefined;
    });
    return running;
  }

  return {
    sample,
    start() {
      const failed = (error: Error): void => log.warn({ err: error.message }, "the gauges were not recorded");
      timer ??= setInterval(() => void sample().catch(failed), sampleInterval).unref();
    },
    async close() {
      isClosing = true;
      clearInterval(timer);
      await running?.catch(() => undefined);
    },
  };
}

/** Removes the history's seconds and minutes that are older than they are kept; answers how many points. */
export async function forgetHistory(tx: Tx, now: number): Promise<number> {
  let removed = 0;
  for (const [resolution, days] of Object.entries(historyKept)) {
    const { rowCount } = await tx.query(
      `DELETE FROM security_metrics WHERE organization_id = $1 AND name IN (SELECT DISTINCT name FROM security_metrics
         WHERE organization_id = $1 AND resolution = 3600 AND name LIKE 'vigil.%') AND resolution = $2 AND at < $3`,
      [tx.organizationId, Number(resolution), new Date(now - days * 86_400_000)],
    );
    removed += rowCount ?? 0;
  }
  return removed;
}
