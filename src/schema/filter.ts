import { decodeGlobalID } from "@pothos/plugin-relay";
import { VigilError } from "../errors.ts";
import { builder } from "./builder.ts";
import { SeverityEnum } from "./enums.ts";
import { isRowId } from "./row-id.ts";

const deepest = 5; // nested and, or, not
const longest = 100; // values of one list

const texts = {
  eq: "Is this; null: is not set.",
  neq: "Is set, and not this; null: is set.",
  in: "Is one of these.",
  notIn: "Is set, and none of these.",
  gt: "Is greater or later.",
  gte: "Is this, greater or later.",
  lt: "Is less or earlier.",
  lte: "Is this, less or earlier.",
  contains: "Contains this text, whatever its case.",
  startsWith: "Starts with this text, whatever its case.",
};

type Comparators = (typeof comparators)[keyof typeof comparators][number];
const comparators = {
  equal: ["eq", "neq", "in", "notIn"],
  ordered: ["eq", "neq", "in", "notIn", "gt", "gte", "lt", "lte"],
  text: ["eq", "neq", "in", "notIn", "contains", "startsWith"],
  boolean: ["eq"],
} as const;

type FilterType = "String" | "Int" | "Float" | "Boolean" | "DateTime" | "IPAddress" | object;

function comparatorInput(name: string, type: FilterType, names: readonly Comparators[]) {
  return builder.inputType(name, {
    description: "Conditions on one field; all must hold.",
    fields: (t) =>
      Object.fromEntries(
        names.map((key) => {
          const isList = key === "in" || key === "notIn";
          return [key, t.field({ type: (isList ? [type] : type) as "String", description: texts[key] })];
        }),
      ),
  });
}

export const StringFilter = comparatorInput("StringFilter", "String", comparators.text);
export const IntFilter = comparatorInput("IntFilter", "Int", comparators.ordered);
export const FloatFilter = comparatorInput("FloatFilter", "Float", comparators.ordered);
export const BooleanFilter = comparatorInput("BooleanFilter", "Boolean", comparators.boolean);
export const DateTimeFilter = comparatorInput("DateTimeFilter", "DateTime", comparators.ordered);
export const IPAddressFilter = comparatorInput("IPAddressFilter", "IPAddress", comparators.equal);
export const SeverityFilter = comparatorInput("SeverityFilter", SeverityEnum, comparators.ordered);

export function enumFilter(name: string, type: object) {
  return comparatorInput(name, type, comparators.equal);
}

export const IdFilter = builder.inputType("IDFilter", {
  description: "Conditions on an id; all must hold.",
  fields: (t) => ({
    eq: t.globalID({ description: texts.eq }),
    neq: t.globalID({ description: texts.neq }),
    in: t.globalIDList({ description: texts.in }),
    notIn: t.globalIDList({ description: texts.notIn }),
  }),
});

/** What the ids in a filter are ids of, where they are not those of its rows. */
const idTypes: Readonly<Record<string, string>> = {
  ruleId: "AlertRule",
  incidentId: "Incident",
  mergedIntoId: "Incident",
  channelId: "AlertChannel",
  assigneeId: "User",
};

const idTypeOf = (type: string, field: string): string | undefined => (field === "id" ? type : idTypes[field]);

type InputFieldBuilder = Parameters<Parameters<typeof builder.inputType>[1]["fields"]>[0];

export interface Filter {
  [field: string]: unknown;
}

/** The filter of a noun: one comparator input a column, and `and`, `or`, `not`. */
export function filterInput(noun: string, columns: Record<string, readonly [filter: object, description: string]>) {
  const ref = builder.inputRef<Filter>(`${noun}Filter`);
  ref.implement({
    description: "Conditions; all that are given must hold.",
    fields: (t: InputFieldBuilder) => ({
      ...Object.fromEntries(
        Object.entries(columns).map(([name, [type, description]]) => [
          name,
          t.field({
            type: type as typeof StringFilter,
            description,
            ...(type === IdFilter ? { extensions: { idOf: idTypeOf(noun, name) } } : {}),
          }),
        ]),
      ),
      and: t.field({ type: [ref], description: "All of these hold." }),
      or: t.field({ type: [ref], description: "At least one of these holds." }),
      not: t.field({ type: ref, description: "This does not hold." }),
    }),
  } as never);
  return ref;
}

/** Enums by field, each value's place being its rank: compared by the column `<field>_rank`, which indexes can hold. */
export type Ranks = Readonly<Record<string, readonly string[]>>;

export interface Reading {
  /** The type of the rows. */
  type: string;
  ranks: Ranks;
  /** Comparisons that no index may serve, because something else bounds the scan of that column more closely. */
  aside?: (field: string, comparator: string) => boolean;
  /** A comparison that is not one of its column alone; undefined: it is. */
  special?: (field: string, comparator: string, operand: unknown, values: unknown[]) => string | undefined;
}

/** The SQL condition of a filter; its values are appended to `values`. Column names are those of filter inputs, never a caller's. */
export function conditionOf(filter: Filter | null | undefined, values: unknown[], reading: Reading, depth = 0): string {
  if (depth > deepest) throw refuse(`A filter nests at most ${deepest} deep`);
  const nested = (item: unknown): string => conditionOf(item as Filter, values, reading, depth + 1);
  const conditions: string[] = [];
  for (const [field, value] of Object.entries(filter ?? {})) {
    if (value === null || value === undefined) continue;
    if (field === "and") conditions.push(...bounded(value).map(nested));
    else if (field === "or") conditions.push(`(${bounded(value).map(nested).join(" OR ") || "FALSE"})`);
    else if (field === "not")
      conditions.push(`${nested(value)} IS NOT TRUE`); // what a null makes unknown does not hold
    else {
      const [column, idType] = [columnOf(field, reading.ranks), idTypeOf(reading.type, field)];
      for (const [name, given] of Object.entries(value)) {
        if (given === null && name !== "eq" && name !== "neq") continue; // as one that is not given
        const operand: unknown = idType ? readIds(idType, field, given) : given;
        const comparison =
          reading.special?.(field, name, operand, values) ??
          compare(column, name, rankOf(operand, reading.ranks[field]), values);
        conditions.push(reading.aside?.(field, name) ? `(${comparison}) IS TRUE` : comparison);
      }
    }
  }
  return conditions.length > 0 ? `(${conditions.join(" AND ")})` : "TRUE";
}

/** `createdAt` as `created_at`, a ranked `severity` as `severity_rank`. */
export function columnOf(field: string, ranks: Ranks): string {
  return `${field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}${field in ranks ? "_rank" : ""}`;
}

function rankOf(operand: unknown, order: readonly string[] | undefined): unknown {
  if (!order || operand === null || operand === undefined) return operand;
  if (Array.isArray(operand)) return operand.filter((item) => item !== null).map((item) => order.indexOf(item));
  return order.indexOf(operand as string);
}

const operators: Record<string, (place: string) => string> = {
  eq: (place) => `= ${place}`,
  neq: (place) => `<> ${place}`,
  in: (place) => `= ANY(${place})`,
  notIn: (place) => `<> ALL(${place})`,
  gt: (place) => `> ${place}`,
  gte: (place) => `>= ${place}`,
  lt: (place) => `< ${place}`,
  lte: (place) => `<= ${place}`,
  contains: (place) => `ILIKE ${place}`,
  startsWith: (place) => `ILIKE ${place}`,
};

/** One comparison of a column; its value is appended to `values`. */
export function compare(column: string, comparator: string, operand: unknown, values: unknown[]): string {
  const operator = operators[comparator];
  if (!operator) throw refuse(`There is no comparator ${comparator}`);
  if (operand === null || operand === undefined) {
    if (operand === null && comparator === "eq") return `${column} IS NULL`;
    if (operand === null && comparator === "neq") return `${column} IS NOT NULL`;
    return "TRUE";
  }
  values.push(Array.isArray(operand) ? bounded(operand).map(plain) : pattern(comparator, plain(operand)));
  return `${column} ${operator(`$${values.length}`)}`;
}

function pattern(comparator: string, operand: unknown): unknown {
  if (comparator !== "contains" && comparator !== "startsWith") return operand;
  const text = String(operand).replace(/[\\%_]/g, "\\$&");
  return comparator === "contains" ? `%${text}%` : `${text}%`;
}

function bounded(list: unknown): unknown[] {
  const items = list as unknown[];
  if (items.length > longest) throw refuse(`A list in a filter has at most ${longest} values`);
  return items.filter((item) => item !== null);
}

/** Everything as it is, where the database can hold it: what a `real` cannot, as 1e300, is beyond all that is in one. */
function plain(operand: unknown): unknown {
  if (typeof operand === "number") return Number.isSafeInteger(operand) ? operand : Math.fround(operand);
  if (typeof operand === "string" && operand.includes("\0")) throw refuse("A filter's text has no U+0000");
  return operand;
}

/** Global ids, read already (as Pothos does before a resolver) or not, as the ids of their rows. */
function readIds(type: string, field: string, given: unknown): unknown {
  if (given === null || given === undefined) return given;
  if (Array.isArray(given)) return given.map((one) => readIds(type, field, one));
  const { typename, id } = typeof given === "string" ? decoded(given) : (given as { typename: string; id: string });
  if (typename !== type)
    throw refuse(`${field} is compared with the id of a thing of the type ${type}, not ${typename}`);
  if (!isRowId(id)) throw refuse("This is no id of Vigil");
  return id;
}

function decoded(globalId: string): { typename: string; id: string } {
  try {
    return decodeGlobalID(globalId);
  } catch {
    throw refuse("This is no id of Vigil");
  }
}

function refuse(message: string): VigilError {
  return new VigilError("BAD_USER_INPUT", message, { path: ["filter"] });
}
