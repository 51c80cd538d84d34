/** Which dashboards a viewer sees: what is shared, and what is theirs alone. */
import { type Context, viewerOf } from "./context.ts";
import { isRowId } from "./row-id.ts";

/** The user who asks; undefined: a key or the command line, which have no dashboards of their own. */
export function personOf(context: Context): string | undefined {
  const { kind, id } = viewerOf(context);
  return kind === "USER" && isRowId(id) ? id : undefined;
}

/** For Prisma: the dashboards that whoever asks may see. */
export function visibleTo(context: Context): { OR: { ownerId: string | null }[] } {
  const person = personOf(context);
  return { OR: [{ ownerId: null }, ...(person === undefined ? [] : [{ ownerId: person }])] };
}
