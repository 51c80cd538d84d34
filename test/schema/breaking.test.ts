import { buildSchema } from "graphql";
import { expect, it } from "vitest";
import { unsaidBreaks } from "../../src/schema/breaking.ts";

const released = "type Query { incident(id: ID!): String old: Int }";

it("names what breaks programs written for the last release, unless the CHANGELOG says it", () => {
  const now = buildSchema("type Query { incident(id: ID!, of: Int!): String more: Int }");
  const changelog = "# Changelog\n\n## Unreleased\n\n- Breaking: Query.old was\n  removed.\n\n## 0.1.0\n";
  expect(unsaidBreaks(released, now, "# Changelog\n\n## Unreleased\n\n- Nothing.\n")).toEqual([
    "Query.old was removed.",
    "A required arg of on Query.incident was added.",
  ]);
  expect(unsaidBreaks(released, now, changelog)).toHaveLength(1);
});

it("lets through what is only added", () => {
  const now = buildSchema(
    'type Query { incident(id: ID!, of: Int): String old: Int @deprecated(reason: "more") more: Int }',
  );
  expect(unsaidBreaks(released, now, "")).toEqual([]);
});
