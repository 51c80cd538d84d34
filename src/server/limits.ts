import { EnvelopArmorPlugin } from "@escape.tech/graphql-armor";
import { GraphQLError } from "graphql";
import type { Plugin } from "graphql-yoga";
import { remade } from "./mask.ts";

/** What one document may ask for. Introspection is as deep as it is, and bounded by its size. */
export const limits = { depth: 10, aliases: 15, directives: 50, tokens: 1_000 };

export function limitPlugin(): Plugin {
  return EnvelopArmorPlugin({
    maxDepth: { n: limits.depth, ignoreIntrospection: true },
    maxAliases: { n: limits.aliases },
    maxDirectives: { n: limits.directives },
    maxTokens: { n: limits.tokens },
    costLimit: { enabled: false },
    blockFieldSuggestion: { enabled: false }, // the schema is public: a hint helps whoever mistypes
  }) as Plugin;
}

/** Gives every error of a document its code. */
export function codePlugin(): Plugin {
  return {
    onParse() {
      return ({ result, replaceParseResult }) => {
        if (result instanceof GraphQLError) replaceParseResult(coded(result) as never);
      };
    },
    onValidate() {
      return ({ result, setResult }) => {
        if (result.length > 0) setResult(result.map(coded as never) as never);
      };
    },
  };
}

function coded(error: GraphQLError): GraphQLError {
  const isLimit = /limit of \d+ exceeded/i.test(error.message);
  const code = isLimit ? "COMPLEXITY_LIMIT" : "BAD_USER_INPUT";
  return remade(error, error.message, { ...error.extensions, code });
}
