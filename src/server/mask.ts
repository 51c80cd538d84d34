import { GraphQLError, Kind } from "graphql";
import { databaseAway, isDatabaseAway, spentOr } from "../database-away.ts";
import { isUnstorable, VigilError } from "../errors.ts";
import type { Log } from "../log.ts";

/** Decides what an error says to the sender: what is meant for them, with its code; of everything else only INTERNAL. */
export function createMask(log: Log): (error: unknown) => Error {
  return (error) => {
    const graphqlError = error instanceof GraphQLError ? error : undefined;
    const cause = spentOr(rootOf(error));
    if (cause instanceof VigilError) {
      return remade(graphqlError, cause.message, { code: cause.code, ...cause.detail });
    }
    if (cause instanceof Error && /^Pothos.*Validation/.test(cause.name)) {
      return remade(graphqlError, cause.message, { code: "BAD_USER_INPUT" });
    }
    if (cause instanceof GraphQLError) {
      if (cause.extensions.code !== undefined) return withoutHints(graphqlError ?? cause);
      // Without a path it is about the document or its variables; with one, a resolver gave what its type cannot hold,
      // unless it is the variable of an argument that is at fault.
      const isOfArgument = cause.nodes?.[0]?.kind === Kind.VARIABLE;
      if (isOfArgument || (cause.path === undefined && graphqlError?.path === undefined)) {
        return remade(cause, withoutHint(cause.message), { ...cause.extensions, code: "BAD_USER_INPUT" });
      }
    }
    const field = graphqlError?.path?.join(".");
    if (isDatabaseAway(cause)) {
      log.warn({ err: (cause as Error).message, field }, "a GraphQL operation failed: the database does not answer");
      const { code, message } = databaseAway();
      return remade(graphqlError, message, { code, http: { headers: { "retry-after": "1" } } });
    }
    if (isUnstorable(cause)) {
      const message = "A text has neither U+0000 nor half a surrogate pair";
      return remade(graphqlError, message, { code: "BAD_USER_INPUT" });
    }
    log.error({ err: cause, field }, "a GraphQL operation failed");
    return remade(graphqlError, "Something went wrong; the server's log says more", { code: "INTERNAL" });
  };
}

/** A hint at a name, of a field or an enum's value, is a way to list the schema. */
export const withoutHint = (message: string): string => message.replace(/ ?Did you mean[^?]*\?/g, "");

/** The executor of subscriptions gives what is wrong with variables its code by itself. */
function withoutHints(error: GraphQLError): GraphQLError {
  const message = withoutHint(error.message);
  return message === error.message ? error : remade(error, message, error.extensions);
}

/** The error under GraphQL's wrappings. */
export function rootOf(error: unknown): unknown {
  let root = error;
  while (root instanceof GraphQLError && root.originalError) root = root.originalError;
  return root;
}

/** The same place in the document and the answer, with other words. */
export function remade(
  error: GraphQLError | undefined,
  message: string,
  extensions: Record<string, unknown>,
): GraphQLError {
  const { nodes = null, source = null, positions = null, path = null } = error ?? {};
  return new GraphQLError(message, { nodes, source, positions, path, extensions });
}
