/** Who may see and change which dashboards: shared ones are everybody's, the others one person's alone. */
import type { Tx } from "../db.ts";
import { VigilError } from "../errors.ts";

/** Whoever changes dashboards. */
export interface Editor {
  /** The person; undefined: none, such as an API key, who has no dashboards of their own. */
  userId: string | undefined;
  /** Whether they may make and change shared ones, too. */
  mayShare: boolean;
}

/** The text without space around it. Errors: BAD_USER_INPUT. */
export function checkText(text: string, longest: number, key: string, shortest = 1): string {
  const trimmed = text.trim();
  if (trimmed.length >= shortest && trimmed.length <= longest && !trimmed.includes("\0")) return trimmed;
  throw new VigilError("BAD_USER_INPUT", `It has ${shortest} to ${longest} characters`, { path: ["input", key] });
}

/** What is answered about what is not there, and about what is another person's. */
export const missing = (noun: string, path: readonly string[] = ["id"]): VigilError =>
  new VigilError("NOT_FOUND", `There is no such ${noun}.`, { path: [...path] });

/** Errors: FORBIDDEN. */
export function requireShare({ mayShare }: Editor): void {
  if (!mayShare) throw new VigilError("FORBIDDEN", "Your role may have dashboards of its own only.");
}

/** Locks a dashboard and raises its revision; tells whose it is (null: everybody's). Errors: NOT_FOUND, FORBIDDEN. */
export async function touch(
  tx: Tx,
  { id, editor, now }: { id: string; editor: Editor; now: number },
): Promise<string | null> {
  const { rows } = await tx.query<{ owner_id: string | null }>(
    `UPDATE dashboards SET revision = revision + 1, updated_at = $3
     WHERE organization_id = $1 AND id = $2 AND (owner_id IS NULL OR owner_id = $4) RETURNING owner_id`,
    [tx.organizationId, id, new Date(now), editor.userId ?? null],
  );
  if (!rows[0]) throw missing("dashboard");
  if (rows[0].owner_id === null) requireShare(editor);
  return rows[0].owner_id;
}
