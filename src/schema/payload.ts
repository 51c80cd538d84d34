import type { ErrorCode } from "../errors.ts";
import { VigilError } from "../errors.ts";
import { builder } from "./builder.ts";

export interface UserError {
  code: ErrorCode;
  message: string;
  path: readonly string[];
}

export const UserErrorType = builder.objectRef<UserError>("UserError").implement({
  description: "Why the input was refused; whoever sent it can mend it.",
  fields: (t) => ({
    code: t.exposeString("code", { description: "For programs: BAD_USER_INPUT, NOT_FOUND or CONFLICT." }),
    message: t.exposeString("message", { description: "For people." }),
    path: t.stringList({
      description: "Where in the arguments; empty: nowhere in particular.",
      resolve: (error) => [...error.path],
    }),
  }),
});

export type Outcome<T> = { value: T; userErrors: [] } | { value: undefined; userErrors: UserError[] };

const mendable: ReadonlySet<ErrorCode> = new Set(["BAD_USER_INPUT", "NOT_FOUND", "CONFLICT"] satisfies ErrorCode[]);

/** Runs a mutation; what its sender can mend comes back as user errors, everything else is thrown. */
export async function attempt<T>(work: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { value: await work(), userErrors: [] };
  } catch (error) {
    if (!(error instanceof VigilError) || !mendable.has(error.code)) throw error;
    const { code, message, path = [], detail } = error;
    const several = detail?.userErrors as UserError[] | undefined; // where there is more than one fault to tell
    return { value: undefined, userErrors: several ?? [{ code, message, path }] };
  }
}

/** The payload of a mutation that records measurements, all of them or none. */
export function recordedPayload(name: string, noun: string) {
  return builder.objectRef<Outcome<number>>(name).implement({
    description: `What became of the ${noun}.`,
    fields: (t) => ({
      recorded: t.int({ description: "How many were recorded: all or none.", resolve: ({ value }) => value ?? 0 }),
      userErrors: t.field({
        type: [UserErrorType],
        description: "Why nothing was recorded.",
        resolve: (it) => it.userErrors,
      }),
    }),
  });
}
