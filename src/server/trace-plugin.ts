/** A span for every GraphQL operation: its type and its name, and neither its text nor its variables. */
import { getOperationAST } from "graphql";
import type { Plugin } from "graphql-yoga";
import { inSpan, isTracing } from "../tracing.ts";

export function tracePlugin(): Plugin {
  return {
    onExecute({ args, executeFn, setExecuteFn }) {
      if (!isTracing()) return;
      const operation = getOperationAST(args.document, args.operationName);
      const [type, name] = [operation?.operation ?? "query", operation?.name?.value ?? "anonymous"];
      const attributes = { "graphql.operation.type": type, "graphql.operation.name": name };
      setExecuteFn((given) => inSpan(`graphql ${type}`, { attributes }, async () => executeFn(given)));
    },
  };
}
