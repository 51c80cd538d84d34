import { isAsyncIterable, type Plugin } from "@envelop/core";
import { type DocumentNode, type ExecutionArgs, type ExecutionResult, GraphQLError, getOperationAST } from "graphql";
import type { Viewer } from "../access/viewer.ts";
import { auditPhiRead } from "../audit/phi-read.ts";
import type { Log } from "../log.ts";
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
  if (!context.viewer) return;
  const patients = context.patients ?? new Set<string>();
  if (patients.size === 0) return;
  try {
    await writeDownRead([context as Reader], patients, describe(operation));
    context.patients = new Set();
  } catch (error) {
    setResult(heldBack(context.services.log, error as Error));
  }
}

/** Whoever has signed in and gets the answer. */
export type Reader = Context & { viewer: Viewer };

/** Audits that each of these, who are of one organization, reads these patients' data. */
export async function writeDownRead(
  readers: readonly Reader[],
  patients: ReadonlySet<string>,
  operation: string,
): Promise<void> {
  const [one] = readers;
  if (!one) return;
  const { organizationId } = one.viewer;
  const indexOf = await one.services.patientIndexer(organizationId);
  for (const reader of readers) {
    const { purpose, address, services } = reader;
    const breakGlassId = (await reader.breakGlass)?.id;
    const read = { actor: auditActorOf(reader), patients, purpose, address, operation, breakGlassId };
    await auditPhiRead(services.db, organizationId, read, indexOf);
  }
}

/** What is answered instead of what could not be audited. */
export function heldBack(log: Log, error: Error): ExecutionResult {
  log.error({ err: error.message }, "an answer was held back: it could not be audited");
  const message = "The answer was held back: it could not be audited. Try again later";
  return { errors: [new GraphQLError(message, { extensions: { code: "UNAVAILABLE" } })] };
}

/** "query securityEvents, incident": the fields at the top, never arguments. */
export function describe({ document, operationName }: Operation): string {
  const operation = getOperationAST(document, operationName);
  const names = (operation?.selectionSet.selections ?? []).map((selection) =>
    selection.kind === "Field" ? selection.name.value : "…",
  );
  return `${operation?.operation ?? "operation"} ${[...new Set(names)].join(", ")}`.slice(0, 200);
}
