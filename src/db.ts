/**
 * The database as the server sees it: one pool under a role that owns nothing, always through one organization.
 * `inOrganization` is for stages (several statements, one transaction); `prisma` is for GraphQL reads.
 */
import { PrismaPg } from "@prisma/adapter-pg";
import pg from "pg";
import { createShares } from "./database/shares.ts";
import { isAborted, isBroken, prepareConnection, TenantPool, tenantQuery } from "./database/tenant-pool.ts";
import { isDatabaseAway, outliveLoss } from "./database-away.ts";
import { cancellable, currentDeadline, timeIsOver } from "./deadline.ts";
import { PrismaClient } from "./generated/prisma/client.ts";
import type { Log } from "./log.ts";

export type { PrismaClient };

/** One transaction of one organization. */
export interface Tx {
  readonly organizationId: string;
  /** Statements run in the order in which they were asked for; one may be asked for while another is under way. */
  query<R extends pg.QueryResultRow = pg.QueryResultRow>(
    text: string | pg.QueryConfig,
    values?: unknown[],
  ): Promise<pg.QueryResult<R>>;
  /**
   * Runs a statement after everything else, in one round trip with the commit: for what takes a lock that the other
   * transactions of the organization wait for. Where it fails, nothing is committed. Values stand in it as literals.
   */
  atCommit(statement: string): void;
}

export interface Database {
  /** Runs `work` in one transaction as the organization; rolls back when it throws. */
  inOrganization<T>(organizationId: string, work: (tx: Tx) => Promise<T>): Promise<T>;
  /** The same, where all statements see the database as it is at the first one. */
  inSnapshot<T>(organizationId: string, work: (tx: Tx) => Promise<T>): Promise<T>;
  /** One statement as the organization, in one round trip. */
  query<R extends pg.QueryResultRow = pg.QueryResultRow>(
    organizationId: string,
    text: string | pg.QueryConfig,
    values?: unknown[],
  ): Promise<pg.QueryResult<R>>;
  /** The organization's own Prisma client. Never share one between organizations: Prisma merges calls of one tick. */
  prisma(organizationId: string): PrismaClient;
  /** All organizations, for jobs that visit each in turn. */
  organizationIds(): Promise<string[]>;
  /** Those that were not given what has this digest (`organizations.shipped`). */
  organizationsWithout(shipped: string): Promise<string[]>;
  organizationIdBySlug(slug: string): Promise<string | undefined>;
  /** Everybody who has this e-mail address, in whichever organization. */
  usersByEmail(email: string): Promise<{ organizationId: string; userId: string }[]>;
  /** The organizations that have sent SMS since a time. */
  organizationsTellingBySms(since: Date): Promise<string[]>;
  /** Makes the event partitions of the next `days` days, from yesterday on. */
  ensureEventPartitions(days: number): Promise<void>;
  /** Whether the holder has the duty now: it does until `ms` from now, if nobody else has it. By the database's clock. */
  takeDuty(name: string, holder: string, ms: number): Promise<boolean>;
  /** Whether anybody has the duty, or had it until `ms` ago. */
  hasDuty(name: string, ms: number): Promise<boolean>;
  /** Answers with PostgreSQL's version. */
  ping(): Promise<string>;
  /** Connections of the pool, and who waits for one. */
  connections(): { open: number; idle: number; waiting: number };
  close(): Promise<void>;
}

const maxClients = 500; // Prisma clients kept, one per organization: about 140 KiB each
const statementTimeout = 30_000; // 30 seconds: no statement of the server runs longer
const usualPatience = 40_000; // 40 seconds: then nothing will come any more, as from a machine that is gone without a word

/** By statements: a pooler refuses what it does not know where it stands at the beginning of a connection. */
const limits = `SET statement_timeout = ${statementTimeout}; SET idle_in_transaction_session_timeout = ${statementTimeout}`;

const usualSize = 10; // connections
const cancelPatience = 5_000; // 5 seconds: whoever had the statement waits as long

export function openDatabase(options: {
  url: string;
  log: Log;
  poolSize?: number;
  /** How long one waits for the share of one's organization, in ms. */
  sharePatience?: number;
  /** How long one waits for the answer to a statement, in ms. */
  answerPatience?: number;
}): Database {
  const size = options.poolSize ?? usualSize;
  const pool = new pg.Pool({
    connectionString: options.url,
    max: size,
    application_name: "vigil",
    query_timeout: options.answerPatience ?? usualPatience,
    connectionTimeoutMillis: 10_000,
    async onConnect(client) {
      await client.query(limits);
      await prepareConnection(client);
    },
  });
  pool.on("error", (error) => options.log.warn({ err: error.message }, "a database connection was lost"));
  pool.on("connect", outliveLoss);
  const shares = createShares(pool, size, options.sharePatience);
  const clients = new Map<string, PrismaClient>();
  // Of its own: where statements are to be cancelled, the others may all be in use.
  const canceller = new pg.Pool({
    connectionString: options.url,
    max: 2,
    application_name: "vigil-cancel",
    connectionTimeoutMillis: cancelPatience,
    query_timeout: cancelPatience,
  });
  canceller.on("connect", outliveLoss);
  canceller.on("error", (error) => options.log.warn({ err: error.message }, "a database connection was lost"));
  const cancel = (processId: number) => canceller.query("SELECT pg_cancel_backend($1)", [processId]);

  async function scalar<T>(text: string, values: unknown[] = []): Promise<T[]> {
    const { rows } = await pool.query<{ value: T }>(text, values);
    return rows.map((row) => row.value);
  }

  async function transaction<T>(begin: string, organizationId: string, work: (tx: Tx) => Promise<T>): Promise<T> {
    const client = await shares.connect(organizationId);
    const inTurn = oneByOne();
    let fault: unknown; // the last one that is none of the statements behind it
    try {
      // In one round trip: every stage waits for this one.
      await client.query(
        `${begin}; SELECT set_config('app.organization_id', ${pg.escapeLiteral(organizationId)}, true)`,
      );
      const last: string[] = [];
      // Whoever sent it is told that it was cancelled: nothing more is done then, though no statement was running.
      const within = currentDeadline();
      const query = (text: string | pg.QueryConfig, values?: unknown[]): Promise<pg.QueryResult> =>
        inTurn(() => (within?.aborted ? Promise.reject(timeIsOver()) : client.query(text, values))).catch((error) => {
          if (!isAborted(error)) fault = error;
          throw error;
        });
      const result = await cancellable(client, cancel, () =>
        work({ organizationId, query: query as Tx["query"], atCommit: (statement) => void last.push(statement) }),
      );
      await query([...last, "COMMIT"].join(";\n"));
      client.release();
      return result;
    } catch (error) {
      const rolledBack = (): Promise<boolean> =>
        inTurn(() => client.query("ROLLBACK")).then(
          () => true,
          () => false,
        );
      client.release(isDatabaseAway(error) || !(await rolledBack())); // a dead connection answers no ROLLBACK either
      throw (isAborted(error) && fault) || error;
    }
  }

  return {
    inOrganization: (organizationId, work) => transaction("BEGIN", organizationId, work),
    inSnapshot: (organizationId, work) => transaction("BEGIN ISOLATION LEVEL REPEATABLE READ", organizationId, work),
    async query(organizationId, text, values) {
      const client = await shares.connect(organizationId);
      try {
        const run = () => tenantQuery(client, organizationId, text, values);
        const result = await cancellable(client, cancel, run);
        client.release();
        return result as never;
      } catch (error) {
        client.release(isBroken(error));
        throw error;
      }
    },
    prisma(organizationId) {
      const known = clients.get(organizationId);
      if (known) return known;
      const client = new PrismaClient({ adapter: new PrismaPg(new TenantPool(shares, organizationId, cancel)) });
      clients.set(organizationId, client);
      if (clients.size > maxClients) {
        const [oldest, evicted] = clients.entries().next().value as [string, PrismaClient];
        clients.delete(oldest);
        void evicted.$disconnect();
      }
      return client;
    },
    organizationIds: () => scalar<string>("SELECT organization_ids() AS value"),
    organizationsWithout: (shipped) => scalar<string>("SELECT organizations_without($1) AS value", [shipped]),
    organizationIdBySlug: async (slug) =>
      (await scalar<string | null>("SELECT organization_id_by_slug($1) AS value", [slug]))[0] ?? undefined,
    async takeDuty(name, holder, ms) {
      const { rowCount } = await pool.query(
        `INSERT INTO duties AS d (name, holder, until) VALUES ($1, $2, now() + make_interval(secs => $3))
         ON CONFLICT (name) DO UPDATE SET holder = $2, until = excluded.until WHERE d.holder = $2 OR d.until < now()`,
        [name, holder, ms / 1_000],
      );
      return rowCount === 1;
    },
    hasDuty: async (name, ms) =>
      (
        await scalar<boolean>(
          "SELECT EXISTS (SELECT FROM duties WHERE name = $1 AND until > now() - make_interval(secs => $2)) AS value",
          [name, ms / 1_000],
        )
      )[0] === true,
    async usersByEmail(email) {
      const { rows } = await pool.query<{ organization: string; user_id: string }>(
        "SELECT organization, user_id FROM sign_in_users($1)",
        [email],
      );
      return rows.map((row) => ({ organizationId: row.organization, userId: row.user_id }));
    },
    organizationsTellingBySms: (since) => scalar<string>("SELECT organizations_telling_by_sms($1) AS value", [since]),
    async ensureEventPartitions(days) {
      await pool.query("SELECT ensure_event_partitions((now() AT TIME ZONE 'UTC')::date - 1, $1)", [days + 1]);
    },
    async ping() {
      return (await scalar<string>("SELECT current_setting('server_version') AS value"))[0] as string;
    },
    connections: () => ({ open: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount + shares.waiting() }),
    async close() {
      await Promise.all([...clients.values()].map((client) => client.$disconnect()));
      await Promise.all([pool.end(), canceller.end()]);
    },
  };
}

/** Work for every organization: what goes wrong with one keeps no other from its turn. Fails at the end where any did. */
export async function eachOrganization(
  db: Pick<Database, "organizationIds">,
  log: Log,
  what: string,
  work: (organizationId: string) => Promise<unknown>,
): Promise<void> {
  const faults: Error[] = [];
  for (const organizationId of await db.organizationIds()) {
    await work(organizationId).catch((error: Error) => {
      log.error({ organizationId, err: error.message }, what);
      faults.push(error);
    });
  }
  if (faults[0]) throw faults[0];
}

/** Starts each piece of work when the one before has ended, well or not: pg's own queue of a connection goes away. */
function oneByOne(): <T>(work: () => Promise<T>) => Promise<T> {
  let before: Promise<unknown> | undefined;
  return (work) => {
    const mine = before ? before.then(work, work) : work();
    const ended = mine.then(
      () => undefined,
      () => undefined,
    );
    before = ended;
    void ended.then(() => {
      if (before === ended) before = undefined; // the next one starts at once
    });
    return mine;
  };
}
