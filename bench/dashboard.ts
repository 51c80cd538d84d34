/**
 * The dashboard in Debian's chromium while 1,000 events a second come in: how long its frames take, and what it keeps, beside
 * a bare page with an empty animation loop in turns within the same run; and how soon the overview can be used. `--minutes N`:
 * how long both pages are watched together (2 minutes; an hour says whether memory stays flat).
 */
import { spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { type Browser, type BrowserContext, type CDPSession, chromium, type Page } from "playwright-core";
import { createApiKey } from "../src/access/api-keys.ts";
import { createSignInLink } from "../src/access/sign-in.ts";
import { ensureUser } from "../src/access/users.ts";
import { openApp } from "../src/app.ts";
import { parseConfig } from "../src/config.ts";
import { createLog } from "../src/log.ts";
import { createServer } from "../src/server/server.ts";
import { compared } from "./compared.ts";
import type { Figure } from "./run.ts";

const rate = 1_000; // events a second
const leastRounds = 3; // in which the pages take turns
const longestTurn = 5; // minutes: the session of whoever does nothing for longer is ended
const loads = 7;
const named = "globalThis.__name ??= (named) => named"; // which tsx wraps functions in, also those for the page
const screen = { viewport: { width: 1440, height: 900 } };
const root = join(import.meta.dirname, "..");

function minutes(): number {
  const place = process.argv.indexOf("--minutes");
  const given = place < 0 ? 2 : Number(process.argv[place + 1]);
  if (given > 0) return given;
  throw new Error("--minutes takes a number above zero");
}

export async function dashboardBench(): Promise<Figure[]> {
  const built = spawnSync(process.execPath, [join(root, "src/build/dashboard.js")], { encoding: "utf8" });
  if (built.status !== 0) throw new Error(built.stderr);
  const directory = await mkdtemp(join(tmpdir(), "vigil-bench-"));
  const app = await openApp(parseConfig({ VIGIL_DATA_DIR: directory }), { log: createLog("silent") });
  const server = createServer(app, { dashboardDir: join(root, "dist/dashboard") });
  const url = await server.listen(0, "127.0.0.1");
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
  try {
    const organizationId = await app.organizationBySlug("demo");
    const now = Date.now();
    const key = await app.db.inOrganization(organizationId, async (tx) => {
      return (await createApiKey(tx, { name: "bench", role: "INGEST", actor: "bench", now })).secret;
    });
    const link = await app.db.inOrganization(organizationId, async (tx) => {
      const userId = await ensureUser(tx, { email: "bench@clinic.example", name: "Bench", role: "ADMIN", now });
      return createSignInLink(tx, { userId, now });
    });
    const context = await signedIn(browser, url, link);
    const figures = await loading(browser, url, context);
    return [...figures, ...(await watched(context, url, key))];
  } finally {
    await browser.close();
    await server.close();
    await app.close();
    await rm(directory, { recursive: true, force: true });
  }
}

async function signedIn(browser: Browser, url: string, token: string): Promise<BrowserContext> {
  const context = await browser.newContext({ ...screen, baseURL: url });
  context.setDefaultTimeout(120_000);
  await context.addInitScript(named);
  const page = await context.newPage();
  await page.goto(`/sign-in?token=${token}`);
  await page.getByRole("button", { name: "Your account" }).waitFor();
  await page.close();
  return context;
}

/** Sends events until it is told to stop; answers how many a second were taken. */
async function flood(url: string, key: string, end: AbortSignal): Promise<number> {
  const began = performance.now();
  const slice = 100; // ms
  let sent = 0;
  for (let tick = 1; !end.aborted; tick++) {
    const events = Array.from({ length: (rate * slice) / 1_000 }, (_, n) => ({
      action: n % 10 === 0 ? "login" : "view",
      category: n % 10 === 0 ? "authentication" : "data",
      outcome: n % 50 === 0 ? "failure" : "success",
      actor: { name: `user${(sent + n) % 500}` },
      source: { ip: `198.51.100.${(sent + n) % 250}` },
      target: { type: "record", id: `r${(sent + n) % 5_000}` },
    }));
    const answer = await fetch(`${url}/ingest`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/x-ndjson" },
      body: events.map((event) => JSON.stringify(event)).join("\n"),
    });
    await answer.arrayBuffer();
    if (answer.ok) sent += events.length;
    await wait(Math.max(0, began + tick * slice - performance.now()), undefined, { signal: end }).catch(
      () => undefined,
    );
  }
  return sent / ((performance.now() - began) / 1_000);
}

interface Watched {
  frames: number;
  /** Shares of the frames that came later than 17 ms and 34 ms after the one before: one was missed, or two. */
  over17: number;
  over34: number;
  heapStart: number;
  heapEnd: number;
  nodesStart: number;
  nodesEnd: number;
  seconds: number;
}

/** Memory and nodes once what is not needed has been collected. */
async function held(session: CDPSession): Promise<{ heap: number; nodes: number }> {
  await session.send("HeapProfiler.collectGarbage");
  const { metrics } = await session.send("Performance.getMetrics");
  const of = (name: string): number => metrics.find((metric) => metric.name === name)?.value ?? 0;
  return { heap: of("JSHeapUsedSize") / 2 ** 20, nodes: of("Nodes") };
}

/** Intervals between animation frames for so long. */
async function watch(page: Page, milliseconds: number): Promise<Watched> {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable");
  await page.bringToFront();
  if (!page.url().startsWith("about:")) await page.mouse.click(1_400, 20); // somebody is there
  const before = await held(session);
  const seen = await page.evaluate(
    (long) =>
      new Promise<{ frames: number; over17: number; over34: number; seconds: number }>((resolve) => {
        const began = performance.now();
        let [last, frames, over17, over34] = [began, 0, 0, 0];
        const frame = (): void => {
          const now = performance.now();
          const took = now - last;
          last = now;
          frames++;
          if (took > 17.5) over17++;
          if (took > 34.5) over34++;
          if (now - began < long) requestAnimationFrame(frame);
          else resolve({ frames, over17, over34, seconds: (now - began) / 1_000 });
        };
        requestAnimationFrame(frame);
      }),
    milliseconds,
  );
  const after = await held(session);
  await session.detach();
  return {
    ...seen,
    over17: seen.over17 / seen.frames,
    over34: seen.over34 / seen.frames,
    heapStart: before.heap,
    heapEnd: after.heap,
    nodesStart: before.nodes,
    nodesEnd: after.nodes,
  };
}

const places = { "the live page": "/live", "the overview": "/" } as const;

/** Both pages are open all the time, and in turns in front, as tabs are: the other one gets no frames, and goes on hearing. */
async function watched(context: BrowserContext, url: string, key: string): Promise<Figure[]> {
  const end = new AbortController();
  const sent = flood(url, key, end.signal);
  const bare = await context.newPage();
  await bare.goto("about:blank"); // the init script runs in it, too
  const figures: Figure[] = [];
  const subjects = Object.entries(places).map(([what, path]) => ({
    what,
    path,
    page: undefined as Page | undefined,
    ours: [] as Watched[],
    floor: [] as Watched[],
  }));
  const rounds = Math.max(leastRounds, Math.ceil(minutes() / subjects.length / longestTurn));
  const long = (minutes() * 60_000) / rounds / subjects.length;
  try {
    for (const subject of subjects) {
      const page = await context.newPage();
      subject.page = page;
      await page.goto(subject.path);
      await page.getByTitle("Live", { exact: true }).waitFor();
      await page.getByText("view").first().waitFor();
      await watch(page, Math.min(long, 10_000)); // warms up: what it holds has come to its size
    }
    for (let round = 0; round < rounds; round++) {
      for (const { page, ours, floor } of subjects) {
        ours.push(await watch(page as Page, long));
        floor.push(await watch(bare, Math.min(long, 20_000)));
      }
    }
    for (const { what, path, page, ours, floor } of subjects) {
      if (path === "/live")
        console.error(`the live page says: ${await (page as Page).locator(".page-head .number").textContent()}`);
      figures.push(...told(what, ours, floor));
    }
  } finally {
    end.abort();
    console.error(`${(await sent).toFixed(0)} events a second were taken`);
  }
  return figures;
}

function told(what: string, ours: Watched[], floor: Watched[]): Figure[] {
  const figure = (
    subject: string,
    unit: string,
    [mine, others]: [number[], number[]],
    baseline = "an empty animation loop",
  ): Figure => {
    return compared({ bench: "dashboard", subject: `${what}: ${subject}`, baseline, unit }, mine, others);
  };
  const both = (value: (one: Watched) => number): [number[], number[]] => [ours.map(value), floor.map(value)];
  const [first, last] = [ours[0], ours.at(-1)] as [Watched, Watched];
  const share = (over: number): number => 100 * (1 - over);
  const since = `at the beginning, ${minutes()} min before`;
  return [
    figure(
      "frames",
      "frames/s",
      both(({ frames, seconds }) => frames / seconds),
    ),
    figure(
      "frames of at most 17 ms",
      "%",
      both(({ over17 }) => share(over17)),
    ),
    figure(
      "frames of at most 34 ms",
      "%",
      both(({ over34 }) => share(over34)),
    ),
    figure("memory at the end", "MiB", [[last.heapEnd], [first.heapStart]], since),
    figure("DOM nodes at the end", "nodes", [[last.nodesEnd], [first.nodesStart]], since),
  ];
}

/** In the page: notes when four figures are shown and the main thread is free for a click, in ms since the navigation began. */
function noteUsable(): void {
  const look = (): void => {
    if (document.querySelectorAll(".board .counter-value").length < 4) return void requestAnimationFrame(look);
    setTimeout(() => Object.assign(window, { usableAt: performance.now() }));
  };
  requestAnimationFrame(look);
}

/** First loads of the overview, and repeated ones, in turns with a picture of the same server. */
async function loading(browser: Browser, baseURL: string, signed: BrowserContext): Promise<Figure[]> {
  const taken: Record<"first" | "again" | "bare", number[]> = { first: [], again: [], bare: [] };
  const storageState = await signed.storageState();
  for (let run = -1; run < loads; run++) {
    const context = await browser.newContext({ ...screen, baseURL, storageState });
    context.setDefaultTimeout(120_000);
    await context.addInitScript(named);
    await context.addInitScript(noteUsable);
    const page = await context.newPage();
    const took: Record<keyof typeof taken, number> = { first: 0, again: 0, bare: 0 };
    for (const which of ["first", "again"] as const) {
      await page.goto("/", { waitUntil: "commit" });
      const usable = await page.waitForFunction(() => (window as { usableAt?: number }).usableAt);
      took[which] = (await usable.jsonValue()) as number;
    }
    await page.goto("/icon.svg");
    took.bare = await page.evaluate(() => performance.now());
    await context.close();
    if (run >= 0) for (const which of ["first", "again", "bare"] as const) taken[which].push(took[which]);
  }
  const baseline = "a picture of the same server";
  const figure = (subject: string, values: number[]): Figure =>
    compared({ bench: "dashboard", subject, baseline, unit: "ms" }, values, taken.bare);
  return [
    figure("the overview can be used, first load", taken.first),
    figure("the overview can be used, loaded again", taken.again),
  ];
}
