/**
 * How often GraphQL's root fields may be asked for: by one viewer, and by everybody of an organization together. Counted
 * by @envelop/rate-limiter, field by field, in this process and by the machine's own clock: with N servers it is N times as
 * much. (How many subscriptions a socket runs is bounded by src/server/socket.ts.)
 */
import { type IdentifyFn, Store, useRateLimiter } from "@envelop/rate-limiter";
import { GraphQLError } from "graphql";
import type { Plugin } from "graphql-yoga";
import { sourceOf } from "../access/rate-limit.ts";
import type { Context } from "../schema/context.ts";

export interface OperationLimits {
  /** Uses of one query field in 10 seconds. */
  query: number;
  /** Uses of one mutation field in 10 seconds. */
  mutation: number;
  /** Uses in a minute of one field that reads much of what is stored. */
  heavy: number;
}

/** For one viewer; an organization has five times as much. */
export const operationLimits: OperationLimits = { query: 2_000, mutation: 1_000, heavy: 150 };

const shareOfOrganization = 5;
const heavy = [
  "accessReport",
  "auditVerify",
  "auditExport",
  "alertRuleBackfill",
  "alertRuleExceptionPreview",
  "alertRulePreview",
  "cleanupRun",
  "reviewPackCreate",
  "silencePreview",
];
const mostKeys = 20_000; // a viewer and a field each

/** Counts by key; those used longest ago leave first, so that made-up identities fill no memory. */
class BoundedStore extends Store {
  private readonly uses = new Map<string, number[]>();

  setForIdentity({ contextIdentity, fieldIdentity }: Identity, timestamps: number[]): void {
    const key = `${contextIdentity} ${fieldIdentity}`;
    this.uses.delete(key);
    this.uses.set(key, timestamps);
    if (this.uses.size > mostKeys) this.uses.delete(this.uses.keys().next().value as string);
  }

  getForIdentity({ contextIdentity, fieldIdentity }: Identity): number[] {
    return this.uses.get(`${contextIdentity} ${fieldIdentity}`) ?? [];
  }
}

interface Identity {
  contextIdentity: string;
  fieldIdentity: string;
}

/** One count for each viewer (whoever is not signed in: for each source address), and one for each organization. */
export function operationLimitPlugins(limits: OperationLimits = operationLimits): Plugin[] {
  const one: IdentifyFn<Context> = ({ viewer, address }) =>
    viewer ? `${viewer.organizationId} ${viewer.kind} ${viewer.id}` : `from ${sourceOf(address ?? "")}`;
  const all: IdentifyFn<Context> = ({ viewer, address }) => viewer?.organizationId ?? `from ${sourceOf(address ?? "")}`;
  return [limiter(limits, 1, one), limiter(limits, shareOfOrganization, all)];
}

function limiter(limits: OperationLimits, share: number, identify: IdentifyFn<Context>): Plugin {
  const others = `!(${heavy.join("|")})`;
  const { onExecute } = useRateLimiter({
    identifyFn: identify as IdentifyFn,
    store: new BoundedStore(),
    transformError: (message) => new GraphQLError(message, refusal),
    formatError: ({ fieldName, max, window }) =>
      `${fieldName} may be asked for ${max} times in ${window / 1000} seconds${share > 1 ? " by an organization" : ""}: try again later`,
    configByField: [
      { type: "Query", field: others, max: limits.query * share, window: "10s", uncountRejected: true },
      { type: "Mutation", field: others, max: limits.mutation * share, window: "10s", uncountRejected: true },
      {
        type: "{Query,Mutation}",
        field: `{${heavy.join(",")}}`,
        max: limits.heavy * share,
        window: "60s",
        uncountRejected: true,
      },
    ],
  });
  return {
    async onExecute(payload) {
      try {
        await onExecute?.(payload as never);
      } catch (error) {
        if (!(error instanceof GraphQLError)) throw error;
        payload.setResultAndStopExecution({ errors: [error] }); // thrown, it would close a socket
      }
    },
  };
}

const refusal = {
  extensions: { code: "RATE_LIMITED", http: { status: 429, headers: { "retry-after": "10" } } },
};
