import { EnvelopArmorPlugin } from "@escape.tech/graphql-armor";
import { GraphQLError, type ValidationContext } from "graphql";
import type { Plugin } from "graphql-yoga";
import { remade } from "./mask.ts";

/** What one document may ask for. Introspection is as deep as it is, and bounded by its size. */
export const limits = { depth: 10, aliases: 15, directives: 50, tokens: 1_000 };

type Reject = (context: ValidationContext | null, error: GraphQLError) => void;

// As errors of validation; thrown, as armor would, they would be taken for faults of the server.
const reported: { onReject: Reject[]; propagateOnRejection: boolean } = {
  onReject: [(context, error) => context?.reportError(error)],
  propagateOnRejection: false,
};

export function limitPlugin(): Plugin {
  return EnvelopArmorPlugin({
    maxDepth: { n: limits.depth, ignoreIntrospection: true, ...reported },
    maxAliases: { n: limits.aliases, ...reported },
    maxDirectives: { n: limits.directives, ...reported },
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
  return remade(error, isLimit ? error.message.replace("Syntax Error: ", "") : error.message, {
    ...error.extensions,
    code,
  });
}
