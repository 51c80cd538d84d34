import { isAsyncIterable, type Plugin } from "@envelop/core";
import { type DocumentNode, type ExecutionArgs, type ExecutionResult, GraphQLError, getOperationAST } from "graphql";
import { auditPhiRead } from "../audit/phi-read.ts";
import { auditActorOf, type Context } from "../schema/context.ts";

interface Operation {
  document: DocumentNode;
  operationName?: string | null | undefined;
  contextValue?: unknown;
}

/** Audits, before an answer leaves, whose data it holds. (Refusals are audited where they are made.) */
export function auditPlugin(): Plugin {
  return {
    onExecute({ args }) {
      begin(args.contextValue as unknown as Context);
      return {
        async onExecuteDone({ result, setResult }) {
          if (!isAsyncIterable(result)) await settle(args, setResult as never);
        },
      };
    },
    onSubscribe({ args, subscribeFn, setSubscribeFn }) {
      begin(args.contextValue as unknown as Context);
      setSubscribeFn(async (given: ExecutionArgs) => {
        let result = await subscribeFn(given);
        if (!isAsyncIterable(result)) await settle(args, (other) => (result = other as never));
        return result;
      });
      return {
        onSubscribeResult: () => ({
          onNext: ({ setResult }) => settle(args, setResult as never),
        }),
      };
    },
  };
}

function begin(context: Context): void {
  context.patients = new Set();
}

async function settle(operation: Operation, setResult: (result: ExecutionResult) => void): Promise<void> {
  const context = operation.contextValue as Context;
  const { viewer, services, purpose, address } = context;
  if (!viewer) return;
  const { organizationId } = viewer;
  const patients = context.patients ?? new Set<string>();
  if (patients.size === 0) return;
  const asked = describe(operation);
  try {
    const actor = auditActorOf(context);
    const breakGlassId = (await context.breakGlass)?.id;
    const read = { actor, patients, purpose, address, operation: asked, breakGlassId };
    await auditPhiRead(services.db, organizationId, read, await services.patientIndexer(organizationId));
    context.patients = new Set();
  } catch (error) {
    services.log.error({ err: (error as Error).message }, "an answer was held back: it could not be audited");
    const message = "The answer was held back: it could not be audited. Try again later";
    setResult({ errors: [new GraphQLError(message, { extensions: { code: "UNAVAILABLE" } })] });
  }
}

/** "query securityEvents, incident": the fields at the top, never arguments. */
function describe({ document, operationName }: Operation): string {
  const operation = getOperationAST(document, operationName);
  const names = (operation?.selectionSet.selections ?? []).map((selection) =>
    selection.kind === "Field" ? selection.name.value : "…",
  );
  return `${operation?.operation ?? "operation"} ${[...new Set(names)].join(", ")}`.slice(0, 200);
}
