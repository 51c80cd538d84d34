/** Dashboards: shared ones, and those of one person alone. Each change raises the dashboard's revision. */
import { v7 as uuidv7 } from "uuid";
import type { Tx } from "../db.ts";
import { VigilError } from "../errors.ts";
import { checkText, type Editor, missing, requireShare, touch } from "./editor.ts";

const mostOwn = 50; // dashboards of one person
const uniqueViolation = "23505";

export interface NewDashboard {
  name: string;
  description: string;
  author: string;
  /** Everybody's; false: the editor's alone. */
  shared: boolean;
  /** The dashboard whose widgets it begins with; undefined: it begins empty. */
  copyOf: string | undefined;
  editor: Editor;
  now: number;
}

const taken = (): VigilError =>
  new VigilError("CONFLICT", "A dashboard of this name exists.", { path: ["input", "name"] });

/**
 * Makes a dashboard; returns its id.
 * Errors: BAD_USER_INPUT, CONFLICT (the name is taken), NOT_FOUND (what is to be copied), FORBIDDEN (to share one).
 */
export async function createDashboard(tx: Tx, dashboard: NewDashboard): Promise<string> {
  const { name, description, author, shared, copyOf, editor, now } = dashboard;
  if (shared) requireShare(editor);
  const owner = shared ? null : await ownerOf(tx, editor);
  const id = uuidv7({ msecs: now });
  const texts = [checkText(name, 100, "name"), checkText(description, 2_000, "description", 0)];
  const { rowCount } = await tx.query(
    `INSERT INTO dashboards (organization_id, id, name, description, author, owner_id, created_at, updated_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $7) ON CONFLICT (organization_id, owner_id, name) DO NOTHING`,
    [tx.organizationId, id, ...texts, author, owner, new Date(now)],
  );
  if (rowCount !== 1) throw taken();
  if (copyOf !== undefined) await copyWidgets(tx, { from: copyOf, to: id, editor, now });
  return id;
}

/** Whose a dashboard of one's own is. Errors: BAD_USER_INPUT (nobody's, or one too many). */
async function ownerOf(tx: Tx, { userId }: Editor): Promise<string> {
  const refuse = (message: string): VigilError =>
    new VigilError("BAD_USER_INPUT", message, { path: ["input", "shared"] });
  if (userId === undefined) throw refuse("Only people have dashboards of their own.");
  const { rows } = await tx.query<{ n: number }>(
    "SELECT count(*)::int AS n FROM dashboards WHERE organization_id = $1 AND owner_id = $2",
    [tx.organizationId, userId],
  );
  if ((rows[0]?.n ?? 0) >= mostOwn) throw refuse(`You have ${mostOwn} dashboards of your own; remove one first.`);
  return userId;
}

async function copyWidgets(
  tx: Tx,
  { from, to, editor, now }: { from: string; to: string; editor: Editor; now: number },
): Promise<void> {
  const { rowCount } = await tx.query(
    "SELECT 1 FROM dashboards WHERE organization_id = $1 AND id = $2 AND (owner_id IS NULL OR owner_id = $3) FOR SHARE",
    [tx.organizationId, from, editor.userId ?? null],
  );
  if (rowCount !== 1) throw missing("dashboard", ["input", "copyOf"]);
  await tx.query(
    `INSERT INTO dashboard_widgets (organization_id, id, dashboard_id, kind, title, settings, x, y, width, height, created_at, updated_at)
     SELECT $1, gen_random_uuid(), $3, kind, title, settings, x, y, width, height, $4, $4
     FROM dashboard_widgets WHERE organization_id = $1 AND dashboard_id = $2`,
    [tx.organizationId, from, to, new Date(now)],
  );
}

export interface DashboardChange {
  id: string;
  name?: string | undefined;
  description?: string | undefined;
  /** True: it is everybody's from now on. */
  shared?: boolean | undefined;
  editor: Editor;
  now: number;
}

/** Changes what is given. Errors: NOT_FOUND, BAD_USER_INPUT, CONFLICT (the name is taken), FORBIDDEN. */
export async function updateDashboard(
  tx: Tx,
  { id, name, description, shared, editor, now }: DashboardChange,
): Promise<void> {
  const before = await touch(tx, { id, editor, now });
  if (shared) requireShare(editor);
  if (shared === false && before === null) {
    throw new VigilError("BAD_USER_INPUT", "What is shared stays so: make a copy of your own and remove this one.", {
      path: ["input", "shared"],
    });
  }
  const owner = shared ? null : before;
  const newName = name === undefined ? null : checkText(name, 100, "name");
  const newDescription = description === undefined ? null : checkText(description, 2_000, "description", 0);
  await tx
    .query(
      `UPDATE dashboards SET name = coalesce($3, name), description = coalesce($4, description), owner_id = $5
       WHERE organization_id = $1 AND id = $2`,
      [tx.organizationId, id, newName, newDescription, owner],
    )
    .catch((error: { code?: unknown }) => {
      throw error.code === uniqueViolation ? taken() : error; // also by who names another one so in this moment
    });
}

/** Removes a dashboard and its widgets. Errors: NOT_FOUND, FORBIDDEN. */
export async function deleteDashboard(
  tx: Tx,
  { id, editor, now }: { id: string; editor: Editor; now: number },
): Promise<void> {
  await touch(tx, { id, editor, now });
  await tx.query("DELETE FROM dashboards WHERE organization_id = $1 AND id = $2", [tx.organizationId, id]);
}
