/** Where BullMQ keeps its queues: Redis, or PostgreSQL where there is no Redis. What is queued is an id or nothing. */
import {
  createPostgresBackend,
  type PgPool,
  Queue,
  type QueueOptions,
  Worker,
  type WorkerOptions,
  withBackend,
} from "bullmq";
import { BullMQOtel } from "bullmq-otel";
import pg from "pg";
import { outliveLoss } from "../database-away.ts";
import { type Log, seldom } from "../log.ts";
import { connectRedis, isCluster, type RedisConnection } from "../redis.ts";
import { isTracing } from "../tracing.ts";

export type QueueStore = { redisUrl: string } | { postgresUrl: string };

/** The schema of BullMQ's tables; `vigil migrate` makes it. */
export const queueSchema = "bullmq";

const patience = 2_000; // ms for which whoever adds waits for Redis
const longestWait = 20_000; // ms: BullMQ's workers ask again every ten seconds
const longestAnswer = 40_000; // ms: then nothing will come any more from PostgreSQL
const alive = 10_000; // ms of silence after which PostgreSQL's machine is asked whether it is there

export interface OpenStore {
  queue(name: string, options?: Omit<QueueOptions, "connection">): Queue;
  worker<Data>(
    name: string,
    work: (job: { name: string; data: Data }) => Promise<void>,
    options?: Omit<WorkerOptions, "connection">,
  ): Worker;
  /** Runs one such work at a time, of all processes; on Redis, whose scripts are whole, several may. */
  alone(work: () => Promise<void>): Promise<void>;
  /** After the queues and workers are closed. */
  close(): Promise<void>;
}

/** Jobs go on in the trace of whoever queued them. */
const traced = (): Pick<QueueOptions, "telemetry"> =>
  isTracing() ? { telemetry: new BullMQOtel({ tracerName: "vigil" }) } : {};

export function openStore(store: QueueStore, log: Log): OpenStore {
  return "redisUrl" in store ? onRedis(store.redisUrl, log) : onPostgres(store.postgresUrl, log);
}

function onRedis(url: string, log: Log): OpenStore {
  const opened: RedisConnection[] = [];
  const away = seldom(log, "Redis is not reachable");
  // All keys of the queues in one slot of a cluster, as BullMQ's scripts need them.
  const placed = isCluster(url) ? { prefix: "{vigil}" } : {};
  /** A connection of its own; one that adds gives up at once while Redis is away, one that waits for work does not. */
  function connect(forWorker: boolean): RedisConnection {
    const redis = connectRedis(url, {
      ...(forWorker ? { maxRetriesPerRequest: null } : { maxRetriesPerRequest: 1, commandTimeout: patience }),
      connectTimeout: patience,
      // Frozen with its socket open, only a new connection tells; a worker may wait for work that long.
      socketTimeout: forWorker ? longestWait : patience,
      retryStrategy: (times) => Math.min(50 * times, 1_000),
      // A replica that was promoted, or a primary that was demoted: connect again to find the primary.
      reconnectOnError: ({ message }) => /^(READONLY|UNBLOCKED|LOADING)/.test(message),
      connectionName: "vigil-queue",
    });
    redis.on("error", away);
    opened.push(redis);
    return redis;
  }
  return {
    queue: (name, options) => new Queue(name, { ...placed, ...traced(), ...options, connection: connect(false) }),
    worker: (name, work, options) =>
      new Worker(name, work, { ...placed, ...traced(), ...options, connection: connect(true) }),
    alone: (work) => work(),
    async close() {
      for (const redis of opened) redis.disconnect();
    },
  };
}

function onPostgres(url: string, log: Log): OpenStore {
  const backed = withBackend(createPostgresBackend);
  const opened: pg.Pool[] = [];
  const lost = seldom(log, "the queue lost PostgreSQL");
  /** A pool of its own: a worker listens on one connection all the time. */
  function connect(): PgPool {
    const pool = new pg.Pool({
      connectionString: url,
      application_name: "vigil queue",
      max: 3,
      // BullMQ waits for work up to an hour on a connection that tells by itself when it is dead.
      keepAlive: true,
      keepAliveInitialDelayMillis: alive,
      query_timeout: longestAnswer,
      onConnect: (client) => client.query(`SET search_path TO ${queueSchema}`), // a pooler takes no options
    });
    pool.on("error", lost);
    pool.on("connect", outliveLoss);
    opened.push(pool);
    return pool as unknown as PgPool; // BullMQ declares what it uses of it
  }
  return {
    queue: (name, options) =>
      new backed.Queue(name, { ...traced(), ...options, connection: connect() }) as unknown as Queue,
    worker: (name, work, options) =>
      new backed.Worker(name, work as never, { ...traced(), ...options, connection: connect() }) as unknown as Worker,
    async alone(work) {
      const client = outliveLoss(
        new pg.Client({
          connectionString: url,
          application_name: "vigil queue",
          connectionTimeoutMillis: longestAnswer,
          keepAlive: true,
          keepAliveInitialDelayMillis: alive,
        }),
      );
      await client.connect();
      try {
        await client.query("SELECT pg_advisory_lock(hashtextextended('vigil.schedule', 0))");
        await work();
      } finally {
        await client.end(); // and with it the lock
      }
    },
    async close() {
      await Promise.all(opened.map((pool) => pool.end()));
    },
  };
}
