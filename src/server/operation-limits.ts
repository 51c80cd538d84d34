/**
 * How often GraphQL's root fields may be asked for: by one viewer, and by everybody of an organization together. Counted
 * field by field in fixed windows, in Redis where there is one, so that all servers count together; else, and for as long
 * as Redis does not answer, by each server for itself. (How many subscriptions a socket runs is bounded by
 * src/server/socket.ts.)
 */
import type { Plugin } from "@envelop/core";
import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  OperationTypeNode,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from "graphql";
import type { Redis } from "ioredis";
import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from "rate-limiter-flexible";
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
const windows: OperationLimits = { query: 10, mutation: 10, heavy: 60 }; // seconds
const heavy: readonly string[] = [
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

type Kind = keyof OperationLimits;

/** Refuses with RATE_LIMITED, HTTP 429 and the seconds until the window ends (Retry-After); runs nothing then. */
export function operationLimitPlugin(limits: OperationLimits = operationLimits, redis?: Redis): Plugin<Context> {
  const counter = (kind: Kind, share: number): RateLimiterAbstract => {
    const settings = {
      keyPrefix: `vigil:limit:${kind}:${share}`,
      points: limits[kind] * share,
      duration: windows[kind],
    };
    const here = new RateLimiterMemory(settings);
    if (!redis) return here;
    return new RateLimiterRedis({
      ...settings,
      storeClient: redis,
      rejectIfRedisNotReady: true,
      insuranceLimiter: here,
    });
  };
  const kinds = Object.keys(windows) as Kind[];
  const counters = (share: number) => new Map(kinds.map((kind) => [kind, counter(kind, share)]));
  const ofOne = counters(1);
  const ofAll = counters(shareOfOrganization);

  /** Whoever is not signed in is counted by source address. */
  async function take({ viewer, address }: Context, field: string, { kind, uses }: Uses): Promise<void> {
    const organization = viewer?.organizationId ?? `from ${sourceOf(address ?? "")}`;
    const one = viewer ? `${organization} ${viewer.kind} ${viewer.id}` : organization;
    const refuse = (share: number) => (reason: unknown) => {
      if (!(reason instanceof RateLimiterRes)) throw reason;
      throw refusal(field, limits[kind] * share, windows[kind], share > 1, reason.msBeforeNext);
    };
    await Promise.all([
      ofOne.get(kind)?.consume(`${one} ${field}`, uses).catch(refuse(1)),
      ofAll.get(kind)?.consume(`${organization} ${field}`, uses).catch(refuse(shareOfOrganization)),
    ]);
  }

  return {
    async onExecute({ args, setResultAndStopExecution }) {
      try {
        const fields = [...rootFields(args.schema, args.document)];
        await Promise.all(fields.map(([field, uses]) => take(args.contextValue, field, uses)));
      } catch (error) {
        if (!(error instanceof GraphQLError)) throw error;
        setResultAndStopExecution({ errors: [error] }); // thrown, it would close a socket
      }
    },
  };
}

interface Uses {
  kind: Kind;
  uses: number;
}

/** How often a document names each field of Query and Mutation, by whatever alias and in whichever fragment. */
function rootFields(schema: GraphQLSchema, document: DocumentNode): Map<string, Uses> {
  const mutation = schema.getRootType(OperationTypeNode.MUTATION);
  const roots = new Set([mutation, schema.getRootType(OperationTypeNode.QUERY)]);
  const info = new TypeInfo(schema);
  const found = new Map<string, Uses>();
  visit(
    document,
    visitWithTypeInfo(info, {
      Field({ name: { value: name } }) {
        const parent = info.getParentType();
        if (!parent || !roots.has(parent as never) || name === "__typename") return;
        const kind = heavy.includes(name) ? "heavy" : parent === mutation ? "mutation" : "query";
        found.set(name, { kind, uses: (found.get(name)?.uses ?? 0) + 1 });
      },
    }),
  );
  return found;
}

function refusal(field: string, most: number, window: number, shared: boolean, wait: number): GraphQLError {
  const seconds = Math.max(1, Math.ceil(wait / 1_000));
  const by = shared ? " by an organization" : "";
  return new GraphQLError(
    `${field} may be asked for ${most} times in ${window} seconds${by}: try again in ${seconds} seconds`,
    {
      extensions: { code: "RATE_LIMITED", http: { status: 429, headers: { "retry-after": String(seconds) } } },
    },
  );
}
