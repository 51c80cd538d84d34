/**
 * Organizations take turns. A process works on some operations of each at once, and on one where several ask: who asks
 * for much waits for itself, and is in front of the others with one operation, however many it has sent.
 */
import { AsyncResource } from "node:async_hooks";
import type { Plugin } from "@envelop/core";
import type { ExecutionArgs, ExecutionResult } from "graphql";
import PQueue from "p-queue";
import { currentDeadline } from "../deadline.ts";
import type { Context } from "../schema/context.ts";
import { askerOf, tooOften } from "./asker.ts";

export interface Turns {
  /** Operations of an organization that run at once in this process while nobody else asks. */
  alone: number;
  /** The same while another organization asks, too. */
  beside: number;
  /** Operations of an organization that wait; more are refused. */
  waiting: number;
  /** After so long the next one begins, ms: what takes longer waits for PostgreSQL, and is in nobody's way here. */
  turn: number;
}

export const turns: Turns = { alone: 16, beside: 1, waiting: 1_000, turn: 50 };

const recent = 1_000; // ms: who asked so lately is there

/** Stands after what answers and before the deadline: waiting counts. */
export function turnsPlugin(
  { alone, beside, waiting, turn }: Turns,
  now = (): number => performance.now(),
): Plugin<Context> {
  const queues = new Map<string, PQueue>();
  let [latest, other] = [nobody, nobody];

  function isAlone(who: string): boolean {
    if (latest.who !== who) other = latest;
    latest = { who, at: now() };
    return latest.at - other.at > recent;
  }

  function queueOf(who: string): PQueue {
    const known = queues.get(who);
    if (known) return known;
    const queue = new PQueue();
    queues.set(who, queue);
    queue.on("pendingZero", () => queue.size === 0 && queues.delete(who));
    return queue;
  }

  return {
    onExecute({ args, executeFn, setExecuteFn }) {
      const who = askerOf(args.contextValue);
      setExecuteFn(async (given: ExecutionArgs) => {
        const queue = queueOf(who);
        if (queue.size >= waiting) return { errors: [tooOften(tooMany(waiting), 1)] };
        queue.concurrency = isAlone(who) ? alone : beside;
        const run = AsyncResource.bind(async () => executeFn(given) as ExecutionResult | Promise<ExecutionResult>);
        let answer: Promise<ExecutionResult> | undefined;
        const signal = currentDeadline();
        await queue.add(
          () => {
            answer = run();
            return atMost(turn, answer);
          },
          signal ? { signal } : {},
        );
        return answer as Promise<ExecutionResult>;
      });
    },
  };
}

/** Until it is done, well or not, or so long has passed. */
function atMost(ms: number, work: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    const over = (): void => {
      clearTimeout(timer);
      resolve();
    };
    work.then(over, over);
  });
}

const nobody = { who: "", at: Number.NEGATIVE_INFINITY };

const tooMany = (waiting: number): string =>
  `${waiting} operations of the organization wait for their turn: send fewer at once`;
