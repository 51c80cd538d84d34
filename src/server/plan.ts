/**
 * A query for one page of a plain list (src/schema/plain.ts) becomes one statement that answers it as JSON: with
 * thousands of fields in an answer, what is done for each of them one by one takes longer than reading them. Only what is
 * certain to be answered in the same way is planned; of anything else there is no plan, and it is executed as usual.
 */
import { randomUUID } from "node:crypto";
import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
  getArgumentValues,
  getNamedType,
  getOperationAST,
  isObjectType,
  Kind,
  OperationTypeNode,
  type SelectionSetNode,
  type VariableDefinitionNode,
} from "graphql";
import type { Permission } from "../access/permissions.ts";
import { type PatientGuard, patientGuardOf } from "../schema/phi.ts";
import { type PlainList, plainListOf, plainObjectsOf, plainOneOf, plainPartsOf } from "../schema/plain.ts";
import { columnAnswer, idAnswer } from "./plan-column.ts";

type Variables = Readonly<Record<string, unknown>>;

/** SQL of what varies with variables; `undefined`: with these, there is no plan. */
type Sql = (variables: Variables) => string | undefined;

export interface Plan {
  list: PlainList;
  field: GraphQLField<unknown, unknown>;
  node: FieldNode;
  variableDefinitions: readonly VariableDefinitionNode[];
  /** All of them are needed. */
  permissions: ReadonlySet<Permission>;
  /** The answer's keys in order: the rows, how many there are, the type's name, or which fields of PageInfo by which key. */
  keys: readonly Key[];
  /** The connection's type. */
  type: string;
  /** A row `t0` as JSON. */
  row: Sql;
  /** Whether a row may hold `guarded` instead of patients' data. */
  isGuarded: boolean;
}

/** Stands for a field that only its resolver may answer, since the row holds patients' data. Nobody can store it. */
export const guarded = randomUUID();

interface Key {
  key: string;
  what: "nodes" | "totalCount" | "__typename" | PageInfoKeys;
}

export type PageInfoKeys = readonly { key: string; name: string }[];

const mostKeys = 50; // json_build_object takes 100 arguments
const [defaultPage, largestPage] = [50, 100];
const pageInfoFields = new Set(["__typename", "hasNextPage", "hasPreviousPage", "startCursor", "endCursor"]);

const plans = new WeakMap<DocumentNode, Map<string, Plan | undefined>>();

/** The plan of a valid operation; undefined: there is none. */
export function planOf(schema: GraphQLSchema, document: DocumentNode, operationName = ""): Plan | undefined {
  const known = plans.get(document) ?? new Map<string, Plan | undefined>();
  plans.set(document, known);
  if (!known.has(operationName)) known.set(operationName, makePlan(schema, document, operationName));
  return known.get(operationName);
}

/** How many rows are asked for forward from the beginning; undefined: it is none of that. */
export function forwardPage({ first, last, before }: Record<string, unknown>): number | undefined {
  const size = first ?? defaultPage;
  if (last != null || before != null || typeof size !== "number") return undefined;
  return size >= 1 && size <= largestPage ? size : undefined;
}

function makePlan(schema: GraphQLSchema, document: DocumentNode, operationName: string): Plan | undefined {
  const operation = getOperationAST(document, operationName || undefined);
  const root = schema.getQueryType();
  if (operation?.operation !== OperationTypeNode.QUERY || !root || operation.directives?.length) return undefined;
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const node of document.definitions) {
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
  }
  const permissions = new Set<Permission>();
  let isGuarded = false;

  /** The fields of a selection, by their keys in the answer. */
  function fieldsOf(set: SelectionSetNode | undefined, type: GraphQLObjectType): Map<string, FieldNode> | undefined {
    const found = new Map<string, FieldNode>();
    for (const node of set?.selections ?? []) {
      if (node.directives?.length) return undefined;
      if (node.kind === Kind.FIELD) {
        const key = node.alias?.value ?? node.name.value;
        const before = found.get(key);
        if (before && (before.selectionSet || node.selectionSet)) return undefined; // to be merged
        found.set(key, before ?? node);
        continue;
      }
      const spread = node.kind === Kind.FRAGMENT_SPREAD ? fragments.get(node.name.value) : node;
      if (!spread || (spread.typeCondition && spread.typeCondition.name.value !== type.name)) return undefined;
      for (const [key, field] of fieldsOf(spread.selectionSet, type) ?? [["", undefined] as const]) {
        if (!field || found.has(key)) return undefined;
        found.set(key, field);
      }
    }
    return found.size <= mostKeys ? found : undefined;
  }

  /** Notes what it takes to read something; false: that is not a permission. */
  function permits(extensions: Readonly<Record<string, unknown>>, isField: boolean): boolean {
    const scopes = (extensions.pothosOptions as { authScopes?: unknown } | undefined)?.authScopes;
    if (scopes === undefined) return isField;
    if (typeof scopes !== "object" || scopes === null || Object.keys(scopes).join() !== "permission") return false;
    permissions.add((scopes as { permission: Permission }).permission);
    return true;
  }

  function rowOf(type: GraphQLObjectType, set: SelectionSetNode | undefined, depth: number): Sql | undefined {
    const fields = permits(type.extensions, false) ? fieldsOf(set, type) : undefined;
    if (!fields) return undefined;
    const parts: Sql[] = [];
    for (const [key, node] of fields) {
      const field = type.getFields()[node.name.value];
      const answer = field
        ? answerOf(type, field, node, depth)
        : node.name.value === "__typename" && literal(type.name);
      if (!answer) return undefined;
      const name = `'${key}'`; // a GraphQL name: nothing that has to be escaped
      parts.push(
        typeof answer === "string"
          ? () => `${name}, ${answer}`
          : (given) => within(answer(given), (sql) => `${name}, ${sql}`),
      );
    }
    return object(parts);
  }

  function answerOf(
    type: GraphQLObjectType,
    field: GraphQLField<unknown, unknown>,
    node: FieldNode,
    depth: number,
  ): Sql | string | undefined {
    if (!permits(field.extensions, true)) return undefined;
    const [row, guard] = [`t${depth}`, patientGuardOf(field)];
    if (!node.selectionSet) return unless(guard, row, idAnswer(type, field, row) ?? columnAnswer(type, field, row));
    const [one, objects, inner] = [plainOneOf(field), plainObjectsOf(field), `t${depth + 1}`];
    const named = getNamedType(field.type);
    if (!isObjectType(named)) return undefined;
    if (objects) return unless(guard, row, objectsOf(named, node.selectionSet, `${row}.${objects}`));
    if (guard) return undefined;
    if (one) {
      const answer = rowOf(named, node.selectionSet, depth + 1);
      const of = `FROM ${one.table} ${inner} WHERE ${inner}.organization_id = $1 AND ${inner}.id = ${row}.${one.by}`;
      return answer && ((variables) => within(answer(variables), (sql) => `(SELECT ${sql} ${of})`));
    }
    return partsAnswer(field, node, named, depth);
  }

  /** The answer, but of rows that the guard before the field is for. */
  function unless(guard: PatientGuard | undefined, row: string, sql: string | undefined): string | undefined {
    if (!guard || sql === undefined) return sql;
    if (!guard.holds) return undefined;
    isGuarded = true;
    return `CASE WHEN ${guard.holds(row)} THEN to_json(${literal(guarded)}) ELSE to_json(${sql}) END`;
  }

  /** Objects that a JSON column holds: their fields are its keys. */
  function objectsOf(type: GraphQLObjectType, set: SelectionSetNode, column: string): string | undefined {
    const fields = permits(type.extensions, true) ? fieldsOf(set, type) : undefined;
    if (!fields) return undefined;
    const parts: string[] = [];
    for (const [key, { name }] of fields) {
      const field = type.getFields()[name.value];
      const { pothosExposedField: exposed } = (field?.extensions ?? {}) as { pothosExposedField?: string };
      if (name.value === "__typename") parts.push(`'${key}', ${literal(type.name)}`);
      else if (!field || exposed === undefined || !permits(field.extensions, true)) return undefined;
      else parts.push(`'${key}', e.o -> '${exposed}'`);
    }
    return `(SELECT coalesce(json_agg(json_build_object(${parts.join(", ")}) ORDER BY e.n), '[]')
      FROM jsonb_array_elements(${column}) WITH ORDINALITY e (o, n))`;
  }

  function partsAnswer(
    field: GraphQLField<unknown, unknown>,
    node: FieldNode,
    connection: GraphQLObjectType,
    depth: number,
  ): Sql | undefined {
    const parts = plainPartsOf(field);
    const found = parts && fieldsOf(node.selectionSet, connection);
    if (!found) return undefined;
    const inner = `t${depth + 1}`;
    const own = `FROM ${parts.table} ${inner} WHERE ${inner}.organization_id = $1 AND ${inner}.${parts.owner} = t${depth}.id`;
    const keys: Sql[] = [];
    for (const [key, { name, selectionSet }] of found) {
      if (name.value === "__typename") keys.push(() => `'${key}', ${literal(connection.name)}`);
      else if (name.value === "totalCount") keys.push(() => `'${key}', (SELECT count(*)::int ${own})`);
      else if (name.value !== "nodes") return undefined;
      else {
        const row = rowOf(rowTypeOf(connection), selectionSet, depth + 1);
        if (!row) return undefined;
        const direction = parts.descends ? "DESC" : "ASC";
        keys.push((variables) => {
          const args = getArgumentValues(field, node, variables);
          const [page, sql] = [args.after == null ? forwardPage(args) : undefined, row(variables)];
          if (page === undefined || sql === undefined) return undefined;
          return `'${key}', (SELECT coalesce(json_agg(r.o), '[]') FROM (SELECT ${sql} AS o ${own}
            ORDER BY ${inner}.${parts.by} ${direction}, ${inner}.id ${direction} LIMIT ${page}) r)`;
        });
      }
    }
    return object(keys);
  }

  const top = fieldsOf(operation.selectionSet, root);
  const [[topKey, node] = []] = top ?? [];
  const field = node && root.getFields()[node.name.value];
  const list = field && plainListOf(field);
  const connection = field && getNamedType(field.type);
  if (top?.size !== 1 || !node || !list || !isObjectType(connection) || !permits(field.extensions, true))
    return undefined;
  const found = fieldsOf(node.selectionSet, connection);
  const keys: Key[] = [];
  let row: Sql | undefined;
  for (const [key, { name, selectionSet }] of found ?? []) {
    if (name.value === "__typename" || name.value === "totalCount") keys.push({ key, what: name.value });
    else if (name.value === "pageInfo") {
      const type = getNamedType(connection.getFields().pageInfo?.type);
      const infos = isObjectType(type) ? fieldsOf(selectionSet, type) : undefined;
      const told = [...(infos ?? [])].map(([key, { name }]) => ({ key, name: name.value }));
      if (told.length === 0 || !told.every(({ name }) => pageInfoFields.has(name))) return undefined;
      keys.push({ key, what: told });
    } else if (name.value === "nodes" && !row) {
      row = rowOf(rowTypeOf(connection), selectionSet, 0);
      keys.push({ key, what: "nodes" });
    } else return undefined;
  }
  if (!row || topKey === undefined) return undefined;
  const variableDefinitions = operation.variableDefinitions ?? [];
  return { list, field, node, variableDefinitions, permissions, keys, type: connection.name, row, isGuarded };
}

const rowTypeOf = (connection: GraphQLObjectType): GraphQLObjectType =>
  getNamedType(connection.getFields().nodes?.type) as GraphQLObjectType;

const literal = (name: string): string => `'${name}'::text`;
const within = (sql: string | undefined, made: (sql: string) => string): string | undefined =>
  sql === undefined ? undefined : made(sql);

const object =
  (parts: readonly Sql[]): Sql =>
  (variables) => {
    const made = parts.map((part) => part(variables));
    return made.includes(undefined) ? undefined : `json_build_object(${made.join(", ")})`;
  };
