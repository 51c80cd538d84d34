/** A server of its own on a new database, whose clock shows what it is told: weeks of the past pass as if they were now. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { openApp } from "../../src/app.ts";
import { parseConfig } from "../../src/config.ts";
import { createLog } from "../../src/log.ts";
import { createServer } from "../../src/server/server.ts";

export interface PastServer {
  url: string;
  /** Sets the server's clock, epoch ms. */
  setClock(now: number): void;
  /** Runs the scheduled jobs that look at events and scores, as the server would from time to time. */
  runJobs(): Promise<void>;
  /** Rules that know hours of the day go by this time zone. */
  setTimeZone(zone: string): Promise<void>;
  /** Runs a GraphQL operation as an administrator; throws on any error. */
  ask<Result>(query: string, variables?: object): Promise<Result>;
  close(): Promise<void>;
}

export async function openPastServer(now: number): Promise<PastServer> {
  let clock = now;
  const directory = await mkdtemp(join(tmpdir(), "vigil-evaluate-"));
  const app = await openApp(parseConfig({ VIGIL_DATA_DIR: directory }), {
    log: createLog(process.env.LOG_LEVEL ?? "error"),
    now: () => clock,
  }).catch(async (error: unknown) => {
    await rm(directory, { recursive: true, force: true });
    throw error;
  });
  const server = createServer(app);
  const close = async (): Promise<void> => {
    await server.close();
    await app.close();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    if (app.embedded) await prepare(app.embedded.ownerUrl);
    const url = await server.listen(0, "127.0.0.1");
    const organizationId = await app.organizationBySlug("demo");
    const ask: PastServer["ask"] = async <Result>(query: string, variables: object = {}) => {
      const token = await app.tokens.sign({ organizationId, userId: "cli", name: "evaluate", role: "ADMIN" }, 600);
      const answer = await fetch(`${url}/graphql`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify({ query, variables }),
      });
      const { data, errors } = (await answer.json()) as { data: Result; errors?: { message: string }[] };
      if (errors) throw new Error(`The server answered: ${errors.map(({ message }) => message).join("; ")}`);
      return data;
    };
    return {
      url,
      setClock(next) {
        clock = Math.max(clock, next);
      },
      async runJobs() {
        for (const [name, run] of Object.entries(app.sweep)) if (!housekeeping.has(name)) await run();
      },
      async setTimeZone(timeZone) {
        const { organizationUpdate } = await ask<{ organizationUpdate: { userErrors: { message: string }[] } }>(
          "mutation ($timeZone: String) { organizationUpdate(input: { timeZone: $timeZone }) { userErrors { message } } }",
          { timeZone },
        );
        const [error] = organizationUpdate.userErrors;
        if (error) throw new Error(error.message);
      },
      ask,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Jobs that go by the database's own clock and only put away what is old. */
const housekeeping: ReadonlySet<string> = new Set(["partitions", "forget", "seal", "cleanup"]);

/** The server makes partitions for the days to come only; here the days lie behind. And what is thrown away needs no fsync. */
async function prepare(ownerUrl: string): Promise<void> {
  const owner = new pg.Client({ connectionString: ownerUrl });
  await owner.connect();
  try {
    await owner.query("ALTER SYSTEM SET fsync = off");
    await owner.query("ALTER SYSTEM SET synchronous_commit = off");
    await owner.query("SELECT pg_reload_conf()");
    await owner.query("SELECT ensure_event_partitions((now() AT TIME ZONE 'UTC')::date - 1, 2)");
    await owner.query(
      "CREATE TABLE event_partitions.realtime_monitoring_past (LIKE public.realtime_monitoring INCLUDING DEFAULTS)",
    );
    await owner.query(`DO $$ BEGIN EXECUTE format(
      'ALTER TABLE public.realtime_monitoring ATTACH PARTITION event_partitions.realtime_monitoring_past FOR VALUES FROM (MINVALUE) TO (%L)',
      public.event_id_floor(((now() AT TIME ZONE 'UTC')::date - 1)::timestamp AT TIME ZONE 'UTC')); END $$`);
    await owner.query("CALL public.protect_tenant_table('event_partitions.realtime_monitoring_past'::regclass)");
  } finally {
    await owner.end();
  }
}
