/**
 * What is done to a running Vigil, each kind by the name of the fault matrix. A fault strikes, lasts, and is healed when its
 * promise resolves; what it hits is chosen by chance.
 */
import { execFileSync } from "node:child_process";
import { readdir } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import pg from "pg";
import type { Way } from "../support/line.ts";
import type { Chance } from "./chance.ts";
import type { SmallDisk } from "./small-disk.ts";
import type { Member, Stand } from "./stand.ts";

export interface Fault {
  /** Of the fault matrix; several kinds may be of one. */
  id: string;
  name: string;
  /** Needs a disk of its own that can be filled. */
  needsDisk?: boolean;
  /** Answers what it hit. Errors: it could not strike. */
  strike(stand: Stand, chance: Chance): Promise<string>;
}

const pick = <T>(list: readonly T[], chance: Chance): T => list[Math.floor(chance() * list.length)] as T;
const restart = 90_000; // ms that a process may need to run again

/** The server that new connections are led to. */
const serving = ({ servers }: Stand): Member =>
  servers.find(({ process }) => process.isReady) ?? (servers[0] as Member);

/** Waits until it has happened. False: it did not within the time. */
async function happens(what: (done: () => void) => void, limit: number): Promise<boolean> {
  return Promise.race([new Promise<boolean>((resolve) => what(() => resolve(true))), wait(limit, false)]);
}

/** Kills it; it comes back while other faults strike, but for those that end a process too. */
async function killed(stand: Stand, member: Member, where: string): Promise<string> {
  await member.process.kill();
  stand.restarts.push(member.process.startAnyhow(restart));
  return `${member.process.name} ${where}`;
}

/** All processes run: the next that ends is not the last. */
const whole = async ({ restarts }: Stand): Promise<void> => void (await Promise.all(restarts.splice(0)));

/** Kills a process when its line to PostgreSQL carries a COMMIT: before it arrives, or before its answer does. */
function atCommit(id: string, name: string, way: Way): Fault {
  return {
    id,
    name,
    async strike(stand, chance) {
      await whole(stand);
      const member = pick([serving(stand), stand.worker], chance);
      const committing = new Set<number>();
      const isStruck = await happens((done) => {
        member.postgres.watcher = (direction, piece, connection) => {
          if (direction === "there" && piece.includes("COMMIT")) committing.add(connection);
          if (direction !== way || !committing.has(connection)) return true;
          void member.process.kill().then(done);
          return false;
        };
      }, 20_000);
      member.postgres.watcher = undefined;
      if (!isStruck) throw new Error(`${member.process.name} committed nothing`);
      return killed(stand, member, name);
    },
  };
}

/** Kills the worker when the receiver has a message: before it answers, or when it has. */
function atSink(name: string, moment: "onTold" | "onAnswered"): Fault {
  return {
    id: "F2",
    name,
    async strike(stand) {
      await whole(stand);
      const { sink, worker } = stand;
      const isStruck = await happens((done) => {
        sink.state[moment] = () => {
          sink.state[moment] = undefined;
          void worker.process.kill().then(done);
        };
      }, 30_000);
      sink.state[moment] = undefined;
      if (!isStruck) throw new Error("nothing was sent");
      return killed(stand, worker, name);
    },
  };
}

/** Something is done to one line, and healed. */
function onLine(id: string, name: string, ms: number, act: (line: Member["postgres"]) => void): Fault {
  return {
    id,
    name,
    async strike(stand, chance) {
      const member = pick(stand.members, chance);
      const [line, to] = pick(
        [
          [member.postgres, `${member.process.name} to PostgreSQL`],
          [member.redis, `${member.process.name} to Redis`],
          [stand.toSink, "receivers"],
          [stand.toMail, "the mail server"],
        ] as const,
        chance,
      );
      act(line);
      await wait(ms);
      line.heal();
      return to;
    },
  };
}

/** The receiver answers so for a while. */
function inMood(id: string, name: string, ms: number, mood: NonNullable<Stand["sink"]["state"]["mood"]>): Fault {
  return {
    id,
    name,
    async strike({ sink }) {
      sink.state.mood = mood;
      await wait(ms);
      sink.state.mood = undefined;
      return "receivers";
    },
  };
}

const withOwner = async (stand: Stand, work: (client: pg.Client) => Promise<void>): Promise<void> => {
  const client = new pg.Client({ connectionString: stand.postgres.ownerUrl });
  client.on("error", () => undefined);
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
};

async function frozen(member: Member, ms: number): Promise<string> {
  member.process.freeze();
  await wait(ms);
  member.process.thaw();
  return member.process.name;
}

export const faults: readonly Fault[] = [
  {
    id: "F1",
    name: "a server is killed",
    async strike(stand) {
      await whole(stand);
      return killed(stand, serving(stand), "killed");
    },
  },
  {
    id: "F2",
    name: "a worker is killed",
    async strike(stand) {
      await whole(stand);
      return killed(stand, stand.worker, "killed");
    },
  },
  atCommit("F2", "killed before a commit arrives", "there"),
  atCommit("F2", "killed after a commit, before its answer", "back"),
  atSink("killed when a message was sent", "onTold"),
  atSink("killed when a message was answered", "onAnswered"),
  { id: "F3", name: "a server is frozen", strike: (stand) => frozen(serving(stand), 6_000) },
  { id: "F3", name: "a worker is frozen", strike: (stand) => frozen(stand.worker, 8_000) },
  {
    id: "F5",
    name: "PostgreSQL is restarted",
    async strike({ postgres }) {
      await postgres.stop();
      await postgres.start();
      return "PostgreSQL";
    },
  },
  {
    id: "F6",
    name: "PostgreSQL is killed",
    async strike({ postgres }) {
      await postgres.kill();
      await postgres.start();
      return "PostgreSQL";
    },
  },
  {
    id: "F7",
    name: "one backend is killed",
    async strike({ postgres }) {
      if (!(await postgres.killBackend())) throw new Error("there was no backend");
      return "PostgreSQL";
    },
  },
  {
    id: "F8",
    name: "PostgreSQL is frozen",
    async strike({ postgres }) {
      const thaw = await postgres.freeze();
      await wait(5_000);
      thaw();
      return "PostgreSQL";
    },
  },
  {
    id: "F9",
    name: "the disk is full",
    needsDisk: true,
    async strike({ disk, postgres }) {
      const empty = await (disk as SmallDisk).fill();
      await wait(6_000);
      await empty();
      // A PostgreSQL that could not write its log has ended: whoever looks after it starts it again.
      if (!(await postgres.isRunning())) await postgres.start();
      return "PostgreSQL and the data directory";
    },
  },
  {
    id: "F10",
    name: "a table is locked",
    async strike(stand) {
      await withOwner(stand, async (client) => {
        await client.query("BEGIN");
        await client.query("LOCK TABLE security_incidents IN ACCESS EXCLUSIVE MODE");
        await wait(3_000);
        await client.query("ROLLBACK");
      });
      return "security_incidents";
    },
  },
  {
    id: "F11",
    name: "a transaction stays open",
    async strike(stand) {
      await withOwner(stand, async (client) => {
        await client.query("BEGIN");
        await client.query("SELECT pg_current_xact_id()");
        await wait(8_000);
        await client.query("COMMIT");
      });
      return "PostgreSQL";
    },
  },
  {
    id: "F12",
    name: "Redis is restarted with what it kept",
    async strike({ redis }) {
      await redis.client.config("SET", "appendonly", "yes");
      while (!(await redis.client.info("persistence")).includes("aof_rewrite_in_progress:0")) await wait(50);
      await wait(1_100); // it writes once a second
      await redis.kill();
      await wait(1_000);
      await redis.start("--appendonly", "yes");
      return "Redis";
    },
  },
  {
    id: "F13",
    name: "Redis is killed and comes back empty",
    async strike({ redis }) {
      await redis.kill();
      await wait(2_000);
      await redis.start();
      await redis.client.flushall(); // whatever an earlier fault had it keep
      return "Redis";
    },
  },
  {
    id: "F14",
    name: "Redis is flushed",
    async strike({ redis }) {
      await redis.client.flushall();
      return "Redis";
    },
  },
  {
    id: "F15",
    name: "Redis is frozen",
    async strike({ redis }) {
      redis.freeze();
      await wait(6_000);
      redis.thaw();
      return "Redis";
    },
  },
  {
    id: "F16",
    name: "Redis turns into a replica that may not write",
    async strike({ redis }) {
      await redis.client.replicaof("127.0.0.1", "1");
      await wait(4_000);
      await redis.client.replicaof("NO", "ONE");
      return "Redis";
    },
  },
  {
    id: "F17",
    name: "subscribers of Redis are cut off",
    async strike({ redis }) {
      for (let n = 0; n < 4; n++) {
        await redis.client.client("KILL", "TYPE", "pubsub");
        await wait(300);
      }
      return "Redis";
    },
  },
  {
    id: "F26",
    name: "a process may open no more files",
    async strike(stand, chance) {
      await whole(stand);
      const { process: one } = pick(stand.members, chance);
      const limits = ["--nofile", "--noheadings", "--output", "SOFT,HARD", "--raw"];
      const [soft, hard] = execFileSync("prlimit", ["--pid", String(one.pid), ...limits], { encoding: "utf8" })
        .trim()
        .split(/\s+/) as [string, string];
      const open = (await readdir(`/proc/${one.pid}/fd`)).length;
      const limit = (most: string): Buffer =>
        execFileSync("prlimit", ["--pid", String(one.pid), `--nofile=${most}:${hard}`]);
      limit(String(open + 1));
      await wait(5_000);
      limit(soft);
      return one.name;
    },
  },
  onLine("F18", "a line takes 2 s", 6_000, (line) => line.latency(2_000)),
  onLine("F18", "a line is slow", 5_000, (line) => line.slow(20_000)),
  onLine("F18", "a line is reset", 1_000, (line) => line.reset()),
  onLine("F18", "a line swallows everything", 6_000, (line) => line.blackhole()),
  onLine("F18", "a line is closed to one side", 1_000, (line) => line.halfClose()),
  onLine("F18", "a line breaks after some bytes", 3_000, (line) => line.limit(3_000)),
  onLine("F18", "a line refuses whoever comes", 4_000, (line) => {
    line.refuse();
    line.reset();
  }),
  inMood("F19", "receivers answer after the limit", 4_000, (response, take) => {
    take();
    setTimeout(() => response.writeHead(204).end(), 16_000).unref();
  }),
  inMood("F20", "receivers answer 500", 3_000, (response) => response.writeHead(500).end("no")),
  inMood("F20", "receivers answer 429", 3_000, (response) => response.writeHead(429, { "retry-after": "2" }).end()),
  inMood("F20", "receivers answer without end", 3_000, (response, take) => {
    take();
    response.writeHead(200);
    const pour = setInterval(() => response.write("x".repeat(10_000)), 20).unref();
    response.on("close", () => clearInterval(pour));
  }),
  {
    id: "F21",
    name: "the mail server puts off and refuses",
    async strike({ mail }) {
      mail.refusals.push("421 later", "451 later", "450 later");
      await wait(2_000);
      mail.refusals.length = 0;
      return "the mail server";
    },
  },
  {
    id: "F31",
    name: "a server is sent away in order",
    async strike(stand) {
      await whole(stand);
      const member = serving(stand);
      await member.process.stop();
      stand.restarts.push(member.process.startAnyhow(restart));
      return member.process.name;
    },
  },
];
