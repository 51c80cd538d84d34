/**
 * Connections whose rows can be read by one statement, together with plain columns, rows that they name, objects that they
 * hold, and plain connections within them: what these tell of themselves to src/server/plan.ts. Everything else is resolved
 * field by field.
 */
import type { GraphQLField } from "graphql";
import type { Context } from "./context.ts";
import type { Asked, Page, Statement } from "./list.ts";

/** A list at the top: its table, and the statement that gives the ids of a page. */
export interface PlainList {
  table: string;
  statementOf(context: Context, asked: Asked, page: Page): Promise<Statement>;
  /** How many rows fit a filter. */
  count(context: Context, filter: Asked["filter"]): Promise<number>;
}

/** Rows within a row: its id stands in their column `owner`; they are sorted by the column `by`, then by id. */
export interface PlainParts {
  table: string;
  owner: string;
  by: string;
  descends: boolean;
}

/** One row of `table` that a row names by its column `by`, and that is always there where one is named. */
export interface PlainOne {
  table: string;
  by: string;
}

/** For a field's `extensions`. */
export const plainList = ({ table, statementOf, count }: PlainList) => ({ plainList: { table, statementOf, count } });

/** For a field's `extensions`. */
export const plainParts = ({ plain }: { plain: PlainParts }) => ({ plainParts: plain });

/** For a field's `extensions`. */
export const plainOne = (table: string, by: string) => ({ plainOne: { table, by } satisfies PlainOne });

/** For a field's `extensions`: a JSON column holds the list of objects, and each field of theirs is in it as it is shown. */
export const plainObjects = (column: string) => ({ plainObjects: column });

export const plainListOf = ({ extensions }: GraphQLField<unknown, unknown>): PlainList | undefined =>
  extensions.plainList as PlainList | undefined;

export const plainPartsOf = ({ extensions }: GraphQLField<unknown, unknown>): PlainParts | undefined =>
  extensions.plainParts as PlainParts | undefined;

export const plainOneOf = ({ extensions }: GraphQLField<unknown, unknown>): PlainOne | undefined =>
  extensions.plainOne as PlainOne | undefined;

export const plainObjectsOf = ({ extensions }: GraphQLField<unknown, unknown>): string | undefined =>
  extensions.plainObjects as string | undefined;
