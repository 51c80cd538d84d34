/** A field that shows one column as it is, in SQL that gives the same JSON as the schema's scalars. */
import {
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLOutputType,
  getNullableType,
  isEnumType,
  isListType,
  isNonNullType,
  isScalarType,
} from "graphql";
import { getDatamodel } from "../generated/pothos.ts";
import { columnOf } from "../schema/filter.ts";

/** Which of Prisma's types a scalar shows unchanged. */
const shown: Readonly<Record<string, string>> = {
  String: "String",
  Int: "Int",
  Float: "Float",
  Boolean: "Boolean",
  DateTime: "DateTime",
};

const models = new Map(
  Object.entries(getDatamodel().datamodel.models).map(([name, { fields }]) => [
    name,
    new Map(fields.map((field) => [field.name, field])),
  ]),
);

/** The column that a field shows, of a row `alias`; undefined: it shows something else. */
export function columnAnswer(
  type: GraphQLObjectType,
  field: GraphQLField<unknown, unknown>,
  alias: string,
): string | undefined {
  const { pothosExposedField: name } = field.extensions as { pothosExposedField?: string };
  const column = name !== undefined && models.get(type.extensions.pothosPrismaModel as string)?.get(name);
  if (!column || field.args.length > 0) return undefined;
  if (isNonNullType(field.type) && !column.isRequired && !column.isList) return undefined;
  const nullable = getNullableType(field.type);
  if (isListType(nullable) !== column.isList) return undefined;
  const sql = `${alias}.${columnOf(name, {})}`;
  if (isListType(nullable)) return column.type === "String" && nameOf(nullable.ofType) === "String" ? sql : undefined;
  const scalar = nameOf(nullable);
  if (scalar === "DateTime" && column.type === "DateTime") {
    return `to_char(${sql} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`; // milliseconds, as Date has them
  }
  if (column.kind === "enum") {
    const isSame = isEnumType(nullable) && nullable.getValues().every(({ name, value }) => name === value);
    return isSame ? sql : undefined;
  }
  return scalar !== undefined && column.kind === "scalar" && shown[scalar] === column.type ? sql : undefined;
}

/** The global id of a row whose type is told by its column `id`; undefined: the field is something else. */
export function idAnswer(
  type: GraphQLObjectType,
  { name }: GraphQLField<unknown, unknown>,
  alias: string,
): string | undefined {
  if (name !== "id" || !type.getInterfaces().some((each) => each.name === "Node") || !hasOwnId(type)) return undefined;
  // PostgreSQL breaks base64 after 76 characters.
  return `replace(encode(convert_to('${type.name}:' || ${alias}.id, 'UTF8'), 'base64'), E'\\n', '')`;
}

function hasOwnId({ extensions }: GraphQLObjectType): boolean {
  const options = extensions.pothosOptions as { id?: { resolve?: (row: object) => unknown } } | undefined;
  try {
    return options?.id?.resolve?.({ id: "probe" }) === "probe";
  } catch {
    return false; // it takes more than a row
  }
}

const nameOf = (type: GraphQLOutputType): string | undefined => {
  const inner = getNullableType(type);
  return isScalarType(inner) ? inner.name : undefined;
};
