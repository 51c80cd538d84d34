/** Ends operations that take too long, and the statements they wait for. */
import type { Plugin } from "@envelop/core";
import { type ExecutionArgs, type ExecutionResult, GraphQLError } from "graphql";
import { withDeadline } from "../deadline.ts";
import { isSlow } from "./heavy-fields.ts";

export interface Deadlines {
  /** For an operation, ms. */
  operation: number;
  /** For one with a field that reads or writes much, ms. */
  slow: number;
}

export const deadlines: Deadlines = { operation: 10_000, slow: 60_000 };

export function deadlinePlugin({ operation, slow }: Deadlines): Plugin {
  return {
    onExecute({ args, executeFn, setExecuteFn }) {
      const most = isSlow(args) ? slow : operation;
      setExecuteFn((given: ExecutionArgs) =>
        withDeadline(
          most,
          async () => executeFn(given) as ExecutionResult | Promise<ExecutionResult>,
          () => late(most),
        ),
      );
    },
  };
}

function late(most: number): ExecutionResult {
  const message = `The operation took longer than ${most / 1_000} seconds and was cancelled: ask for less at once`;
  return { errors: [new GraphQLError(message, { extensions: { code: "UNAVAILABLE", http: { status: 503 } } })] };
}
