/**
 * Bells: "something changed there, look again". In process without Redis; through graphql-redis-subscriptions with it,
 * so that every server hears. A bell carries nothing but its name, and losing one only delays (see feed.ts).
 */
import { RedisPubSub } from "graphql-redis-subscriptions";
import { PubSub, type PubSubEngine } from "graphql-subscriptions";
import { Redis } from "ioredis";
import type { Log } from "../log.ts";

/** What can ring: a topic of the change feed, or the organization's rules. */
export type BellName = "incident" | "rules";

export interface Bell {
  /** Resolves when the bell has rung since the last wait, when the time is over, or when the signal ended it. */
  wait(ms: number): Promise<void>;
  close(): void;
}

export interface Bells {
  ring(organizationId: string, name: BellName): void;
  listen(organizationId: string, name: BellName, signal: AbortSignal): Bell;
  /** Calls back at every ring of that name, whatever the organization; for process-wide caches. */
  onRing(name: BellName, callback: (organizationId: string) => void): Promise<void>;
  close(): Promise<void>;
}

export function openBells(redisUrl: string | undefined, log: Log): Bells {
  const { engine, close } = redisUrl ? redisEngine(redisUrl, log) : { engine: new PubSub(), close: async () => {} };
  const subscriptions = new Set<Promise<number>>();
  const failed = (error: unknown): void => log.warn({ err: (error as Error).message }, "a bell could not be rung");
  // The organization is in the channel's name, so that one organization's bells wake nobody else.
  const channel = (organizationId: string, name: BellName): string => `vigil:{${organizationId}}:${name}`;

  return {
    ring(organizationId, name) {
      engine.publish(channel(organizationId, name), { organizationId }).catch(failed);
      engine.publish(`vigil:all:${name}`, { organizationId }).catch(failed);
    },
    listen(organizationId, name, signal) {
      let rung = false;
      let wake: (() => void) | undefined;
      const awaken = (): void => {
        rung = true;
        wake?.();
      };
      const subscription = engine.subscribe(channel(organizationId, name), awaken, {});
      subscriptions.add(subscription);
      subscription.then(awaken, failed); // what was rung while subscribing is looked for at once
      signal.addEventListener("abort", awaken, { once: true });
      return {
        async wait(ms) {
          if (!rung && !signal.aborted) {
            await new Promise<void>((resolve) => {
              const timer = setTimeout(resolve, ms);
              wake = () => {
                clearTimeout(timer);
                resolve();
              };
            });
            wake = undefined;
          }
          rung = false;
        },
        close() {
          signal.removeEventListener("abort", awaken);
          subscriptions.delete(subscription);
          subscription.then((id) => engine.unsubscribe(id)).catch(() => undefined);
        },
      };
    },
    async onRing(name, callback) {
      await engine.subscribe(`vigil:all:${name}`, ({ organizationId }: { organizationId: string }) => callback(organizationId), {});
    },
    close,
  };
}

function redisEngine(url: string, log: Log): { engine: PubSubEngine; close(): Promise<void> } {
  const connect = (role: string): Redis => {
    // A subscriber connection may not run the ready check's INFO command once it is in subscriber mode.
    const redis = new Redis(url, { enableReadyCheck: false, maxRetriesPerRequest: null, connectionName: `vigil-${role}` });
    redis.on("error", (error) => log.warn({ err: error.message, role }, "Redis is not reachable"));
    return redis;
  };
  const publisher = connect("publisher");
  const subscriber = connect("subscriber");
  const engine = new RedisPubSub({ publisher, subscriber });
  return {
    engine,
    async close() {
      publisher.disconnect();
      subscriber.disconnect();
    },
  };
}
