/** docs/schema/: the whole API as pages that people read, made from the schema and its descriptions. */
import {
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLNamedType,
  type GraphQLSchema,
  type GraphQLType,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  isScalarType,
  isSpecifiedScalarType,
  isUnionType,
} from "graphql";
import { type Permission, permissionTable } from "../access/permissions.ts";

type Field = GraphQLField<unknown, unknown>;

/** Which page a type is on; undefined: on none, since what it is can be said once for all of its kind. */
function pageOf(type: GraphQLNamedType): string | undefined {
  if (isIntrospectionType(type) || isSpecifiedScalarType(type)) return undefined;
  if (/(?:Connection|Edge)$|^PageInfo$/.test(type.name)) return undefined;
  if (isEnumType(type)) return "enums.md";
  if (isInputObjectType(type)) return "inputs.md";
  if (isScalarType(type)) return "scalars.md";
  return ["Query", "Mutation", "Subscription"].includes(type.name) ? undefined : "objects.md";
}

/** In a cell of a table. */
const cell = (text: string | null | undefined): string => (text ?? "").replaceAll("|", "\\|").replaceAll(/\s+/g, " ");

/** A type as it is written, its name a link to what it is; a page is what is on it. */
function linked(type: GraphQLType): string {
  const named = getNamedType(type);
  const nodes = named.name.endsWith("Connection") && isObjectType(named) ? named.getFields().nodes : undefined;
  const of = nodes ? getNamedType(nodes.type) : named;
  const page = pageOf(of);
  return page ? `[\`${type}\`](${page}#${of.name.toLowerCase()})` : `\`${type}\``;
}

const pageArguments = ["first", "last", "after", "before"];

function table(head: string, rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line([head, "type", ""]), "| --- | --- | --- |", ...rows.map(line)].join("\n");
}

/** One line of what may be given. */
function given(input: GraphQLArgument | GraphQLInputField): string[] {
  const { name, type, description, defaultValue } = input;
  const fallback = defaultValue === undefined ? "" : ` Default: \`${JSON.stringify(defaultValue)}\`.`;
  return [`\`${name}\``, linked(type), cell(description) + fallback];
}

/** Who may ask for it. */
function asked(field: Field): string {
  const { authScopes } = (field.extensions.pothosOptions ?? {}) as { authScopes?: unknown };
  const { permission } = (typeof authScopes === "object" ? authScopes : {}) as { permission?: Permission };
  if (permission) return `Takes \`${permission}\`: ${permissionTable[permission].roles.join(", ")}.`;
  return authScopes === undefined || typeof authScopes === "function" ? "" : "For whoever is signed in.";
}

/** A field of Query, Mutation or Subscription. */
function root(field: Field): string {
  const isPaged = field.args.some(({ name }) => name === "first");
  const own = field.args.filter(({ name }) => !isPaged || !pageArguments.includes(name));
  const parts = [`## ${field.name}`, field.description ?? "", asked(field)];
  if (own.length > 0)
    parts.push(
      table(
        "argument",
        own.map((argument) => given(argument)),
      ),
    );
  parts.push(`Gives ${linked(field.type)}${isPaged ? ", a page at a time" : ""}.`);
  return parts.filter((part) => part !== "").join("\n\n");
}

function fieldRow(field: Field): string[] {
  const isPaged = field.args.some(({ name }) => name === "first");
  const own = field.args.filter(({ name }) => !isPaged || !pageArguments.includes(name));
  const taken = own.map(({ name, type }) => `${name}: ${type}`).join(", ");
  const was = field.deprecationReason ? ` **Deprecated**: ${cell(field.deprecationReason)}` : "";
  const page = isPaged ? " A page at a time." : "";
  return [`\`${field.name}${taken ? `(${taken})` : ""}\``, linked(field.type), cell(field.description) + page + was];
}

/** A type of objects, inputs, enum values or scalars. */
function typeOf(type: GraphQLNamedType, schema: GraphQLSchema): string {
  const parts = [`## ${type.name}`, type.description ?? ""];
  if (isObjectType(type) || isInterfaceType(type)) {
    const kinds = isObjectType(type) ? type.getInterfaces() : schema.getPossibleTypes(type);
    const how = isObjectType(type) ? "Is a" : "Is one of";
    if (kinds.length > 0) parts.push(`${how} ${kinds.map((one) => linked(one)).join(", ")}.`);
    parts.push(
      table(
        "field",
        sorted(type.getFields()).map((field) => fieldRow(field)),
      ),
    );
  } else if (isUnionType(type)) {
    parts.push(
      `One of ${type
        .getTypes()
        .map((one) => linked(one))
        .join(", ")}.`,
    );
  } else if (isInputObjectType(type)) {
    parts.push(
      table(
        "field",
        sorted(type.getFields()).map((field) => given(field)),
      ),
    );
  } else if (isEnumType(type)) {
    parts.push(
      type
        .getValues()
        .map(({ name, description }) => `- \`${name}\`: ${cell(description)}`)
        .join("\n"),
    );
  }
  return parts.filter((part) => part !== "").join("\n\n");
}

const sorted = <T extends { name: string }>(of: Record<string, T>): T[] =>
  Object.values(of).sort((a, b) => (a.name < b.name ? -1 : 1));

const made = "Written from the code by `npm run schema`; do not edit.";

/** Every page, by its path from the root of the repository. */
export function referencePages(schema: GraphQLSchema): Record<string, string> {
  const types = sorted(schema.getTypeMap()).filter((type) => pageOf(type) !== undefined);
  const roots = [
    ["queries", "Queries", "What can be asked.", schema.getQueryType()],
    ["mutations", "Mutations", "What can be changed.", schema.getMutationType()],
    ["subscriptions", "Subscriptions", "What can be followed.", schema.getSubscriptionType()],
  ] as const;
  const kinds = [
    ["objects", "Objects", "What is answered."],
    ["inputs", "Inputs", "What is given."],
    ["enums", "Enums", "Words of which one is chosen."],
    ["scalars", "Scalars", "Values."],
  ] as const;
  const counted = (kind: string): GraphQLNamedType[] => types.filter((type) => pageOf(type) === `${kind}.md`);
  const pages: Record<string, string> = {};
  for (const [name, title, words, type] of roots) {
    const fields = sorted(type?.getFields() ?? {});
    const index = fields.map((field) => `[${field.name}](#${field.name.toLowerCase()})`).join(" · ");
    const body = fields.map((field) => root(field)).join("\n\n");
    pages[`docs/schema/${name}.md`] = `# ${title}\n\n${words} ${made}\n\n${index}\n\n${body}\n`;
  }
  for (const [name, title, words] of kinds) {
    const body = counted(name)
      .map((type) => typeOf(type, schema))
      .join("\n\n");
    pages[`docs/schema/${name}.md`] = `# ${title}\n\n${words} ${made}\n\n${body}\n`;
  }
  const rows = [
    ...roots.map(
      ([name, title, words, type]) => [name, title, words, Object.keys(type?.getFields() ?? {}).length] as const,
    ),
    ...kinds.map(([name, title, words]) => [name, title, words, counted(name).length] as const),
  ];
  pages["docs/schema/README.md"] = `# The API

${made} [schema.graphql](../../schema.graphql) says the same to programs; GraphiQL (\`/graphiql\`) has it beside an editor.

${["| page | what | how many |", "| --- | --- | --- |", ...rows.map(([name, title, words, count]) => `| [${title}](${name}.md) | ${words} | ${count} |`)].join("\n")}

- \`XConnection\` is a page of X: \`nodes\`, or \`edges { cursor node }\`, \`pageInfo { hasNextPage endCursor }\` and \`totalCount\`. It
  takes \`first\` (1 to 100, 50 unless told) with \`after\`, or \`last\` with \`before\`.
- A filter compares field by field (\`eq neq in notIn gt gte lt lte contains startsWith\`); all must hold; \`and\`, \`or\` and \`not\` join
  filters.
- What a mutation's input lacks is in \`userErrors { code message path }\`, and what it would have changed is null then. Faults,
  refusals and bad documents are in \`errors\`, each with \`extensions { code }\`.
- \`viewerCan…\` of an object says what whoever asks may do with it now; [permissions](../permissions.md) says which role may what.
- Ids are opaque and of one type; another type's are refused. \`extensions { cost }\` of every answer says what the operation might
  have cost, what it did, and what is left for the organization; what costs too much is refused before it runs.

## What changes, and what does not

The API has no versions. Fields, arguments that may be left out, types and values of enums are added at any time: programs
pass over what they do not know. What is to go is first marked \`@deprecated\` with what takes its place, in one release at
least, and stays for six months or more; [CHANGELOG.md](../../CHANGELOG.md) says both. \`npm run check\` compares every change with
the API of the last release, and fails where a program written for that would break and the changelog does not say so.
`;
  return pages;
}
