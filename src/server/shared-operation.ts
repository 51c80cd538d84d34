/** What of a subscription can be shared, and with whom. */
import {
  type DocumentNode,
  type ExecutionArgs,
  getArgumentValues,
  getOperationAST,
  getVariableValues,
  print,
} from "graphql";
import { lacksSecondFactor, may } from "../access/permissions.ts";
import type { Viewer } from "../access/viewer.ts";
import { isCursor } from "../publish/cursor.ts";
import { type SharedStream, sharedStreamOf } from "../schema/shared.ts";
import { costLimits, judgeCost } from "./cost-plugin.ts";
import { viewerClassOf } from "./viewer-class.ts";

export type Operation = Pick<ExecutionArgs, "schema" | "document" | "operationName" | "variableValues">;

export interface Shared extends Operation {
  key: string;
  stream: SharedStream;
  args: Record<string, unknown>;
  /** Patients whom the arguments ask for: their data is read by whoever follows, whatever comes. */
  askedFor?: ReadonlySet<string> | undefined;
}

/** Fields whose answer depends on who asks, not only on what they may do: one does not approve what one has asked for. */
const ofOnePerson = /\bviewerCan(Approve|Review)\b/;

/** What the operation shares with others; undefined where its field says that it does not, or the viewer may not. */
export function sharedOf(operation: Operation, viewer: Viewer): Shared | undefined {
  const { schema, document, operationName, variableValues } = operation;
  const found = getOperationAST(document, operationName);
  const [selection, more] = found?.selectionSet.selections ?? [];
  if (found?.operation !== "subscription" || more || selection?.kind !== "Field") return undefined;
  const field = schema.getSubscriptionType()?.getFields()[selection.name.value];
  const stream = field && sharedStreamOf(field.extensions);
  if (!field || !stream || !may(viewer, stream.permission)) return undefined;
  if (lacksSecondFactor(viewer, stream.permission)) return undefined; // refused at once where it is executed
  if (typeof judgeCost(operation, costLimits.operation) !== "number") return undefined; // refused where it is executed
  const given = getVariableValues(schema, found.variableDefinitions ?? [], variableValues ?? {});
  if (!given.coerced) return undefined; // refused where it is executed
  const args = argumentsOf(field, selection, given.coerced);
  if (!args) return undefined; // refused there, too
  if (stream.durable && typeof args.after === "string" && !isCursor(args.after)) return undefined; // and there
  const text = textOf(document);
  if (ofOnePerson.test(text)) return undefined;
  const variables = { ...given.coerced };
  // Where a reader starts from is theirs; what follows is everybody's.
  const after = selection.arguments?.find(({ name }) => name.value === "after")?.value;
  if (after?.kind === "Variable" && text.split(new RegExp(`\\$${after.name.value}\\b`)).length === 3) {
    delete variables[after.name.value];
  }
  return {
    ...operation,
    key: `${viewerClassOf(viewer)} ${operationName ?? ""} ${JSON.stringify(variables)} ${text}`,
    stream,
    args,
  };
}

/** Undefined: they do not fit, as null of a variable where a value is needed. */
function argumentsOf(...given: Parameters<typeof getArgumentValues>): Record<string, unknown> | undefined {
  try {
    return getArgumentValues(...given);
  } catch {
    return undefined;
  }
}

const texts = new WeakMap<DocumentNode, string>();

function textOf(document: DocumentNode): string {
  const text = texts.get(document) ?? print(document);
  texts.set(document, text);
  return text;
}
