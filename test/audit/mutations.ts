/** Every mutation of the schema, as a document with the least that its types take. */
import {
  type GraphQLField,
  type GraphQLInputType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
} from "graphql";
import { v7 } from "uuid";
import { schema } from "../../src/schema/schema.ts";

export const mutations = Object.values(schema.getMutationType()?.getFields() ?? {});

/** These want a browser's session and its codes: test/access/second-factor.test.ts looks at their entries. */
export const secondFactor = ["totpEnroll", "totpConfirm", "totpVerify", "totpDisable"];

/** The least that a type takes. */
function generated(type: GraphQLInputType, node: string): unknown {
  if (isNonNullType(type)) return generated(type.ofType, node);
  if (isListType(type)) return [generated(type.ofType, node)];
  if (isEnumType(type)) return type.getValues()[0]?.name;
  if (isInputObjectType(type)) {
    const required = Object.values(type.getFields()).filter((field) => isNonNullType(field.type));
    return Object.fromEntries(required.map((field) => [field.name, generated(field.type, node)]));
  }
  const values: Record<string, unknown> = {
    ID: Buffer.from(`${node}:${v7()}`).toString("base64"),
    Int: 1,
    Float: 1,
    Boolean: true,
    DateTime: "2026-01-01T00:00:00Z",
    Duration: "PT5M",
    URL: "https://receiver.example/hook",
    IPAddress: "203.0.113.9",
    JSON: {},
    EventTime: "2026-01-01T00:00:00Z",
  };
  return values[type.name] ?? "walked";
}

/** The noun a mutation is about: ids of another one would be refused before anything else. */
export function nodeOf(field: GraphQLField<unknown, unknown>): string {
  const payload = isNonNullType(field.type) ? field.type.ofType : field.type;
  const nouns = (isObjectType(payload) ? Object.values(payload.getFields()) : []).map(({ type }) => {
    const inner = isNonNullType(type) ? type.ofType : type;
    return isObjectType(inner) && inner.getInterfaces().some(({ name }) => name === "Node") ? inner.name : undefined;
  });
  return nouns.find((name) => name !== undefined) ?? "Incident";
}

export function required(field: GraphQLField<unknown, unknown>): Record<string, unknown> {
  const names = field.args.filter(({ type }) => isNonNullType(type));
  return Object.fromEntries(names.map(({ name, type }) => [name, generated(type, nodeOf(field))]));
}

/** The mutation by itself, with the arguments that are given, asking for its user errors where it has any. */
export function documentOf(field: GraphQLField<unknown, unknown>, variables: object): string {
  const used = field.args.filter(({ name }) => name in variables);
  const parameters = used.length > 0 ? `(${used.map(({ name, type }) => `$${name}: ${type}`).join(", ")})` : "";
  const passed = used.length > 0 ? `(${used.map(({ name }) => `${name}: $${name}`).join(", ")})` : "";
  const payload = isNonNullType(field.type) ? field.type.ofType : field.type;
  const tellsErrors = isObjectType(payload) && "userErrors" in payload.getFields();
  const selection = isObjectType(payload) ? (tellsErrors ? "{ userErrors { code message } }" : "{ __typename }") : "";
  return `mutation ${parameters} { ${field.name}${passed} ${selection} }`;
}
