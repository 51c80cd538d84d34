/** What a widget shows, as it changes. */
import { setTimeout as wait } from "node:timers/promises";
import type { Database } from "../db.ts";
import { VigilError } from "../errors.ts";
import type { Severity } from "../generated/prisma/client.ts";
import { type MetricSeries, readMetrics } from "./metrics.ts";
import { type GaugeName, sourceOf } from "./widget-source.ts";
import type { WidgetKind } from "./widgets.ts";

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

/** A widget, for whom. */
export interface WhichWidget {
  id: string;
  /** The person who looks; undefined: anybody, who sees what is on shared dashboards. */
  userId: string | undefined;
}

/** What a widget is to show. Errors: NOT_FOUND (no such widget, or on another person's own dashboard). */
export async function readWidget(
  { db }: Pick<WidgetDataOptions, "db">,
  organizationId: string,
  { id, userId }: WhichWidget,
): Promise<{ kind: WidgetKind; settings: Record<string, unknown> }> {
  const { rows } = await db.query<{ kind: WidgetKind; settings: Record<string, unknown> }>(organizationId, {
    name: "widget_settings",
    text: `SELECT w.kind, w.settings FROM dashboard_widgets w
        JOIN dashboards d ON d.organization_id = w.organization_id AND d.id = w.dashboard_id
      WHERE w.organization_id = $1 AND w.id = $2 AND (d.owner_id IS NULL OR d.owner_id = $3)`,
    values: [organizationId, id, userId ?? null],
  });
  if (!rows[0]) throw new VigilError("NOT_FOUND", "There is no such widget.", { path: ["id"] });
  return rows[0];
}

/** Errors: NOT_FOUND, as `readWidget`; BAD_USER_INPUT (settings that show nothing). */
export async function readWidgetData(
  { db, gauges, now }: WidgetDataOptions,
  organizationId: string,
  which: WhichWidget,
): Promise<{ data: WidgetData; mark: string }> {
  const widget = await readWidget({ db }, organizationId, which);
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
  { intervalMs, ...which }: WhichWidget & { intervalMs: number },
  signal: AbortSignal,
): AsyncGenerator<WidgetData, void, void> {
  let last: string | undefined;
  while (!signal.aborted) {
    const { data, mark } = await readWidgetData(options, organizationId, which);
    if (mark !== last) yield data;
    last = mark;
    await wait(intervalMs, undefined, { signal }).catch(() => undefined);
  }
}
