/**
 * Each organization may ask for so much in a minute, counted in objects (cost.ts): what an operation may cost is taken
 * from its budget before it runs, and what it did not cost is given back. `extensions.cost` tells both and what is left.
 */
import { isAsyncIterable, type Plugin } from "@envelop/core";
import { GraphQLError } from "graphql";
import { RateLimiterRes } from "rate-limiter-flexible";
import { VigilError } from "../errors.ts";
import type { RedisConnection } from "../redis.ts";
import type { Context } from "../schema/context.ts";
import { askerOf, tooOften } from "./asker.ts";
import { costOf, type Operation, objectsIn } from "./cost.ts";
import { createCounter } from "./counter.ts";

export interface CostLimits {
  /** Of one operation. */
  operation: number;
  /** Of an organization in a minute, all its people and programs together. */
  budget: number;
}

/** A hundred rows with two pages of fifty within each, and what hangs on those; and a hundred thousand objects a second. */
export const costLimits: CostLimits = { operation: 20_000, budget: 6_000_000 };

const window = 60; // seconds
const believed = 1_000; // ms: other servers, too, give back what was not used, and nobody tells

/** What the operation may cost; an error where that is too much, or a page is out of bounds. */
export function judgeCost(operation: Operation, limit: number): number | GraphQLError {
  try {
    const cost = costOf(operation);
    if (cost <= limit) return cost;
    const message = `The operation's cost limit of ${limit} is exceeded: it may cost ${cost}. Ask for smaller pages`;
    return new GraphQLError(message, { extensions: { code: "COMPLEXITY_LIMIT", cost: { requested: cost, limit } } });
  } catch (error) {
    if (!(error instanceof VigilError)) throw error;
    return new GraphQLError(error.message, { extensions: { code: error.code, path: error.path } });
  }
}

export interface Budget {
  plugin: Plugin<Context>;
  /** RATE_LIMITED behind a refusal, for a second or until some is given back: told before a request is read. */
  spent(organizationId: string): VigilError | undefined;
}

export function createBudget({ operation, budget }: CostLimits, redis?: RedisConnection): Budget {
  const counter = createCounter("cost", budget, window, redis);
  const spentUntil = new Map<string, number>(); // by organization, ms since 1970

  /** What is under way holds all that it may cost: one that ends may make room for others. */
  async function giveBack(who: string, unused: number): Promise<void> {
    const { consumedPoints } = await counter.reward(who, unused);
    if (consumedPoints < budget) spentUntil.delete(who);
  }

  const plugin: Plugin<Context> = {
    async onExecute({ args, setResultAndStopExecution }) {
      const context = args.contextValue;
      const cost = judgeCost(args, operation);
      if (cost instanceof GraphQLError) return setResultAndStopExecution({ errors: [cost] });
      const who = askerOf(context);
      let left: RateLimiterRes;
      try {
        left = await counter.consume(who, cost);
      } catch (error) {
        if (!(error instanceof RateLimiterRes)) throw error;
        await counter.reward(who, cost); // what was refused has cost nothing
        if (context.viewer) spentUntil.set(who, Date.now() + Math.min(error.msBeforeNext, believed));
        const { message, detail } = spent(budget, error.msBeforeNext);
        return setResultAndStopExecution({ errors: [tooOften(message, detail?.retryAfterSeconds as number)] });
      }
      return {
        onExecuteDone({ result, setResult }) {
          if (isAsyncIterable(result)) return;
          const actual = Math.min(cost, objectsIn(result.data) - (result.data ? 1 : 0));
          const unused = cost - Math.max(0, actual);
          if (unused > 0) giveBack(who, unused).catch(() => undefined); // a minute repairs it
          const remaining = Math.min(budget, left.remainingPoints + unused);
          const seconds = Math.max(1, Math.ceil(left.msBeforeNext / 1_000));
          const told = { requested: cost, actual: Math.max(0, actual), limit: operation, budget, remaining };
          note(context, `"budget";r=${remaining};t=${seconds}`, `"budget";q=${budget};w=${window}`);
          setResult({ ...result, extensions: { ...result.extensions, cost: { ...told, resetSeconds: seconds } } });
        },
      };
    },
    onSubscribe({ args, setResultAndStopExecution }) {
      const cost = judgeCost(args, operation);
      if (cost instanceof GraphQLError) setResultAndStopExecution({ errors: [cost] } as never);
    },
  };
  return {
    plugin,
    spent(organizationId) {
      const wait = (spentUntil.get(organizationId) ?? 0) - Date.now();
      if (wait > 0) return spent(budget, wait);
      spentUntil.delete(organizationId);
      return undefined;
    },
  };
}

/** Adds to the answer's RateLimit headers (draft-ietf-httpapi-ratelimit-headers-10); a socket has none. */
export function note(context: Context, limit: string, policy: string): void {
  const { res } = context as Context & { res?: import("node:http").ServerResponse };
  if (!res || res.headersSent) return;
  const add = (name: string, value: string): void => {
    const known = res.getHeader(name);
    res.setHeader(name, known === undefined ? value : `${known}, ${value}`);
  };
  add("RateLimit", limit);
  add("RateLimit-Policy", policy);
}

function spent(budget: number, wait: number): VigilError {
  const retryAfterSeconds = Math.max(1, Math.ceil(wait / 1_000));
  const message = `The organization's budget of ${budget} a minute is spent: try again in ${retryAfterSeconds} seconds`;
  return new VigilError("RATE_LIMITED", message, { detail: { retryAfterSeconds } });
}
