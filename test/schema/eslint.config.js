// The rules of GraphQL-ESLint for schemas (recommended and Relay) over schema.graphql: `npx eslint -c test/schema/eslint.config.js schema.graphql`.
import graphqlEslint from "@graphql-eslint/eslint-plugin";

const { configs, parser } = graphqlEslint;

export default [
  {
    files: ["**/*.graphql"],
    languageOptions: { parser, parserOptions: { graphQLConfig: { schema: "schema.graphql" } } },
    plugins: { "@graphql-eslint": graphqlEslint },
    rules: {
      ...configs["flat/schema-recommended"].rules,
      ...configs["flat/schema-relay"].rules,
      // Payloads, pages, counts and the like have no identity of their own. What has an id is a Node: schema.test.ts.
      "@graphql-eslint/strict-id-in-types": "off",
      "@graphql-eslint/relay-edge-types": [
        "error",
        {
          withEdgeSuffix: true,
          // All but revisions, which go by their rule and number: schema.test.ts.
          shouldImplementNode: false,
          // What is short and always whole (a rule's tags, an alert's attempts) is a list and no connection.
          listTypeCanWrapOnlyEdgeType: false,
        },
      ],
    },
  },
];
