/**
 * The queries of the dashboard's overview over HTTP, one at a time, beside the same by SQL as the tables' owner would write it.
 * VIGIL_BENCH_ROWS: how many incidents there are, each with three alerts and a detection; VIGIL_BENCH_SPACING: so many seconds
 * apart; VIGIL_BENCH_OPEN: how many of a hundred of them are open. VIGIL_BENCH_EVENTS: how many events there are, of two weeks.
 *
 * Of each query: the median and the p99 of requests that ask again for what has just been asked for (warm), and the p99 of
 * those that come first after PostgreSQL's shared buffers were emptied and the connections closed, with the plans and
 * catalogues that these had cached (cold). What the operating system keeps of files stays, and the server's process with
 * the documents it has read. No answer is kept by the server but those of `GaugesNow` and `BySeverity`, for 250 ms: they are
 * asked for at longer intervals, and once more all at once.
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { encodeGlobalID } from "@pothos/plugin-relay";
import pg from "pg";
import { openApp } from "../src/app.ts";
import { parseConfig } from "../src/config.ts";
import { createLog } from "../src/log.ts";
import { createServer } from "../src/server/server.ts";
import { compared } from "./compared.ts";
import { loadRequest } from "./http-load.ts";
import { median } from "./median.ts";
import type { Figure } from "./run.ts";
import { makeOverview } from "./statistics-data.ts";
import { makeEvents } from "./statistics-events.ts";
import { type Operation, operationsOf, references } from "./statistics-queries.ts";
import { unlimited } from "./unlimited.ts";

const incidents = Number(process.env.VIGIL_BENCH_ROWS ?? 200_000);
const events = Number(process.env.VIGIL_BENCH_EVENTS ?? 1_000_000);
const spacing = Number(process.env.VIGIL_BENCH_SPACING ?? 10);
const open = Number(process.env.VIGIL_BENCH_OPEN ?? 40);
const rounds = 9;
const requests = 25; // a round, of what is quick
const roundTime = 1_500; // ms that a round may take for that many; what is slower is asked less often, 5 times at least
const coldRequests = 25;
const texts = ["widgets/widgets", "data/realtime", "data/tail", "pages/incident/incident", "shell/shell"];

/** Asks so many times, one after the other; answers how long each took, ms. */
type Ask = (count: number) => Promise<number[]>;

/** One query, by the server and by hand. */
interface Compared {
  ours: Ask;
  theirs: Ask;
  /** Empties what PostgreSQL keeps near. */
  forget(): Promise<void>;
}

export async function statisticsBench(): Promise<Figure[]> {
  const directory = await mkdtemp(join(tmpdir(), "vigil-bench-"));
  const app = await openApp(parseConfig({ VIGIL_DATA_DIR: directory }), { log: createLog("silent") });
  const server = createServer(app, unlimited);
  const port = Number(new URL(await server.listen(0, "127.0.0.1")).port);
  const connectionString = app.embedded?.ownerUrl as string;
  const owner = new pg.Pool({ connectionString, max: 5 });
  let hand = new pg.Pool({ connectionString, max: 5 });

  async function forget(): Promise<void> {
    await hand.end();
    hand = new pg.Pool({ connectionString, max: 5 });
    await owner.query("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'vigil'");
    for (let look = 0; look < 100 && app.db.connections().open > 0; look++) await wait(5); // the server notices
    await owner.query("SELECT pg_buffercache_evict_all()");
  }

  try {
    const organizationId = await app.organizationBySlug("demo");
    await owner.query("CREATE EXTENSION pg_buffercache");
    await makeOverview(owner, organizationId, { incidents, spacing, open });
    await makeEvents(owner, organizationId, events);
    await owner.query("CHECKPOINT");
    const { rows } = await owner.query<{ id: string }>(
      "SELECT id FROM alert_rules WHERE organization_id = $1 AND reference = ANY ($2)",
      [organizationId, references],
    );
    const stored = rows.map(({ id }) => id);
    const ruleIds = { stored, global: stored.map((id) => encodeGlobalID("AlertRule", id)) };
    const token = await app.tokens.sign({ organizationId, userId: "cli", name: "bench", role: "ADMIN" }, 36_000);
    const document = await documentOf();
    const figures: Figure[] = [];
    for (const operation of operationsOf(organizationId, Date.now(), ruleIds)) {
      const { name, variables, byHand } = operation;
      const body = JSON.stringify({ query: document(name), operationName: name, variables });
      const head = `content-type: application/json\r\naccept: application/json\r\nauthorization: Bearer ${token}`;
      const request = `POST /graphql HTTP/1.1\r\nhost: vigil.example\r\n${head}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
      const statements = (): Promise<pg.QueryResult[]> =>
        Promise.all(byHand.map(([text, ...values]) => hand.query(text, values)));
      const theirs: Ask = async (count) => {
        const times: number[] = [];
        for (let time = 0; time < count; time++) {
          const began = performance.now();
          await statements();
          times.push(performance.now() - began);
        }
        return times;
      };
      const ours: Ask = (count) => loadRequest(port, request, count, 1);
      const check = async (): Promise<void> =>
        sameAnswer(operation, await answerOf(port, body, token), await statements());
      await check();
      figures.push(...(await figuresOf(operation, { ours, theirs, forget })));
      if (operation.sharedFor) await wait(operation.sharedFor);
      await check();
    }
    return figures;
  } finally {
    await Promise.all([owner.end(), hand.end()]);
    await server.close();
    await app.close();
    await rm(directory, { recursive: true, force: true });
  }
}

async function figuresOf({ name, sharedFor }: Operation, { ours, theirs, forget }: Compared): Promise<Figure[]> {
  const about = (subject: string) => ({ bench: "statistics", subject, baseline: "by hand", unit: "ms" });
  const warm = await inTurns(ours, theirs, sharedFor);
  const [cold, coldByHand]: [number[], number[]] = [[], []];
  for (let time = 0; time < coldRequests; time++) {
    await forget();
    cold.push(...(await ours(1)));
    await forget();
    coldByHand.push(...(await theirs(1)));
  }
  const figures = [
    compared(about(name), warm.ours.map(median), warm.theirs.map(median)),
    p99(about(`${name}, p99`), warm.ours.flat(), warm.theirs.flat()),
    p99(about(`${name}, p99 cold`), cold, coldByHand),
  ];
  if (sharedFor === undefined) return figures;
  const shared = await inTurns(ours, theirs);
  return [...figures, compared(about(`${name}, asked at once`), shared.ours.map(median), shared.theirs.map(median))];
}

/** Rounds of one and rounds of the other, after one that warms up; `pause`: ms before each request. */
async function inTurns(ours: Ask, theirs: Ask, pause?: number): Promise<{ ours: number[][]; theirs: number[][] }> {
  const round = async (ask: Ask, count: number): Promise<number[]> => {
    if (!pause) return await ask(count);
    const times: number[] = [];
    for (let time = 0; time < count; time++) {
      await wait(pause);
      times.push(...(await ask(1)));
    }
    return times;
  };
  const first = [...(await round(ours, 5)), ...(await round(theirs, 5))];
  const count = Math.max(5, Math.min(requests, Math.floor(roundTime / (median(first) + (pause ?? 0)))));
  const times: { ours: number[][]; theirs: number[][] } = { ours: [], theirs: [] };
  for (let time = 0; time < rounds; time++) {
    times.ours.push(await round(ours, count));
    times.theirs.push(await round(theirs, count));
  }
  return times;
}

function p99(about: Pick<Figure, "bench" | "subject" | "baseline" | "unit">, ours: number[], theirs: number[]): Figure {
  const at99 = (times: number[]): number =>
    times.sort((a, b) => a - b)[Math.floor(0.99 * (times.length - 1))] as number;
  const [subjectValue, baselineValue] = [at99(ours), at99(theirs)];
  return { ...about, ratio: subjectValue / baselineValue, subjectValue, baselineValue, runs: ours.length };
}

async function answerOf(port: number, body: string, token: string): Promise<{ data?: unknown; errors?: unknown }> {
  const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
  const answer = await fetch(`http://127.0.0.1:${port}/graphql`, { method: "POST", headers, body });
  return (await answer.json()) as { data?: unknown; errors?: unknown };
}

/** An answer that is an error, empty, or of something else is fast. */
function sameAnswer(
  { name, told, toldByHand }: Operation,
  answer: { data?: unknown; errors?: unknown },
  results: readonly pg.QueryResult[],
): void {
  if (answer.errors || !answer.data)
    throw new Error(`${name} is not answered: ${JSON.stringify(answer).slice(0, 500)}`);
  const [ours, theirs] = [told(answer.data), toldByHand(results.map(({ rows }) => rows))];
  if (ours !== theirs || !(ours > 0)) throw new Error(`${name} tells ${ours}, by hand it is ${theirs}`);
}

/** The dashboard's own words, with the fragments that an operation uses. */
async function documentOf(): Promise<(operation: string) => string> {
  const files = texts.map((name) => readFile(new URL(`../src/dashboard/${name}.graphql`, import.meta.url), "utf8"));
  const text = (await Promise.all(files)).join("\n");
  const parts = new Map(
    text
      .split(/^(?=(?:query|fragment|subscription|mutation) )/m)
      .map((part) => [/^\w+ (\w+)/.exec(part)?.[1] ?? "", part]),
  );
  const used = (name: string): string[] => {
    const part = parts.get(name) ?? "";
    return [name, ...[...part.matchAll(/\.\.\.(\w+)/g)].flatMap(([, fragment]) => used(fragment as string))];
  };
  return (operation) => [...new Set(used(operation))].map((name) => parts.get(name) ?? "").join("\n");
}
