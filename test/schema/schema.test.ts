import { readFile } from "node:fs/promises";
import {
  type GraphQLObjectType,
  type GraphQLOutputType,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isIntrospectionType,
  isObjectType,
  isSpecifiedScalarType,
  parse,
  validate,
} from "graphql";
import { describe, expect, it } from "vitest";
import { schema } from "../../src/schema/schema.ts";

const types = Object.values(schema.getTypeMap()).filter(
  (type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type),
);

describe("the schema", () => {
  it("describes every type, field, argument and enum value", () => {
    const bare: string[] = [];
    for (const type of types) {
      if (!type.description) bare.push(type.name);
      const isFielded = isObjectType(type) || isInputObjectType(type);
      for (const field of isFielded ? Object.values(type.getFields()) : []) {
        if (!field.description) bare.push(`${type.name}.${field.name}`);
        if ("args" in field) {
          for (const argument of field.args) {
            if (!argument.description) bare.push(`${type.name}.${field.name}(${argument.name})`);
          }
        }
      }
      for (const value of isEnumType(type) ? type.getValues() : []) {
        if (!value.description) bare.push(`${type.name}.${value.name}`);
      }
    }
    expect(bare).toEqual([]);
  });

  it("gives an id to nothing but nodes, and lists of pages hold nodes", () => {
    const isNode = (type: GraphQLObjectType): boolean => type.getInterfaces().some(({ name }) => name === "Node");
    const objects = types.filter(isObjectType);
    expect(objects.filter((type) => "id" in type.getFields() && !isNode(type)).map(({ name }) => name)).toEqual([
      "IncidentsUpdateResult", // says which incident, by the id that was asked for
      "Organization", // there is one: the viewer's own
      "RuleCount", // says which rule
    ]);
    const edges = objects.filter(({ name }) => name.endsWith("Edge"));
    expect(edges.length).toBeGreaterThan(20);
    const held = edges.map((type) => getNamedType(type.getFields().node?.type as GraphQLOutputType));
    expect(held.filter((type) => !isNode(type as GraphQLObjectType)).map(({ name }) => name)).toEqual([
      "AlertRuleRevision", // goes by its rule and number
    ]);
  });

  it("guards every field of Query, Mutation and Subscription", () => {
    const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
    const open = roots.flatMap((root) =>
      Object.values(root?.getFields() ?? {})
        .filter((field) => !("authScopes" in ((field.extensions.pothosOptions ?? {}) as object)))
        .map((field) => `${root?.name}.${field.name}`),
    );
    expect(open).toEqual([]);
  });

  it("understands the operations that acceptance checks send", async () => {
    const source = await readFile(new URL("../client/operations.ts", import.meta.url), "utf8");
    const operations = [...source.matchAll(/graphql\(`([^`]+)`\)/g)].map((match) => match[1] as string);
    expect(operations.length).toBeGreaterThan(7);
    for (const operation of operations) expect(validate(schema, parse(operation))).toEqual([]);
  });
});
