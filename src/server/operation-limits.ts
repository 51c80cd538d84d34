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
import { type RateLimiterAbstract, RateLimiterRes } from "rate-limiter-flexible";
import type { RedisConnection } from "../redis.ts";
import type { Context } from "../schema/context.ts";
import { askerOf, tooOften } from "./asker.ts";
import { note } from "./cost-plugin.ts";
import { createCounter } from "./counter.ts";
import { heavyFields } from "./heavy-fields.ts";
import { secretFields } from "./measure.ts";

export interface OperationLimits {
  /** Uses of one query field in 10 seconds. */
  query: number;
  /** Uses of one mutation field in 10 seconds. */
  mutation: number;
  /** Uses in a minute of one field that reads much of what is stored. */
  heavy: number;
  /** Uses in a minute of one field that takes or makes a secret. */
  secret: number;
}

/** For one viewer; an organization has five times as much. */
export const operationLimits: OperationLimits = { query: 10_000, mutation: 5_000, heavy: 150, secret: 20 };

const shareOfOrganization = 5;
const windows: OperationLimits = { query: 10, mutation: 10, heavy: 60, secret: 60 }; // seconds

type Kind = keyof OperationLimits;

/** Refuses with RATE_LIMITED, HTTP 429 and the seconds until the window ends (Retry-After); runs nothing then. */
export function createOperationLimits(limits: OperationLimits = operationLimits, redis?: RedisConnection) {
  const counter = (kind: Kind, share: number): RateLimiterAbstract =>
    createCounter(`${kind}:${share}`, limits[kind] * share, windows[kind], redis);
  const kinds = Object.keys(windows) as Kind[];
  const counters = (share: number) => new Map(kinds.map((kind) => [kind, counter(kind, share)]));
  const ofOne = counters(1);
  const ofAll = counters(shareOfOrganization);

  /**
   * Whoever is not signed in is counted by source address. What is refused to one does not count for all: one document that
   * names a field often enough would shut it for everybody.
   */
  async function take(context: Context, field: string, { kind, uses }: Uses): Promise<void> {
    const { viewer } = context;
    const organization = askerOf(context);
    const one = viewer ? `${organization} ${viewer.kind} ${viewer.id}` : organization;
    const refuse = (share: number) => (reason: unknown) => {
      if (!(reason instanceof RateLimiterRes)) throw reason;
      throw refusal(field, limits[kind] * share, windows[kind], share > 1, reason.msBeforeNext);
    };
    const left = await ofOne.get(kind)?.consume(`${one} ${field}`, uses).catch(refuse(1));
    await ofAll.get(kind)?.consume(`${organization} ${field}`, uses).catch(refuse(shareOfOrganization));
    if (left) {
      const seconds = Math.max(1, Math.ceil(left.msBeforeNext / 1_000));
      note(
        context,
        `"${field}";r=${left.remainingPoints};t=${seconds}`,
        `"${field}";q=${limits[kind]};w=${windows[kind]}`,
      );
    }
  }

  const plugin: Plugin<Context> = {
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
  return {
    plugin,
    /** Counts uses in a document that was refused as a whole: each of them was a try. */
    noteSecrets(context: Context, uses: readonly string[]): void {
      const byField = new Map<string, number>();
      for (const field of uses) byField.set(field, (byField.get(field) ?? 0) + 1);
      for (const [field, times] of byField) {
        take(context, field, { kind: "secret", uses: times }).catch(() => undefined); // over the limit already
      }
    },
  };
}

interface Uses {
  kind: Kind;
  uses: number;
}

/** Of documents that were asked for before: yoga keeps those. */
const known = new WeakMap<DocumentNode, ReadonlyMap<string, Uses>>();

/** How often a document names each field of Query and Mutation, by whatever alias and in whichever fragment. */
function rootFields(schema: GraphQLSchema, document: DocumentNode): ReadonlyMap<string, Uses> {
  const before = known.get(document);
  if (before) return before;
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
        const kind = kindOf(name, parent === mutation);
        found.set(name, { kind, uses: (found.get(name)?.uses ?? 0) + 1 });
      },
    }),
  );
  known.set(document, found);
  return found;
}

function kindOf(name: string, isMutation: boolean): Kind {
  if (secretFields.has(name)) return "secret";
  if (heavyFields.has(name)) return "heavy";
  return isMutation ? "mutation" : "query";
}

function refusal(field: string, most: number, window: number, shared: boolean, wait: number): GraphQLError {
  const seconds = Math.max(1, Math.ceil(wait / 1_000));
  const by = shared ? " by an organization" : "";
  return tooOften(
    `${field} may be asked for ${most} times in ${window} seconds${by}: try again in ${seconds} seconds`,
    seconds,
  );
}
