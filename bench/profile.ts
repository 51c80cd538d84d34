/**
 * `npm run profile [-- ingest query fan-out] [--save]`: what the server's process does while it is kept busy by other
 * processes, in shares of its time and of what it allocates. With --save the tables stand in bench/profiles.md, below the
 * notes of what they mean.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import pg from "pg";
import { openEmbeddedPostgres } from "../src/embedded/postgres.ts";
import { loadSecrets } from "../src/embedded/secrets.ts";
import { openClinic } from "./clinic/clinic.ts";
import type { ClinicEvent } from "./clinic/event.ts";
import { loadRequest } from "./http-load.ts";
import { postEvents } from "./post-events.ts";
import type { Profile, Share } from "./profiler.ts";
import { makeIncident, makeIncidents, vigilQuery } from "./query-data.ts";
import { seed } from "./seed.ts";
import type { Told } from "./stream-server.ts";

const long = 15_000; // ms
const incidents = 50_000;
const sockets = 1_000;
const page = new URL("profiles.md", import.meta.url);
const [begin, end] = ["<!-- tables: written by `npm run profile -- --save` -->", "<!-- end of the tables -->"];

interface Server {
  child: ChildProcess;
  port: number;
  token: string;
  organizationId: string;
  owner: pg.Pool;
}

type Work = (server: Server, until: () => boolean) => Promise<void>;

/** Each answers what keeps the server busy until it is over. */
const subjects: Readonly<Record<string, (server: Server) => Promise<Work>>> = {
  async ingest() {
    const events: ClinicEvent[] = [];
    for await (const { event } of openClinic({ seed: seed(), weeks: 10, staff: 40, learningWeeks: 10 }).events()) {
      events.push(event);
      if (events.length === 120_000) break;
    }
    const later = Date.now() - (events.at(-1)?.time ?? 0);
    return async ({ port, token }, until) => {
      const one = async (): Promise<void> => {
        while (until() && events.length > 0) {
          const some = events.splice(0, 1_000).map((event) => ({ ...event, time: event.time + later }));
          await postEvents(`http://127.0.0.1:${port}`, token, some);
        }
      };
      await Promise.all([one(), one(), one(), one()]);
    };
  },
  async query({ owner, organizationId, token }) {
    await makeIncidents(owner, organizationId, incidents);
    const body = JSON.stringify({ query: vigilQuery });
    const head = `content-type: application/json\r\naccept: application/json\r\nauthorization: Bearer ${token}`;
    const request = `POST /graphql HTTP/1.1\r\nhost: vigil.example\r\n${head}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
    return async ({ port }, until) => {
      while (until()) await loadRequest(port, request, 200, 8);
    };
  },
  async "fan-out"({ owner, organizationId, port, token }) {
    const id = await makeIncident(owner, organizationId);
    const script = join(import.meta.dirname, "stream-followers.ts");
    const followers = fork(script, [String(port), token, String(sockets)], { execArgv: ["--import", "tsx"] });
    await once(followers, "message");
    return async ({ child }, until) => {
      while (until()) {
        child.send({ publish: id } satisfies Told);
        await wait(100);
      }
      followers.kill();
    };
  },
};

const words = process.argv.slice(2);
const wanted = words.filter((word) => !word.startsWith("--"));
const unknown = wanted.filter((name) => !(name in subjects));
if (unknown.length > 0) throw new Error(`There is no ${unknown.join(", ")}: ${Object.keys(subjects).join(", ")}`);
const parts: string[] = [];
for (const name of wanted.length > 0 ? wanted : Object.keys(subjects)) parts.push(told(name, await profiled(name)));
console.log(parts.join("\n"));
if (words.includes("--save")) {
  const text = await readFile(page, "utf8");
  const [head, tail] = [text.slice(0, text.indexOf(begin)), text.slice(text.indexOf(end))];
  await writeFile(page, `${head}${begin}\n\n${parts.join("\n")}\n${tail}`);
}

async function profiled(name: string): Promise<Profile> {
  const directory = await mkdtemp(join(tmpdir(), "vigil-bench-"));
  const postgres = await openEmbeddedPostgres(directory, await loadSecrets(directory));
  const owner = new pg.Pool({ connectionString: postgres.ownerUrl, max: 1 });
  const script = join(import.meta.dirname, "stream-server.ts");
  const child = fork(script, ["vigil", directory, ""], { execArgv: ["--import", "tsx"] });
  try {
    const [started] = (await once(child, "message")) as [Omit<Server, "child" | "owner">];
    const server = { ...started, child, owner };
    const work = await (subjects[name] as (server: Server) => Promise<Work>)(server);
    const [began, warm] = [performance.now(), 5_000];
    const busy = work(server, () => performance.now() - began < warm + long);
    await wait(warm);
    child.send({ profile: "start" } satisfies Told);
    await wait(long);
    child.send({ profile: "stop" } satisfies Told);
    const [profile] = (await once(child, "message")) as [Profile];
    await busy;
    return profile;
  } finally {
    child.kill("SIGTERM");
    await once(child, "exit");
    await owner.end();
    await postgres.close();
    await rm(directory, { recursive: true, force: true });
  }
}

/** In Markdown. */
function told(name: string, { idle, areas, functions, allocating }: Profile): string {
  const cell = (share: Share | undefined): string => (share ? `${share.what} | ${share.percent.toFixed(1)}` : " | ");
  const rows = areas.map((area, place) => `| ${cell(area)} | ${cell(functions[place])} | ${cell(allocating[place])} |`);
  return `### ${name}

The process was idle for ${idle.toFixed(0)} % of the time; of the rest:

| Part | % | Function | % | Allocates | % |
|---|---:|---|---:|---|---:|
${rows.join("\n")}
`;
}
