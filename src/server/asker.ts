/** Whom a limit counts, and what they are told who are over it. */
import { GraphQLError } from "graphql";
import { sourceOf } from "../access/rate-limit.ts";
import type { Context } from "../schema/context.ts";

/** The organization of whoever asks; without one, where they ask from. */
export const askerOf = ({ viewer, address }: Pick<Context, "viewer" | "address">): string =>
  viewer?.organizationId ?? `from ${sourceOf(address ?? "")}`;

/** RATE_LIMITED, over HTTP with status 429 and when to come back. */
export function tooOften(message: string, seconds: number): GraphQLError {
  const http = { status: 429, headers: { "retry-after": String(seconds) } };
  return new GraphQLError(message, { extensions: { code: "RATE_LIMITED", http } });
}
