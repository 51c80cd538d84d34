/** What a widget shows, as it changes. */
import { setTimeout as wait } from "node:timers/promises";
import type { Database } from "../db.ts";
import { VigilError } from "../errors.ts";
import type { Severity } from "../generated/prisma/client.ts";
import type { WidgetKind } from "./dashboards.ts";
import { type MetricSeries, readMetrics } from "./metrics.ts";
import { type GaugeName, sourceOf } from "./widget-source.ts";

export interface WidgetData {
  at: Date;
  /** The present value; undefined: it shows something else. */
  value?: number | null;
  series?: MetricSeries[];
  severities?: { severity: Severity; count: number }[];
  /** Ids of incidents, the latest first. */
  incidents?: string[];
}

type Gauges = Record<GaugeName, number | null> & { openBySeverity: { severity: Severity; count: number }[] };

export interface WidgetDataOptions {
  db: Pick<Database, "query">;
  /** The present gauges. */
  gauges(organizationId: string): Promise<Gauges>;
  now(): number;
}

/** Errors: NOT_FOUND (no such widget), BAD_USER_INPUT (settings that show nothing). */
export async function readWidgetData(
  { db, gauges, now }: WidgetDataOptions,
  organizationId: string,
  id: string,
): Promise<{ data: WidgetData; mark: string }> {
  const { rows } = await db.query<{ kind: WidgetKind; settings: Record<string, unknown> }>(organizationId, {
    name: "widget_settings",
    text: "SELECT kind, settings FROM dashboard_widgets WHERE organization_id = $1 AND id = $2",
    values: [organizationId, id],
  });
  const [widget] = rows;
  if (!widget) throw new VigilError("NOT_FOUND", "There is no such widget.", { path: ["id"] });
  const source = sourceOf(widget.kind, widget.settings);
  const at = new Date(now());
  const shown = <T>(data: Omit<WidgetData, "at">, mark: T) => ({
    data: { at, ...data },
    mark: JSON.stringify([source, mark]),
  });
  if (source.what === "gauge") {
    const value = (await gauges(organizationId))[source.gauge];
    return shown({ value }, value);
  }
  if (source.what === "severities") {
    const severities = (await gauges(organizationId)).openBySeverity;
    return shown({ severities }, severities);
  }
  if (source.what === "series") {
    const { names, minutes, step } = source;
    const to = new Date(Math.ceil((at.getTime() + 1) / step) * step);
    const from = new Date(to.getTime() - Math.ceil((minutes * 60_000) / step) * step);
    const series = await readMetrics(db, organizationId, { names, from, to, step });
    return shown({ series }, series);
  }
  const { rows: incidents } = await db.query<{ id: string; revision: number }>(organizationId, {
    name: "widget_incidents",
    text: `SELECT id, revision FROM security_incidents WHERE organization_id = $1 AND open_fingerprint IS NOT NULL
      ORDER BY created_at DESC, id DESC LIMIT $2`,
    values: [organizationId, source.first],
  });
  return shown({ incidents: incidents.map((incident) => incident.id) }, incidents);
}

/** A first value at once, then whatever is another one, at most one an interval, until the signal ends it. */
export async function* followWidget(
  options: WidgetDataOptions,
  organizationId: string,
  { id, intervalMs }: { id: string; intervalMs: number },
  signal: AbortSignal,
): AsyncGenerator<WidgetData, void, void> {
  let last: string | undefined;
  while (!signal.aborted) {
    const { data, mark } = await readWidgetData(options, organizationId, id);
    if (mark !== last) yield data;
    last = mark;
    await wait(intervalMs, undefined, { signal }).catch(() => undefined);
  }
}
