/**
 * Bells: "something changed there, look again". In process without Redis; through graphql-redis-subscriptions with it,
 * so that every server hears. A bell carries nothing but its name, and losing one only delays (see feed.ts).
 */
import { EventEmitter } from "node:events";
import { type PubSubRedisOptions, RedisPubSub } from "graphql-redis-subscriptions";
import { PubSub, type PubSubEngine } from "graphql-subscriptions";
import { Cluster, type RedisOptions } from "ioredis";
import type { Log } from "../log.ts";
import { connectRedis, type RedisConnection } from "../redis.ts";
import type { Topic } from "./change.ts";

export interface Bell {
  /** Resolves when the bell has rung since the last wait, when the time is over, or when the signal ended it. */
  wait(ms: number): Promise<void>;
  close(): void;
}

/** What a bell says has changed: a stream of the feed, or the stored events. */
export type BellTopic = Topic | "event";

export interface Bells {
  ring(organizationId: string, topic: BellTopic): void;
  listen(organizationId: string, topic: BellTopic, signal: AbortSignal): Bell;
  close(): Promise<void>;
}

export function openBells(redisUrl: string | undefined, log: Log): Bells {
  const listeners = new Set<() => void>();
  const wakeAll = (): void => {
    for (const awaken of listeners) awaken();
  };
  const { engine, close } = redisUrl
    ? redisEngine(redisUrl, log, wakeAll)
    : { engine: new PubSub({ eventEmitter: new EventEmitter().setMaxListeners(0) }), close: async () => {} };
  const failed = (error: unknown): void => log.debug({ err: (error as Error).message }, "a bell could not be rung");
  // The organization is in the channel's name, so that one organization's bells wake nobody else.
  const channel = (organizationId: string, topic: BellTopic): string => `vigil:{${organizationId}}:${topic}`;

  return {
    ring(organizationId, topic) {
      engine.publish(channel(organizationId, topic), { organizationId }).catch(failed);
    },
    listen(organizationId, topic, signal) {
      let rung = false;
      let wake: (() => void) | undefined;
      const awaken = (): void => {
        rung = true;
        wake?.();
      };
      const subscription = engine.subscribe(channel(organizationId, topic), awaken, {});
      listeners.add(awaken);
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
          listeners.delete(awaken);
          subscription.then((id) => engine.unsubscribe(id)).catch(() => undefined);
        },
      };
    },
    close,
  };
}

const pulse = 10_000; // 10 seconds: a connection that answers nothing for as long is made anew

/** Bells are never queued: one that Redis does not take is lost, and followers look by themselves. */
function redisEngine(url: string, log: Log, onBack: () => void): { engine: PubSubEngine; close(): Promise<void> } {
  const connect = (role: string, options: RedisOptions): RedisConnection => {
    let told = false;
    const redis = connectRedis(url, {
      // A subscriber connection may not run the ready check's INFO command once it is in subscriber mode.
      enableReadyCheck: false,
      connectTimeout: 2_000,
      socketTimeout: pulse,
      retryStrategy: (times) => Math.min(50 * times, 1_000),
      connectionName: `vigil-${role}`,
      ...options,
    });
    redis.on("ready", () => {
      told = false;
    });
    redis.on("error", (error: Error) => {
      if (!told) log.warn({ err: error.message, role }, "Redis is not reachable: changes are told some seconds late");
      told = true;
    });
    return redis;
  };
  const publisher = connect("publisher", { enableOfflineQueue: false, maxRetriesPerRequest: 0 });
  const subscriber = connect("subscriber", { maxRetriesPerRequest: null });
  subscriber.on("ready", onBack); // who knows what was rung meanwhile
  // Nothing else would tell that a connection is dead on which one only listens.
  const heart = setInterval(() => subscriber.status === "ready" && subscriber.ping().catch(() => undefined), pulse);
  heart.unref();
  let closed = false;
  const notSubscribed = (error: Error): boolean => {
    if (!closed) log.warn({ err: error.message }, "Redis refuses a subscription: changes are told some seconds late");
    return !closed;
  };
  const engine = new RedisPubSub(channelsOf(publisher, subscriber, notSubscribed));
  return {
    engine,
    async close() {
      closed = true;
      clearInterval(heart);
      publisher.disconnect();
      subscriber.disconnect();
    },
  };
}

const again = 1_000; // 1 second: a subscription that Redis refused is tried again

/**
 * What the engine may use of two connections. It drops the promises that tell of a refused command, which would end the
 * process: here a refusal is told, and a subscription tried again while `refused` says so.
 *
 * In a cluster a bell goes to the node that has its channel's slot, and from there to its listeners: an ordinary message
 * would be carried to every node.
 */
function channelsOf(
  publisher: RedisConnection,
  subscriber: RedisConnection,
  refused: (error: Error) => boolean,
): PubSubRedisOptions {
  const sharded = publisher instanceof Cluster && subscriber instanceof Cluster;
  const gone = (): void => undefined; // the connection is away, and what it knew of channels with it
  const subscribe = (channel: string, done: (error: null) => void): void => {
    (sharded ? subscriber.ssubscribe(channel) : subscriber.subscribe(channel)).then(
      () => done(null),
      (error: Error) => {
        if (refused(error)) setTimeout(subscribe, again, channel, done).unref();
      },
    );
  };
  const unsubscribe = (channel: string) =>
    (sharded ? subscriber.sunsubscribe(channel) : subscriber.unsubscribe(channel)).catch(gone);
  return {
    ...(sharded ? { messageEventName: "smessage" } : {}),
    publisher: (sharded ? { publish: publisher.spublish.bind(publisher) } : publisher) as unknown as Cluster,
    subscriber: {
      on: subscriber.on.bind(subscriber),
      subscribe,
      unsubscribe,
      punsubscribe: gone,
    } as unknown as Cluster,
  };
}
