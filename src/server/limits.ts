/** What one document may be, whoever sends it, and what is told of a document that is refused. */
import { type DocumentNode, GraphQLError, parse, type validate } from "graphql";
import type { Plugin } from "graphql-yoga";
import { peopleRoles, type Viewer } from "../access/viewer.ts";
import type { Context } from "../schema/context.ts";
import { remade, withoutHint } from "./mask.ts";
import { type Measure, measure } from "./measure.ts";

export const limits = { depth: 10, aliases: 15, directives: 50, tokens: 1_000 } as const;

/** Whether they may ask about the schema, and be told in which way a document does not fit it: people may. */
export function mayLearnSchema(viewer: Viewer | undefined): boolean {
  return viewer !== undefined && (peopleRoles as readonly string[]).includes(viewer.role);
}

/**
 * Refuses what is too large before it is validated: rules of validation may take the square of its size. `onSecrets`
 * hears of fields that take or make secrets and stand in one document more than once; it is refused, and nothing done.
 */
export function limitPlugin(onSecrets: (context: Context, uses: readonly string[]) => void): Plugin<Context> {
  return {
    onParse({ context, setParseFn }) {
      setParseFn((source, options) => parse(source, { ...options, maxTokens: limits.tokens }));
      return ({ result, replaceParseResult }) => {
        if (result === null || result instanceof Error) return;
        const size = measure(result);
        if (size.secrets.length > 1) onSecrets(context, size.secrets);
        const refusal = refuse(size, context.viewer);
        if (refusal) replaceParseResult(refusal as never);
      };
    },
  };
}

function refuse(size: Measure, viewer: Viewer | undefined): GraphQLError | undefined {
  for (const what of ["depth", "aliases", "directives"] as const) {
    if (size[what] > limits[what]) {
      return coded("COMPLEXITY_LIMIT", `The document's ${what} limit of ${limits[what]} is exceeded: ${size[what]}`);
    }
  }
  if (size.secrets.length > 1) {
    return coded("COMPLEXITY_LIMIT", "What takes or makes a secret may stand in a document once");
  }
  if (!size.introspects || mayLearnSchema(viewer)) return undefined;
  if (!viewer) return coded("UNAUTHENTICATED", signInFirst);
  return coded("FORBIDDEN", `The role ${viewer.role} may not ask about the schema`);
}

const signInFirst = "Sign in first, or send a token: Authorization: Bearer …";
const coded = (code: string, message: string): GraphQLError => new GraphQLError(message, { extensions: { code } });

/** Gives every error of a document its code, and takes from it what its sender is not to learn. */
export function codePlugin(): Plugin<Context> {
  return {
    onParse() {
      return ({ result, replaceParseResult }) => {
        if (result instanceof GraphQLError) replaceParseResult(ofSyntax(result) as never);
      };
    },
    onValidate({ context, params, setResult, validateFn, setValidationFn }) {
      const known = validated.get(params.documentAST);
      if (known) return setResult(ofValidation(known, context.viewer) as never);
      setValidationFn(told(validateFn as typeof validate) as never);
      return ({ result, setResult }) => {
        validated.set(params.documentAST, result as readonly GraphQLError[]);
        setResult(ofValidation(result as readonly GraphQLError[], context.viewer) as never);
      };
    },
  };
}

/**
 * Of a subscription whose field stands under @skip or @include by a variable, graphql 16 throws instead of telling: thrown, it
 * would close the socket that asked, with all that runs on it.
 */
export function told(check: typeof validate): typeof validate {
  return (...given) => {
    try {
      return check(...given);
    } catch (error) {
      if (!(error instanceof GraphQLError)) throw error;
      return [
        new GraphQLError(
          "The field of a subscription stands under neither @skip nor @include",
          error.nodes ? { nodes: error.nodes } : {},
        ),
      ];
    }
  };
}

/** What validation said of documents; what is told of it depends on who asks. */
const validated = new WeakMap<DocumentNode, readonly GraphQLError[]>();

function ofSyntax(error: GraphQLError): GraphQLError {
  if (error.extensions.code !== undefined) return error;
  if (!/more tha[nt] \d+ tokens/.test(error.message)) return remade(error, error.message, { code: "BAD_USER_INPUT" });
  return coded("COMPLEXITY_LIMIT", `The document's tokens limit of ${limits.tokens} is exceeded`);
}

/** For whoever may not know the schema, that a name is unknown tells of it, too. */
function ofValidation(errors: readonly GraphQLError[], viewer: Viewer | undefined): GraphQLError[] {
  if (errors.length === 0) return [];
  if (!viewer) return [coded("UNAUTHENTICATED", signInFirst)];
  if (!mayLearnSchema(viewer)) return [coded("BAD_USER_INPUT", "The document does not fit the schema")];
  return errors.map((error) =>
    remade(error, withoutHint(error.message), { ...error.extensions, code: "BAD_USER_INPUT" }),
  );
}
