/** All that a crash run stands on: two servers and a worker, PostgreSQL, Redis and receivers, each behind a line that can fail. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createApiKey } from "../../src/access/api-keys.ts";
import { openApp } from "../../src/app.ts";
import { parseConfig } from "../../src/config.ts";
import { freePort } from "../../src/embedded/free-port.ts";
import { createLog } from "../../src/log.ts";
import { Line } from "../support/line.ts";
import { ownRedis } from "../support/redis.ts";
import { smtpSink } from "../support/smtp-sink.ts";
import type { Organization } from "./load.ts";
import { OwnPostgres } from "./postgres.ts";
import { OwnProcess } from "./process.ts";
import { openSink } from "./sink.ts";
import { smallDisk } from "./small-disk.ts";

export type Stand = Awaited<ReturnType<typeof openStand>>;

/** A process with the lines that it has to PostgreSQL and to Redis. */
export interface Member {
  process: OwnProcess;
  port: number;
  postgres: Line;
  redis: Line;
}

/** Without faults the processes reach what they need directly, and as much can be stored as there is room for. */
export async function openStand({ hasFaults = true } = {}) {
  const dataDir = await mkdtemp(join(tmpdir(), "vigil-crash-"));
  const disk = hasFaults ? smallDisk(dataDir) : undefined;
  const postgres = await OwnPostgres.open(dataDir, disk ? { max_wal_size: "64MB" } : {});
  const redis = await ownRedis();
  const sink = await openSink();
  const mail = await smtpSink();
  const toSink = await Line.open(() => sink.port);
  const toMail = await Line.open(() => Number(new URL(mail.url).port));
  const { organizations, starts } = await fill(dataDir, postgres);
  const [first] = organizations as [Organization, Organization];

  async function member(name: string, command: string): Promise<Member> {
    const port = await freePort();
    const lines = {
      postgres: await Line.open(() => postgres.port),
      redis: await Line.open(() => redisPort(redis.url)),
    };
    const env = {
      VIGIL_DATA_DIR: dataDir,
      DATABASE_URL: postgres.serverUrl(hasFaults ? lines.postgres.port : undefined),
      REDIS_URL: hasFaults ? `redis://127.0.0.1:${lines.redis.port}` : redis.url,
      SMTP_URL: `smtp://127.0.0.1:${toMail.port}?from=vigil@clinic.example`,
      VIGIL_PUBLIC_URL: "https://vigil.clinic.example",
      VIGIL_ALLOW_PRIVATE_WEBHOOKS: "true",
      LOG_LEVEL: "error",
      HOST: "127.0.0.1",
      PORT: String(port),
    };
    /** A server serves when it has taken an event: its rules are loaded then. */
    const serves = async (): Promise<boolean> => {
      const answer = await fetch(`http://127.0.0.1:${port}/ingest`, {
        method: "POST",
        headers: { authorization: `Bearer ${first.ingestKey}`, "content-type": "application/json" },
        body: JSON.stringify([{ action: "crash.warm" }]),
        signal: AbortSignal.timeout(10_000),
      });
      await answer.text();
      return answer.ok;
    };
    const isUp = command === "start" ? serves : async (output: string) => output.includes("worker is running");
    return { process: new OwnProcess(name, command, env, isUp), port, ...lines };
  }

  const servers = [await member("server 1", "start"), await member("server 2", "start")];
  const worker = await member("worker", "worker");
  const members = [...servers, worker];
  await Promise.all(members.map(({ process }) => process.start()));
  // As a load balancer: every new connection leads to the first server that is ready.
  const balancer = await Line.open(() => servers.find(({ process }) => process.isReady)?.port);
  return {
    dataDir,
    disk,
    /** Processes that were ended and are coming back. */
    restarts: [] as Promise<void>[],
    url: balancer.url,
    organizations,
    /** The feed's cursor of each organization, from before anything ran. */
    starts,
    postgres,
    redis,
    servers,
    worker,
    members,
    sink,
    mail,
    toSink,
    toMail,
    async close() {
      balancer.close();
      for (const { process } of members) await process.kill();
      for (const line of [toSink, toMail, ...members.flatMap((one) => [one.postgres, one.redis])]) line.close();
      sink.close();
      await mail.close();
      await redis.close();
      await postgres.kill();
      disk?.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

const redisPort = (url: string): number => Number(new URL(url).port);

/** Two organizations with keys; no server has run yet. */
async function fill(dataDir: string, postgres: OwnPostgres) {
  const config = parseConfig({
    VIGIL_DATA_DIR: dataDir,
    DATABASE_URL: postgres.serverUrl(),
    VIGIL_OWNER_DATABASE_URL: postgres.ownerUrl,
  });
  const app = await openApp(config, { log: createLog("silent") });
  try {
    await app.createOrganization("other", "Other");
    const organizations: Organization[] = [];
    const starts = new Map<string, string>();
    for (const [number, slug] of [
      [45, "demo"],
      [46, "other"],
    ] as const) {
      const id = await app.organizationBySlug(slug);
      const token = await app.tokens.sign({ organizationId: id, userId: "cli", name: "crash", role: "ADMIN" }, 7_200);
      const key = await app.db.inOrganization(id, (tx) =>
        createApiKey(tx, { name: "crash", role: "INGEST", actor: "crash", now: Date.now() }),
      );
      const enforcer = await app.db.inOrganization(id, (tx) =>
        createApiKey(tx, { name: "application", role: "ENFORCER", actor: "crash", now: Date.now() }),
      );
      organizations.push({ slug, id, number, ingestKey: key.secret, enforcerKey: enforcer.secret, token });
      starts.set(slug, await app.feed.cursor(id));
    }
    return { organizations, starts };
  } finally {
    await app.close();
  }
}
