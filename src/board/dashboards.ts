/** Dashboards and their widgets: each change raises the dashboard's revision. */
import { v7 as uuidv7 } from "uuid";
import type { Tx } from "../db.ts";
import { VigilError } from "../errors.ts";

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

const missing = (noun: string): VigilError =>
  new VigilError("NOT_FOUND", `There is no such ${noun}.`, { path: ["id"] });

function checkText(text: string, longest: number, key: string, shortest = 1): string {
  const trimmed = text.trim();
  if (trimmed.length >= shortest && trimmed.length <= longest && !trimmed.includes("\0")) return trimmed;
  throw new VigilError("BAD_USER_INPUT", `It has ${shortest} to ${longest} characters`, { path: ["input", key] });
}

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

/** Makes an empty dashboard; returns its id. Errors: BAD_USER_INPUT, CONFLICT (the name is taken). */
export async function createDashboard(
  tx: Tx,
  { name, description, author, now }: { name: string; description: string; author: string; now: number },
): Promise<string> {
  const id = uuidv7({ msecs: now });
  const { rowCount } = await tx.query(
    `INSERT INTO dashboards (organization_id, id, name, description, author, created_at, updated_at)
     VALUES ($1, $2, $3, $4, $5, $6, $6) ON CONFLICT (organization_id, name) DO NOTHING`,
    [
      tx.organizationId,
      id,
      checkText(name, 100, "name"),
      checkText(description, 2_000, "description", 0),
      author,
      new Date(now),
    ],
  );
  if (rowCount === 1) return id;
  throw new VigilError("CONFLICT", "A dashboard of this name exists.", { path: ["input", "name"] });
}

/** Changes what is given. Errors: NOT_FOUND, BAD_USER_INPUT, CONFLICT (the name is taken). */
export async function updateDashboard(
  tx: Tx,
  {
    id,
    name,
    description,
    now,
  }: { id: string; name?: string | undefined; description?: string | undefined; now: number },
): Promise<void> {
  await touch(tx, id, now);
  const newName = name === undefined ? null : checkText(name, 100, "name");
  const { rows } = await tx.query("SELECT 1 FROM dashboards WHERE organization_id = $1 AND name = $2 AND id <> $3", [
    tx.organizationId,
    newName,
    id,
  ]);
  if (rows.length > 0)
    throw new VigilError("CONFLICT", "A dashboard of this name exists.", { path: ["input", "name"] });
  await tx.query(
    `UPDATE dashboards SET name = coalesce($3, name), description = coalesce($4, description)
     WHERE organization_id = $1 AND id = $2`,
    [
      tx.organizationId,
      id,
      newName,
      description === undefined ? null : checkText(description, 2_000, "description", 0),
    ],
  );
}

/** Removes a dashboard and its widgets. Errors: NOT_FOUND. */
export async function deleteDashboard(tx: Tx, id: string): Promise<void> {
  const { rowCount } = await tx.query("DELETE FROM dashboards WHERE organization_id = $1 AND id = $2", [
    tx.organizationId,
    id,
  ]);
  if (rowCount !== 1) throw missing("dashboard");
}

/** Puts a widget on a dashboard; returns its id. Errors: NOT_FOUND, BAD_USER_INPUT. */
export async function createWidget(
  tx: Tx,
  { dashboardId, now, ...fields }: WidgetFields & { dashboardId: string; now: number },
): Promise<string> {
  checkPlace(fields);
  const title = checkText(fields.title, 100, "title");
  const settings = checkSettings(fields.settings);
  await touch(tx, dashboardId, now);
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

/** Changes what a widget shows and how. Errors: NOT_FOUND, BAD_USER_INPUT. */
export async function updateWidget(
  tx: Tx,
  { id, now, kind, title, settings }: Partial<WidgetFields> & { id: string; now: number },
): Promise<void> {
  const { rows } = await tx.query<{ dashboard_id: string }>(
    `UPDATE dashboard_widgets SET kind = coalesce($3, kind), title = coalesce($4, title), settings = coalesce($5, settings), updated_at = $6
     WHERE organization_id = $1 AND id = $2 RETURNING dashboard_id`,
    [
      tx.organizationId,
      id,
      kind ?? null,
      title === undefined ? null : checkText(title, 100, "title"),
      settings === undefined ? null : checkSettings(settings),
      new Date(now),
    ],
  );
  if (!rows[0]) throw missing("widget");
  await touch(tx, rows[0].dashboard_id, now);
}

/** Takes a widget away. Errors: NOT_FOUND. */
export async function deleteWidget(tx: Tx, { id, now }: { id: string; now: number }): Promise<void> {
  const { rows } = await tx.query<{ dashboard_id: string }>(
    "DELETE FROM dashboard_widgets WHERE organization_id = $1 AND id = $2 RETURNING dashboard_id",
    [tx.organizationId, id],
  );
  if (!rows[0]) throw missing("widget");
  await touch(tx, rows[0].dashboard_id, now);
}

/** Moves widgets of one dashboard, all or none. Errors: NOT_FOUND, BAD_USER_INPUT. */
export async function layOut(
  tx: Tx,
  { id, places, now }: { id: string; places: readonly (Place & { widgetId: string })[]; now: number },
): Promise<void> {
  for (const place of places) checkPlace(place);
  await touch(tx, id, now);
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

/** Locks a dashboard and raises its revision. */
async function touch(tx: Tx, id: string, now: number): Promise<void> {
  const { rowCount } = await tx.query(
    "UPDATE dashboards SET revision = revision + 1, updated_at = $3 WHERE organization_id = $1 AND id = $2",
    [tx.organizationId, id, new Date(now)],
  );
  if (rowCount !== 1) throw missing("dashboard");
}
