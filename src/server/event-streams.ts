/**
 * Server-sent events take part in the same shared streams as sockets do (fan-out.ts): one execution and one serialisation
 * for all, whatever the transport. (Distinct connections mode of the GraphQL-over-SSE protocol: a stream per operation.)
 */
import type { IncomingMessage } from "node:http";
import type { Plugin } from "@envelop/core";
import { type ExecutionArgs, GraphQLError } from "graphql";
import type { Viewer } from "../access/viewer.ts";
import type { Context } from "../schema/context.ts";
import type { FanOut, Payload } from "./fan-out.ts";
import { backlogLimit, tooSlow } from "./manners.ts";

/** What yoga writes as one event: the text is made already. */
interface Written {
  stringify(): string;
}

const writtenAs = (text: string): Written => ({ stringify: () => text });

/** Has the fan-out answer subscriptions that came over HTTP; sockets ask it themselves. */
export function eventStreams(fanOut: FanOut): Plugin<Context> {
  return {
    onSubscribe({ args, subscribeFn, setSubscribeFn }) {
      const { viewer } = args.contextValue;
      if (!viewer || !("res" in args.contextValue)) return;
      const { req } = args.contextValue as { req?: IncomingMessage };
      if (!asksForStream(req)) return setSubscribeFn(() => ({ errors: [notStreamed()] }));
      setSubscribeFn(async (given: ExecutionArgs) => (await join(fanOut, given)) ?? subscribeFn(given));
    },
  };
}

/** Whether what is answered may be a stream. Whoever takes anything is asked to say so: streams are counted. */
export function asksForStream(request: IncomingMessage | undefined): boolean {
  return request?.headers.accept?.includes("text/event-stream") === true;
}

/** Refused before anything is subscribed to: nobody would read it, and nobody would end it. */
function notStreamed(): GraphQLError {
  const message = "A subscription is a stream: ask with `accept: text/event-stream`, or over WebSocket";
  return new GraphQLError(message, { extensions: { code: "BAD_USER_INPUT", http: { status: 406 } } });
}

async function join(fanOut: FanOut, args: ExecutionArgs): Promise<AsyncIterableIterator<Written> | undefined> {
  const context = args.contextValue as Context & { viewer: Viewer };
  const waiting: Written[] = [];
  let backlog = 0; // characters that wait
  let isOver = context.closing.aborted;
  let wake: () => void = () => {};

  function end(fault?: Error): void {
    context.closing.removeEventListener("abort", over);
    if (isOver) return;
    isOver = true;
    if (fault) waiting.push(writtenAs(JSON.stringify({ errors: [fault] })));
    wake();
  }
  const over = (): void => leaveWith();
  let leave: () => void = () => {};
  const leaveWith = (fault?: Error): void => {
    leave();
    end(fault);
  };
  context.closing.addEventListener("abort", over, { once: true });

  const joined = await fanOut.join(args, {
    context,
    send(payloads: readonly Payload[]) {
      if (isOver) return;
      for (const { text } of payloads) {
        waiting.push(writtenAs(text));
        backlog += text.length;
      }
      if (backlog > backlogLimit) leaveWith(new GraphQLError(tooSlow, { extensions: { code: "UNAVAILABLE" } }));
      else wake();
    },
    end,
  });
  if (!joined) {
    context.closing.removeEventListener("abort", over);
    return undefined;
  }
  leave = joined;
  if (isOver) leave(); // it ended before it had begun

  const stream: AsyncIterableIterator<Written> = {
    async next() {
      while (waiting.length === 0 && !isOver) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      const value = waiting.shift();
      if (!value) return { done: true, value: undefined };
      backlog -= value.stringify().length;
      return { done: false, value };
    },
    async return() {
      leaveWith();
      waiting.length = 0;
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]: () => stream,
  };
  return stream;
}
