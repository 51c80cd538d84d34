import { VigilError } from "../errors.ts";
import { builder } from "./builder.ts";
import { type Context, viewerOf } from "./context.ts";
import { DirectionEnum } from "./enums.ts";
import { isRowId } from "./row-id.ts";

const largest = 100; // rows a page

/** What every connection has. The cursor names a row; `list.ts` reads on from where that row stands. */
export const paged = {
  cursor: "organizationId_id",
  defaultSize: 50,
  maxSize: (args: object) => {
    const sizes = args as { first?: number | null; last?: number | null };
    for (const name of ["first", "last"] as const) {
      const size = sizes[name] ?? 1;
      if (size < 1 || size > largest) {
        throw new VigilError("BAD_USER_INPUT", `${name} is from 1 to ${largest}`, { path: [name] });
      }
    }
    return largest;
  },
} as const;

export interface Order {
  field: string;
  direction: "asc" | "desc";
}

/** An input `{field, direction}` over these columns. `list.ts` says how ties are broken. */
export function orderInput(noun: string, columns: Record<string, readonly [column: string, description: string]>) {
  const values = Object.entries(columns).map(([name, [column, description]]) => [name, { value: column, description }]);
  const field = builder.enumType(`${noun}OrderField`, {
    description: `What to sort by (${noun}).`,
    values: Object.fromEntries(values) as Record<string, { value: string; description: string }>,
  });
  return builder.inputType(`${noun}Order`, {
    description: "One sort key; the first in the list decides, the others break ties.",
    fields: (t) => ({
      field: t.field({ type: field, required: true, description: "What to sort by." }),
      direction: t.field({ type: DirectionEnum, required: true, description: "Which end comes first." }),
    }),
  });
}

/** The row's id that a global id names. Errors: BAD_USER_INPUT, at `path`. */
export function rowId({ id }: { id: string }, path: readonly string[]): string {
  if (!isRowId(id)) throw new VigilError("BAD_USER_INPUT", "This is no id of Vigil", { path });
  return id;
}

/** The key of a row of the viewer's organization. */
export function rowKey(id: string, context: Context) {
  if (!isRowId(id)) throw new VigilError("BAD_USER_INPUT", "This is no id of Vigil", { path: ["id"] });
  return { organizationId_id: { organizationId: viewerOf(context).organizationId, id } };
}
