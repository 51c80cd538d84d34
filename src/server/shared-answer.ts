/** What an event answers to everybody who shares a subscription: executed once, serialised once, read by whom it says. */
import { type ExecutionResult, execute, type GraphQLError } from "graphql";
import type { Context, FeedChange } from "../schema/context.ts";
import { describe, heldBack, type Reader, writeDownRead } from "./audit-plugin.ts";
import type { Shared } from "./shared-operation.ts";

/** A serialised result. */
export interface Payload {
  text: string;
  bytes: Buffer;
  /** Whose data it holds: it may leave only to whom that is written down for. */
  patients: ReadonlySet<string>;
}

const payloadOf = (result: ExecutionResult, patients: ReadonlySet<string>): Payload => {
  const text = JSON.stringify(result);
  return { text, bytes: Buffer.from(text), patients };
};

/** Of the changes those that the subscription asks for. `context`: as below. Errors: what is wrong with the question. */
export async function changesAskedFor(
  shared: Shared,
  changes: readonly FeedChange[],
  context: Context,
): Promise<readonly FeedChange[]> {
  const { stream, args } = shared;
  if (!stream.fitting) return changes;
  const found = await stream.fitting(context, args, changes);
  shared.askedFor = context.patients;
  return found;
}

/** `context`: that of the viewers' class, for this answer alone. */
export async function answerShared(
  shared: Shared,
  event: unknown,
  context: Context,
  mask: (error: unknown) => Error,
): Promise<Payload> {
  const { schema, document, operationName, variableValues } = shared;
  let result: ExecutionResult = await execute({
    schema,
    document,
    operationName: operationName ?? null,
    variableValues: variableValues ?? null,
    rootValue: event,
    contextValue: context,
  });
  if (result.errors) result = { ...result, errors: result.errors.map((error) => mask(error) as GraphQLError) };
  return payloadOf(result, new Set([...(context.patients ?? []), ...(shared.askedFor ?? [])]));
}

export const patientsIn = (payloads: readonly Payload[]): Set<string> =>
  new Set(payloads.flatMap(({ patients }) => [...patients]));

/** The payloads, once it is written down that these viewers read them; what cannot be written down is held back. */
export async function writtenDown(
  shared: Shared,
  payloads: readonly Payload[],
  readers: readonly Reader[],
): Promise<readonly Payload[]> {
  const patients = patientsIn(payloads);
  const [one] = readers;
  if (patients.size === 0 || !one) return payloads;
  try {
    await writeDownRead(readers, patients, describe(shared));
    return payloads;
  } catch (error) {
    const held = payloadOf(heldBack(one.services.log, error as Error), new Set());
    return payloads.map((payload) => (payload.patients.size > 0 ? held : payload));
  }
}
