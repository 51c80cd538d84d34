import { validate as isUuid } from "uuid";
import { VigilError } from "../errors.ts";
import { severities } from "../ingest/event.ts";
import { builder } from "./builder.ts";
import { type Context, viewerOf } from "./context.ts";
import { SeverityEnum } from "./enums.ts";

const deepest = 5; // nested and, or, not
const longest = 100; // values of one list

const texts = {
  eq: "Is this; null: is not set.",
  neq: "Is set, and not this; null: is set.",
  in: "Is one of these.",
  notIn: "Is none of these.",
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
          t.field({ type: type as typeof StringFilter, description }),
        ]),
      ),
      and: t.field({ type: [ref], description: "All of these hold." }),
      or: t.field({ type: [ref], description: "At least one of these holds." }),
      not: t.field({ type: ref, description: "This does not hold." }),
    }),
  } as never);
  return ref;
}

/** Prisma's `where` for the viewer's rows that fit a filter. */
export function whereIn(context: Context, filter: Filter | null | undefined) {
  return { organizationId: viewerOf(context).organizationId, ...(whereOf(filter) as object) };
}

/** Prisma's `where` of a filter alone. */
export function whereOf(filter: Filter | null | undefined, depth = 0): never {
  if (depth > deepest) throw refuse(`A filter nests at most ${deepest} deep`);
  const conditions: object[] = [];
  for (const [field, value] of Object.entries(filter ?? {})) {
    if (value === null || value === undefined) continue;
    if (field === "and") conditions.push({ AND: bounded(value).map((item) => whereOf(item as Filter, depth + 1)) });
    else if (field === "or") conditions.push({ OR: bounded(value).map((item) => whereOf(item as Filter, depth + 1)) });
    else if (field === "not") conditions.push({ NOT: whereOf(value as Filter, depth + 1) });
    else conditions.push(...Object.entries(value).map(([name, operand]) => compare(field, name, operand)));
  }
  return { AND: conditions } as never;
}

function compare(field: string, comparator: string, operand: unknown): object {
  if (typeof operand === "string" && operand.includes("\0")) throw refuse("A filter's text has no U+0000");
  if (operand === null || operand === undefined) {
    if (comparator === "eq") return { [field]: null };
    if (comparator === "neq") return { [field]: { not: null } };
    return {};
  }
  if (field === "severity" && /^[gl]te?$/.test(comparator)) {
    return { severity: { in: ranked(comparator, severities.indexOf(operand as never)) } };
  }
  if (comparator === "contains" || comparator === "startsWith") {
    const text = String(operand).replace(/[\\%_]/g, "\\$&"); // Prisma hands it to LIKE as it is
    return { [field]: { [comparator]: text, mode: "insensitive" } };
  }
  const value = Array.isArray(operand) ? bounded(operand).map(rowId) : rowId(operand);
  if (comparator === "eq") return { [field]: { equals: value } };
  if (comparator === "neq") return { [field]: { not: value } };
  return { [field]: { [comparator]: value } };
}

/** The severities on one side of another: enums have no order in Prisma. */
function ranked(comparator: string, rank: number): string[] {
  return severities.filter((_, index) => {
    if (index === rank) return comparator.endsWith("e");
    return comparator.startsWith("g") ? index > rank : index < rank;
  });
}

function bounded(list: unknown): unknown[] {
  const items = list as unknown[];
  if (items.length > longest) throw refuse(`A list in a filter has at most ${longest} values`);
  return items.filter((item) => item !== null);
}

/** A global id as the id of its row; everything else as it is. */
function rowId(operand: unknown): unknown {
  const isGlobalId = typeof operand === "object" && operand !== null && "typename" in operand && "id" in operand;
  if (!isGlobalId) return operand;
  if (!isUuid(operand.id)) throw refuse("This is no id of Vigil");
  return operand.id;
}

function refuse(message: string): VigilError {
  return new VigilError("BAD_USER_INPUT", message, { path: ["filter"] });
}
