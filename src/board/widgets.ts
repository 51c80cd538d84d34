/** The widgets of dashboards, and where they stand. */
import { v7 as uuidv7 } from "uuid";
import type { Tx } from "../db.ts";
import { VigilError } from "../errors.ts";
import { checkText, type Editor, missing, touch } from "./editor.ts";

export type WidgetKind = "NUMBER" | "LINE" | "BAR" | "TABLE" | "FEED";

/** Where a widget stands on a grid of 12 columns. */
export interface Place {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface WidgetFields extends Place {
  kind: WidgetKind;
  title: string;
  settings: object;
}

const columns = 12;
const tallest = 1_000; // rows of a grid
const mostWidgets = 50;
const largestSettings = 10_000; // characters

function checkPlace({ x, y, width, height }: Place): void {
  const fits = x >= 0 && y >= 0 && width >= 1 && height >= 1 && x + width <= columns && y + height <= tallest;
  if (fits) return;
  throw new VigilError("BAD_USER_INPUT", `A widget stands on ${columns} columns and ${tallest} rows`, {
    path: ["input"],
  });
}

function checkSettings(settings: object): string {
  const text = JSON.stringify(settings);
  if (!Array.isArray(settings) && text.length <= largestSettings && !text.includes("\\u0000")) return text;
  throw new VigilError("BAD_USER_INPUT", `Settings are an object of at most ${largestSettings} characters`, {
    path: ["input", "settings"],
  });
}

/** Puts a widget on a dashboard; returns its id. Errors: NOT_FOUND, BAD_USER_INPUT, FORBIDDEN. */
export async function createWidget(
  tx: Tx,
  { dashboardId, editor, now, ...fields }: WidgetFields & { dashboardId: string; editor: Editor; now: number },
): Promise<string> {
  checkPlace(fields);
  const title = checkText(fields.title, 100, "title");
  const settings = checkSettings(fields.settings);
  await touch(tx, { id: dashboardId, editor, now });
  const { rows } = await tx.query<{ n: number }>(
    "SELECT count(*)::int AS n FROM dashboard_widgets WHERE organization_id = $1 AND dashboard_id = $2",
    [tx.organizationId, dashboardId],
  );
  if ((rows[0]?.n ?? 0) >= mostWidgets) {
    throw new VigilError("BAD_USER_INPUT", `A dashboard has at most ${mostWidgets} widgets`, { path: ["dashboardId"] });
  }
  const id = uuidv7({ msecs: now });
  await tx.query(
    `INSERT INTO dashboard_widgets (organization_id, id, dashboard_id, kind, title, settings, x, y, width, height, created_at, updated_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)`,
    [
      tx.organizationId,
      id,
      dashboardId,
      fields.kind,
      title,
      settings,
      fields.x,
      fields.y,
      fields.width,
      fields.height,
      new Date(now),
    ],
  );
  return id;
}

/** Changes what a widget shows and how. Errors: NOT_FOUND, BAD_USER_INPUT, FORBIDDEN. */
export async function updateWidget(
  tx: Tx,
  { id, editor, now, kind, title, settings }: Partial<WidgetFields> & { id: string; editor: Editor; now: number },
): Promise<void> {
  await touch(tx, { id: await dashboardOf(tx, id, editor), editor, now });
  const { rowCount } = await tx.query(
    `UPDATE dashboard_widgets SET kind = coalesce($3, kind), title = coalesce($4, title), settings = coalesce($5, settings), updated_at = $6
     WHERE organization_id = $1 AND id = $2`,
    [
      tx.organizationId,
      id,
      kind ?? null,
      title === undefined ? null : checkText(title, 100, "title"),
      settings === undefined ? null : checkSettings(settings),
      new Date(now),
    ],
  );
  if (rowCount !== 1) throw missing("widget"); // it went meanwhile
}

/** Takes a widget away. Errors: NOT_FOUND, FORBIDDEN. */
export async function deleteWidget(
  tx: Tx,
  { id, editor, now }: { id: string; editor: Editor; now: number },
): Promise<void> {
  await touch(tx, { id: await dashboardOf(tx, id, editor), editor, now });
  const { rowCount } = await tx.query("DELETE FROM dashboard_widgets WHERE organization_id = $1 AND id = $2", [
    tx.organizationId,
    id,
  ]);
  if (rowCount !== 1) throw missing("widget"); // it went meanwhile
}

/** The dashboard a widget is on, where the editor may see it. Errors: NOT_FOUND. */
async function dashboardOf(tx: Tx, id: string, { userId }: Editor): Promise<string> {
  const { rows } = await tx.query<{ id: string }>(
    `SELECT d.id FROM dashboard_widgets w
       JOIN dashboards d ON d.organization_id = w.organization_id AND d.id = w.dashboard_id
     WHERE w.organization_id = $1 AND w.id = $2 AND (d.owner_id IS NULL OR d.owner_id = $3)`,
    [tx.organizationId, id, userId ?? null],
  );
  if (!rows[0]) throw missing("widget");
  return rows[0].id;
}

/** Moves widgets of one dashboard, all or none. Errors: NOT_FOUND, BAD_USER_INPUT, FORBIDDEN. */
export async function layOut(
  tx: Tx,
  {
    id,
    places,
    editor,
    now,
  }: { id: string; places: readonly (Place & { widgetId: string })[]; editor: Editor; now: number },
): Promise<void> {
  for (const place of places) checkPlace(place);
  await touch(tx, { id, editor, now });
  const { rowCount } = await tx.query(
    `UPDATE dashboard_widgets w SET x = p.x, y = p.y, width = p.width, height = p.height, updated_at = $8
     FROM unnest($3::uuid[], $4::int[], $5::int[], $6::int[], $7::int[]) AS p(id, x, y, width, height)
     WHERE w.organization_id = $1 AND w.dashboard_id = $2 AND w.id = p.id`,
    [
      tx.organizationId,
      id,
      places.map(({ widgetId }) => widgetId),
      places.map(({ x }) => x),
      places.map(({ y }) => y),
      places.map(({ width }) => width),
      places.map(({ height }) => height),
      new Date(now),
    ],
  );
  if (rowCount !== places.length) throw missing("widget on this dashboard");
}
