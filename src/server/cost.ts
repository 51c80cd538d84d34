/**
 * What an operation costs: about how many objects its answer may hold. A connection counts its page, another list ten,
 * a count of all pages ten, and fields that read much of what is stored a thousand. (After GitHub's rate limit, which
 * counts nodes in the same way: docs.github.com/graphql/overview/rate-limits-and-query-limits.)
 */
import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLSchema,
  getArgumentValues,
  getNamedType,
  getNullableType,
  getOperationAST,
  isCompositeType,
  isListType,
  isObjectType,
  isUnionType,
  Kind,
  type SelectionSetNode,
  typeFromAST,
} from "graphql";
import { VigilError } from "../errors.ts";
import { heavyFields } from "./heavy-fields.ts";

const page = 50; // rows of a connection, unless told
export const largestPage = 100;
const list = 10; // of a list that says nothing of its length
const counted = 10; // reading all rows for a totalCount
const heavy = 1_000; // fields that read much of what is stored
const changed = 10; // a mutation

export interface Operation {
  schema: GraphQLSchema;
  document: DocumentNode;
  operationName?: string | null | undefined;
  variableValues?: Readonly<Record<string, unknown>> | null | undefined;
}

/** Of an operation that is valid. Errors: BAD_USER_INPUT where a page is out of bounds. */
export function costOf({ schema, document, operationName, variableValues }: Operation): number {
  const operation = getOperationAST(document, operationName);
  const root = operation && schema.getRootType(operation.operation);
  if (!operation || !root) return 0;
  const defaults = Object.fromEntries(
    (operation.variableDefinitions ?? []).flatMap(({ variable, defaultValue }) =>
      defaultValue?.kind === Kind.INT ? [[variable.name.value, Number(defaultValue.value)]] : [],
    ),
  );
  const variables = { ...defaults, ...variableValues };
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const node of document.definitions) {
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
  }
  const known = new Map<string, number>();

  /** `rows`: how many rows the connection has whose fields these are. */
  function ofSet({ selections }: SelectionSetNode, parent: GraphQLCompositeType, rows: number): number {
    let sum = 0;
    for (const node of selections) {
      if (node.kind === Kind.FIELD) sum += ofField(node, parent, rows);
      else if (node.kind === Kind.INLINE_FRAGMENT) {
        const type = node.typeCondition ? typeFromAST(schema, node.typeCondition) : parent;
        sum += ofSet(node.selectionSet, type as GraphQLCompositeType, rows);
      } else {
        const fragment = fragments.get(node.name.value);
        if (!fragment) continue;
        const key = `${node.name.value} ${rows}`;
        const type = typeFromAST(schema, fragment.typeCondition) as GraphQLCompositeType;
        const cost = known.get(key) ?? ofSet(fragment.selectionSet, type, rows);
        known.set(key, cost);
        sum += cost;
      }
    }
    return sum;
  }

  function ofField(node: FieldNode, parent: GraphQLCompositeType, rows: number): number {
    const { value: name } = node.name;
    const field = isUnionType(parent) ? undefined : parent.getFields()[name];
    if (!field) return name.startsWith("__") && name !== "__typename" ? heavy : 0;
    const own = parent === root ? ofRoot(parent, name) : name === "totalCount" ? counted : 0;
    const type = getNamedType(field.type);
    if (!isCompositeType(type) || !node.selectionSet) return own;
    const isRowOfPage = parent.name.endsWith("Connection") && (name === "nodes" || name === "edges");
    const times = isRowOfPage ? rows : isListType(getNullableType(field.type)) ? lengthOf(field, node) : 1;
    const inner = type.name.endsWith("Connection") ? pageOf(field, node) : 0;
    return own + times * (1 + ofSet(node.selectionSet, type, inner));
  }

  const ofRoot = (parent: GraphQLCompositeType, name: string): number =>
    heavyFields.has(name) ? heavy : parent === schema.getMutationType() ? changed : 0;

  function argumentsOf(field: GraphQLField<unknown, unknown>, node: FieldNode): Record<string, unknown> {
    try {
      return getArgumentValues(field, node, variables);
    } catch {
      return {}; // refused where it is executed
    }
  }

  function pageOf(field: GraphQLField<unknown, unknown>, node: FieldNode): number {
    if (!node.arguments?.length) return page;
    const { first, last } = argumentsOf(field, node);
    for (const [argument, size] of Object.entries({ first, last })) {
      if (typeof size === "number" && (size < 1 || size > largestPage)) {
        throw new VigilError("BAD_USER_INPUT", `${argument} is from 1 to ${largestPage}`, { path: [argument] });
      }
    }
    return Number(first ?? last ?? page);
  }

  function lengthOf(field: GraphQLField<unknown, unknown>, node: FieldNode): number {
    if (!node.arguments?.length) return list;
    const { first, ids } = argumentsOf(field, node);
    if (Array.isArray(ids)) return ids.length;
    return typeof first === "number" ? Math.max(0, Math.min(first, largestPage)) : list;
  }

  return ofSet(operation.selectionSet, isObjectType(root) ? root : (root as never), 0);
}

/** The objects an answer holds. */
export function objectsIn(value: unknown): number {
  if (Array.isArray(value)) {
    let sum = 0;
    for (const one of value) sum += objectsIn(one);
    return sum;
  }
  if (typeof value !== "object" || value === null) return 0;
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) return 0; // a scalar, as a Date
  let sum = 1;
  for (const key in value) sum += objectsIn((value as Record<string, unknown>)[key]);
  return sum;
}
