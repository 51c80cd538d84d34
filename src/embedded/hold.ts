/**
 * What a process holds of the embedded PostgreSQL while it uses it: two advisory locks of the cluster itself, since they end
 * with their holder however it ends. Every user holds `inUse` shared (the one who can take it alone is the last), and the
 * server holds `serving` alone. PostgreSQL ends all connections when one of its processes is killed, as by a system that is
 * short of memory: they are taken anew then, or the next command to end would stop it under the server.
 */
import { setTimeout as wait } from "node:timers/promises";
import pg from "pg";

const inUse = "hashtextextended('vigil.in_use', 0)";
const serving = "hashtextextended('vigil.serving', 0)";
const soon = 1_000; // ms
const later = 10_000; // ms: what keeps PostgreSQL from starting, such as a full disk, does not pass in a moment

export interface Hold {
  query<R extends pg.QueryResultRow>(text: string): Promise<pg.QueryResult<R>>;
  /** False when another process serves. */
  claimServing(): Promise<boolean>;
  /** Answers whether nobody else uses the cluster. */
  letGo(): Promise<boolean>;
}

interface Session {
  client: pg.Client;
  ended: Promise<void>;
}

/** `revive` starts PostgreSQL where it has ended altogether: the server's, for whom nobody else does. */
export async function hold(connectionString: string, revive: () => Promise<void>): Promise<Hold> {
  const over = new AbortController();
  let isServing = false;
  let taking: Promise<void> | undefined;

  async function take(): Promise<Session> {
    const client = new pg.Client({ connectionString, connectionTimeoutMillis: later });
    client.on("error", () => undefined); // `end` follows
    const ended = new Promise<void>((resolve) => client.once("end", resolve));
    await client.connect();
    await client.query(`SELECT pg_advisory_lock_shared(${inUse})`);
    if (isServing) await client.query(`SELECT pg_try_advisory_lock(${serving})`);
    return { client, ended };
  }

  async function takeAnew(): Promise<void> {
    while (!over.signal.aborted) {
      const taken = await take().catch(() => undefined);
      if (taken) return keep(taken);
      const revived = isServing
        ? await revive().then(
            () => true,
            () => false,
          )
        : true;
      await wait(revived ? soon : later, undefined, { ref: false, signal: over.signal }).catch(() => undefined);
    }
  }

  function keep(taken: Session): void {
    session = taken;
    void taken.ended.then(() => {
      if (!over.signal.aborted) taking = takeAnew();
    });
  }

  let session = await take();
  keep(session);

  async function isLast({ client }: Session): Promise<boolean> {
    await client.query(`SELECT pg_advisory_unlock_shared(${inUse})`);
    const { rows } = await client.query<{ ok: boolean }>(`SELECT pg_try_advisory_lock(${inUse}) AS ok`);
    return rows[0]?.ok === true;
  }

  return {
    query: (text) => session.client.query(text),
    async claimServing() {
      const { rows } = await session.client.query<{ ok: boolean }>(`SELECT pg_try_advisory_lock(${serving}) AS ok`);
      isServing = rows[0]?.ok === true;
      return isServing;
    },
    async letGo() {
      over.abort();
      await taking; // what is being started is stopped in order
      const last = await isLast(session)
        .catch(async () => {
          session = await take();
          return isLast(session);
        })
        .catch(() => true); // PostgreSQL is gone already
      await session.client.end().catch(() => undefined);
      return last;
    },
  };
}
