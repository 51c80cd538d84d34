/**
 * Connections whose rows can be read by one statement, together with plain columns and plain connections within them:
 * what they tell of themselves to src/server/plan.ts. Everything else is resolved field by field.
 */
import type { GraphQLField } from "graphql";
import type { Context } from "./context.ts";
import type { Asked, Page, Statement } from "./list.ts";

/** A list at the top: its table, and the statement that gives the ids of a page. */
export interface PlainList {
  table: string;
  statementOf(context: Context, asked: Asked, page: Page): Promise<Statement>;
}

/** Rows within a row: its id stands in their column `owner`; they are sorted by the column `by`, then by id. */
export interface PlainParts {
  table: string;
  owner: string;
  by: string;
  descends: boolean;
}

/** For a field's `extensions`. */
export const plainList = ({ table, statementOf }: PlainList) => ({ plainList: { table, statementOf } });

/** For a field's `extensions`. */
export const plainParts = ({ plain }: { plain: PlainParts }) => ({ plainParts: plain });

export const plainListOf = ({ extensions }: GraphQLField<unknown, unknown>): PlainList | undefined =>
  extensions.plainList as PlainList | undefined;

export const plainPartsOf = ({ extensions }: GraphQLField<unknown, unknown>): PlainParts | undefined =>
  extensions.plainParts as PlainParts | undefined;
