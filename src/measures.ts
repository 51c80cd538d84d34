/**
 * What this process counts about itself, for operators: read by Prometheus from `GET /metrics`. Never anything of what an
 * organization's events, rules or people are.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

export interface Measures {
  /** A batch of events was stored. */
  stored(batch: { accepted: number; duplicates: number; detections: number; seconds: number }): void;
  /** Events that were not valid. */
  rejected(events: number): void;
  /** Events that were sent away because too many of their organization wait. */
  refused(events: number): void;
  /** A request was answered; `route` is one of the server's own, never a path somebody made up. */
  answered(request: { route: string; status: number; seconds: number }): void;
  /** Something that is looked at whenever somebody asks, in place of what had the name: one value, or one for each value of `label`. */
  watch(name: string, help: string, read: () => number | Promise<number>): void;
  watch(name: string, help: string, label: string, read: () => Values | Promise<Values>): void;
  /** Prometheus' text format, and the media type to send it as. */
  text(): Promise<{ body: string; type: string }>;
}

type Values = Readonly<Record<string, number>>;

export function createMeasures(): Measures {
  const registry = new Registry();
  const registers = [registry];
  const events = new Counter({
    name: "vigil_events_total",
    help: "Events by what became of them: accepted, duplicate (sent before), rejected (not valid) or refused (429: too many wait).",
    labelNames: ["result"],
    registers,
  });
  for (const result of ["accepted", "duplicate", "rejected", "refused"]) events.inc({ result }, 0);
  const batches = new Histogram({
    name: "vigil_batch_duration_seconds",
    help: "From the start to the commit of one batch of events: enrichment, detection, incidents and storing.",
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  const detections = new Counter({
    name: "vigil_detections_total",
    help: "Detections that a batch opened or continued.",
    registers,
  });
  const requests = new Histogram({
    name: "vigil_http_request_duration_seconds",
    help: "From the start of a request to the end of its answer, streams left out.",
    labelNames: ["route", "status"],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  let watchesProcess = false;
  return {
    stored({ accepted, duplicates, detections: found, seconds }) {
      events.inc({ result: "accepted" }, accepted);
      events.inc({ result: "duplicate" }, duplicates);
      detections.inc(found);
      batches.observe(seconds);
    },
    rejected: (count) => events.inc({ result: "rejected" }, count),
    refused: (count) => events.inc({ result: "refused" }, count),
    answered: ({ route, status, seconds }) => requests.observe({ route, status: String(status) }, seconds),
    watch(name: string, help: string, ...rest: unknown[]) {
      const [label, read] = (rest.length === 2 ? rest : [undefined, rest[0]]) as [
        string | undefined,
        () => number | Values | Promise<number | Values>,
      ];
      registry.removeSingleMetric(name);
      new Gauge({
        name,
        help,
        labelNames: label === undefined ? [] : [label],
        registers,
        async collect() {
          // None where it cannot be read, the database being away: what else is known is told all the same.
          const value = await (async () => read())().catch(() => undefined);
          this.reset();
          if (value === undefined) return label === undefined ? this.remove() : undefined; // reset alone says 0
          if (typeof value === "number") this.set(value);
          else for (const [of, each] of Object.entries(value)) this.set({ [label as string]: of }, each);
        },
      });
    },
    async text() {
      if (!watchesProcess) collectDefaultMetrics({ register: registry });
      watchesProcess = true;
      return { body: await registry.metrics(), type: registry.contentType };
    },
  };
}
