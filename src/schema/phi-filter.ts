import type { Context } from "./context.ts";
import { compare, type Filter } from "./filter.ts";
import type { Preparation } from "./list.ts";
import { mark, mayReadPatients, subjectsHold } from "./phi.ts";

/** Whether a filter has a condition on one of these columns. */
export const filtersBy = (filter: Filter | null | undefined, columns: readonly string[]): boolean =>
  Object.entries(filter ?? {}).some(([name, value]) =>
    columns.includes(name)
      ? value != null
      : ["and", "or", "not"].includes(name) && [value].flat().some((one) => filtersBy(one as Filter, columns)),
  );

/**
 * Columns of a table with subjects that tell of patients, also where only their hash is in them: whoever may not read
 * patients' data finds no row about a patient by them.
 */
export const hidingBy =
  (table: string, columns: readonly string[]): Preparation =>
  async (context: Context, filter) => {
    if (!filtersBy(filter, columns) || (await mayReadPatients(context))) return { filter };
    return {
      filter,
      special: (field, comparator, operand, values) =>
        columns.includes(field)
          ? `(${compare(field, comparator, operand, values)} AND NOT ${subjectsHold(table)})`
          : undefined,
    };
  };

/** The filter with a mark for each text that these columns are compared with: that they are stays to be seen. */
export const withholding = (filter: Filter, columns: readonly string[]): Filter =>
  marked(filter, columns, false) as Filter;

function marked(value: unknown, columns: readonly string[], isWithin: boolean): unknown {
  if (typeof value === "string") return isWithin ? mark : value;
  if (Array.isArray(value)) return value.map((one) => marked(one, columns, isWithin));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name, marked(one, columns, isWithin || columns.includes(name))]),
  );
}
