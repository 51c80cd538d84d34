/** Documents and variables for every field of Query, Mutation and Subscription, made from the schema itself. */
import {
  type GraphQLArgument,
  type GraphQLInputField,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
  isUnionType,
} from "graphql";

export type Operation = "query" | "mutation" | "subscription";

export interface RootField {
  operation: Operation;
  name: string;
  /** What asks for everything it gives; `nodeType` chooses the type where it gives several. */
  document(nodeType?: string): string;
  /** Whether an id can be given anywhere in its arguments. */
  takesIds: boolean;
  /** The node types whose ids its arguments say that they take; empty: an id of any type may stand in one of them. */
  idTypes: ReadonlySet<string>;
  /**
   * Its arguments with this id wherever an id may stand; without one, only what is required. Of a filter, one
   * comparison of an id at a time: `choice` counts through them.
   */
  variables(id?: string, choice?: number): Record<string, unknown>;
  /** How many choices there are. */
  choices: number;
}

const deepest = 4;
const wordLimit = 600; // a document of more asks for less depth: the server refuses too long ones

/** Every field that needs no argument, so deep, never back into a type that it came through. */
function selection(
  schema: GraphQLSchema,
  type: GraphQLOutputType,
  levels: number,
  path: readonly string[] = [],
): string {
  const named = getNamedType(type);
  if (isUnionType(named) || isInterfaceType(named)) return "{ __typename }";
  if (!isObjectType(named)) return "";
  const through = [...path, named.name];
  const fields = Object.values(named.getFields())
    .filter(({ args, name }) => name !== "edges" && args.every((argument) => !isNonNullType(argument.type)))
    .flatMap((field) => {
      const inner = getNamedType(field.type);
      const isNested = isObjectType(inner) || isUnionType(inner) || isInterfaceType(inner);
      if (isNested && (levels === 1 || through.includes(inner.name))) return [];
      const page = field.args.some(({ name }) => name === "first") ? "(first: 2)" : "";
      return [`${field.name}${page} ${selection(schema, field.type, levels - 1, through)}`];
    });
  return `{ __typename ${fields.join(" ")} }`;
}

/** One selection; of an interface or a union one for each of its types, by the type's name. */
function selections(schema: GraphQLSchema, type: GraphQLOutputType): Map<string, string> {
  const named = getNamedType(type);
  const within = (one: GraphQLOutputType): string => {
    for (let levels = deepest; ; levels--) {
      const text = selection(schema, one, levels);
      if (levels === 1 || text.split(/\s+/).length <= wordLimit) return text;
    }
  };
  if (!isUnionType(named) && !isInterfaceType(named)) return new Map([["", within(named)]]);
  return new Map(
    schema.getPossibleTypes(named).map((one) => [one.name, `{ __typename ... on ${one.name} ${within(one)} }`]),
  );
}

function hasId(type: GraphQLInputType): boolean {
  const named = getNamedType(type);
  return named.name === "ID" || (isInputObjectType(named) && idsIn(Object.values(named.getFields())).length > 0);
}

type Input = GraphQLArgument | GraphQLInputField;

/** Every argument and input field that is an id, however deep. */
function idsIn(inputs: readonly Input[], seen = new Set<string>()): Input[] {
  return inputs.flatMap((input) => {
    const named = getNamedType(input.type);
    if (named.name === "ID" || input.extensions.idOf) return [input];
    if (!isInputObjectType(named) || seen.has(named.name)) return [];
    seen.add(named.name);
    return idsIn(Object.values(named.getFields()), seen);
  });
}

/** What an id is declared for (src/schema), by which the server refuses others before it looks for anything. */
const declaredFor = ({ extensions }: Input): string[] | undefined =>
  typeof extensions.idOf === "string"
    ? [extensions.idOf]
    : (extensions.relayGlobalIDFor as { typename: string }[] | undefined)?.map(({ typename }) => typename);

function idTypesOf(inputs: readonly Input[]): ReadonlySet<string> {
  const declared = idsIn(inputs).map(declaredFor);
  return new Set(declared.every((types) => types?.length) ? declared.flatMap((types) => types ?? []) : []);
}

const scalars: Record<string, unknown> = {
  ID: "x",
  String: "x",
  Int: 1,
  Float: 1,
  Boolean: true,
  DateTime: "2026-01-01T00:00:00Z",
  Duration: "PT1M",
  JSON: {},
  IPAddress: "192.0.2.9",
  URL: "https://example.org/",
  EventTime: "2026-01-01T00:00:00Z",
};

interface Given {
  id: string | undefined;
  choice: number;
}

const logic = ["and", "or", "not"];
/** The fields of a filter that compare an id. */
const comparisons = (type: GraphQLInputObjectType): GraphQLInputField[] =>
  Object.values(type.getFields()).filter(({ name, type }) => !logic.includes(name) && hasId(type));

function valueOf(type: GraphQLInputType, given: Given, levels = 4): unknown {
  if (isNonNullType(type)) return valueOf(type.ofType, given, levels);
  if (isListType(type)) return [valueOf(type.ofType, given, levels)];
  if (type.name === "ID") return given.id ?? scalars.ID;
  if (isEnumType(type)) return type.getValues()[0]?.name;
  if (!isInputObjectType(type)) return scalars[type.name];
  const fields = type.getFields();
  if (fields.eq && given.id !== undefined) return { eq: valueOf(fields.eq.type, given, levels - 1) };
  if (type.name.endsWith("Filter") && given.id !== undefined) {
    const compared = comparisons(type);
    const chosen = compared[given.choice % compared.length];
    return chosen ? { [chosen.name]: valueOf(chosen.type, given, levels - 1) } : {};
  }
  return argumentsOf(Object.values(fields), given, levels - 1);
}

function argumentsOf(inputs: readonly Input[], given: Given, levels = 4): Record<string, unknown> {
  const wanted = inputs.filter(
    ({ type, defaultValue }) =>
      (isNonNullType(type) && defaultValue === undefined) || (given.id !== undefined && levels > 0 && hasId(type)),
  );
  return Object.fromEntries(wanted.map(({ name, type }) => [name, valueOf(type, given, levels)]));
}

/** Every root field of the schema. `adjust` completes variables where a field wants more than types can say. */
export function rootFields(
  schema: GraphQLSchema,
  adjust: Record<string, (variables: Record<string, unknown>, id: string | undefined) => Record<string, unknown>>,
): RootField[] {
  const roots = [
    ["query", schema.getQueryType()],
    ["mutation", schema.getMutationType()],
    ["subscription", schema.getSubscriptionType()],
  ] as const;
  return roots.flatMap(([operation, root]) =>
    Object.values(root?.getFields() ?? {}).map((field) => {
      const declared = field.args.map(({ name, type }) => `$${name}: ${type}`).join(", ");
      const given = field.args.map(({ name }) => `${name}: $${name}`).join(", ");
      const [head, call] = field.args.length > 0 ? [`(${declared})`, `(${given})`] : ["", ""];
      const name = field.name;
      const asked = selections(schema, field.type);
      return {
        operation,
        name,
        document: (nodeType) => {
          const wanted = asked.get(nodeType ?? "") ?? [...asked.values()][0];
          return `${operation} It${head} { ${name}${call} ${wanted} }`;
        },
        takesIds: field.args.some(({ type }) => hasId(type)),
        idTypes: idTypesOf(field.args),
        choices: Math.max(
          1,
          ...field.args.map(({ type }) => {
            const named = getNamedType(type);
            return isInputObjectType(named) && named.name.endsWith("Filter") ? comparisons(named).length : 1;
          }),
        ),
        variables: (id, choice = 0) => {
          const variables = argumentsOf(field.args, { id, choice });
          return adjust[name]?.(variables, id) ?? variables;
        },
      };
    }),
  );
}
