import { type DocumentNode, type ExecutionArgs, type ExecutionResult, GraphQLError, getOperationAST } from "graphql";
import type { Plugin } from "graphql-yoga";
import { audit } from "../access/audit.ts";
import { auditPhiRead } from "../audit/phi-read.ts";
import { VigilError } from "../errors.ts";
import { auditActorOf, type Context } from "../schema/context.ts";
import { rootOf } from "./mask.ts";

interface Operation {
  document: DocumentNode;
  operationName?: string | null | undefined;
  contextValue?: unknown;
}

/** Audits, before an answer leaves: whose data it holds, and what was refused for want of a permission. */
export function auditPlugin(): Plugin {
  return {
    onExecute({ args }) {
      begin(args.contextValue as unknown as Context);
      return {
        async onExecuteDone({ result, setResult }) {
          if (!isStream(result)) await settle(args, result as ExecutionResult, setResult as never);
        },
      };
    },
    onSubscribe({ args, subscribeFn, setSubscribeFn }) {
      begin(args.contextValue as unknown as Context);
      setSubscribeFn(async (given: ExecutionArgs) => {
        let result = await subscribeFn(given);
        if (!isStream(result)) await settle(args, result as ExecutionResult, (other) => (result = other as never));
        return result;
      });
      return {
        onSubscribeResult: () => ({
          onNext: ({ result, setResult }) => settle(args, result as ExecutionResult, setResult as never),
        }),
      };
    },
  };
}

function begin(context: Context): void {
  context.patients = new Set();
}

async function settle(
  operation: Operation,
  result: ExecutionResult,
  setResult: (result: ExecutionResult) => void,
): Promise<void> {
  const context = operation.contextValue as Context;
  const { viewer, services, purpose, address } = context;
  if (!viewer) return;
  const { organizationId, role } = viewer;
  const refused = (result.errors ?? []).filter(isForbidden);
  const patients = context.patients ?? new Set<string>();
  if (refused.length === 0 && patients.size === 0) return;
  const asked = describe(operation);
  try {
    const actor = auditActorOf(context);
    if (refused.length > 0) {
      const fields = [...new Set(refused.map(({ path }) => (path ?? []).filter(isName).join(".")))].slice(0, 20);
      const detail = { role, fields, address: address ?? null };
      const record = { actor, action: "PERMISSION_REFUSED", entityKind: "Operation", entityId: asked, detail };
      await services.db.inOrganization(organizationId, (tx) => audit(tx, record));
    }
    if (patients.size > 0) {
      const breakGlassId = (await context.breakGlass)?.id;
      const read = { actor, patients, purpose, address, operation: asked, breakGlassId };
      await auditPhiRead(services.db, organizationId, read);
      context.patients = new Set();
    }
  } catch (error) {
    services.log.error({ err: (error as Error).message }, "an answer was held back: it could not be audited");
    const message = "The answer was held back: it could not be audited. Try again later";
    setResult({ errors: [new GraphQLError(message, { extensions: { code: "UNAVAILABLE" } })] });
  }
}

function isForbidden(error: GraphQLError): boolean {
  const root = rootOf(error);
  return error.extensions?.code === "FORBIDDEN" || (root instanceof VigilError && root.code === "FORBIDDEN");
}

function isName(step: string | number): step is string {
  return typeof step === "string";
}

function isStream(result: unknown): boolean {
  return typeof result === "object" && result !== null && Symbol.asyncIterator in result;
}

/** "query securityEvents, incident": the fields at the top, never arguments. */
function describe({ document, operationName }: Operation): string {
  const operation = getOperationAST(document, operationName);
  const names = (operation?.selectionSet.selections ?? []).map((selection) =>
    selection.kind === "Field" ? selection.name.value : "…",
  );
  return `${operation?.operation ?? "operation"} ${[...new Set(names)].join(", ")}`.slice(0, 200);
}
