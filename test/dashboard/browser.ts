/** The built dashboard in Debian's chromium, before a real server. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, vi } from "vitest";
import { createSignInLink } from "../../src/access/sign-in.ts";
import { ensureUser } from "../../src/access/users.ts";
import type { PeopleRole } from "../../src/access/viewer.ts";
import { type TestServer, testServer } from "../support/server.ts";

const root = join(import.meta.dirname, "../..");
export const dashboardDir = join(root, "dist/dashboard");
const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** The one without a window takes a third less time. */
const executablePath = ["/usr/bin/chromium-headless-shell", "/usr/bin/chromium"].find(existsSync) ?? "chromium";

/** For a machine that is at other work, too: three runs at once on two cores take so long. */
export const patience = { testTimeout: 300_000, hookTimeout: 180_000 };
const longestWait = 90_000; // ms for one step of a page

/** Builds the dashboard if its sources changed since it was built. */
export function buildDashboard(): void {
  const { status, stderr } = spawnSync(process.execPath, [join(root, "src/build/dashboard.js")], { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
}

const switches = ["--no-sandbox", "--disable-gpu"]; // there is none, and it need not be looked for
let shared: Browser | undefined;

/** The one of this worker, which it ends with: all files share it. Each context has cookies and a cache of its own. */
export async function openBrowser(): Promise<Browser> {
  if (!shared?.isConnected()) shared = await chromium.launch({ executablePath, args: switches });
  return shared;
}

/** Closes what a file has opened: nothing of it is drawn on beside the next. Undefined: there was no browser. */
export async function leaveBrowser(browser: Browser | undefined): Promise<void> {
  await Promise.all(browser?.contexts().map((context) => context.close()) ?? []);
}

/** A one-time sign-in link's token for a person of the server's own organization. */
export async function linkFor(server: TestServer, email: string, role: PeopleRole): Promise<string> {
  const now = Date.now();
  return server.app.db.inOrganization(server.ours, async (tx) => {
    const userId = await ensureUser(tx, { email, name: email.split("@")[0] as string, role, now });
    return createSignInLink(tx, { userId, now });
  });
}

/** For the whole of a file: a server of its own that serves the dashboard, a browser, and patience. `begin` is called with both. */
export function atDashboard(begin: (opened: { server: TestServer; browser: Browser }) => void | Promise<void>): void {
  vi.setConfig(patience);
  let server: TestServer | undefined;
  let browser: Browser | undefined;
  beforeAll(async () => {
    buildDashboard();
    const opened = await Promise.all([testServer({ dashboardDir }), openBrowser()]);
    [server, browser] = opened;
    await begin({ server: opened[0], browser: opened[1] });
  });
  afterAll(async () => {
    vi.resetConfig();
    await leaveBrowser(browser);
    await server?.close();
  });
}

type Options = Parameters<Browser["newContext"]>[0];

interface Person {
  email: string;
  role: PeopleRole;
}

interface Visitor {
  page: Page;
  context: BrowserContext;
  /** What the browser complains about. */
  faults: string[];
}

/** A page of a context of its own, without what moves: no test waits for that, and it takes long to draw. */
async function newPage(browser: Browser, server: TestServer, options: Options = {}): Promise<Visitor> {
  const screen = { viewport: { width: 1440, height: 900 }, reducedMotion: "reduce" as const };
  const context = await browser.newContext({ baseURL: server.url, ...screen, ...options });
  context.setDefaultTimeout(longestWait);
  const page = await context.newPage();
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
  return { page, context, faults };
}

/** A page of somebody whose sign-in link it has opened, which leads to the overview. */
export async function signedIn(
  browser: Browser,
  server: TestServer,
  person: Person,
  options?: Options,
): Promise<Visitor> {
  const visitor = await newPage(browser, server, options);
  await visitor.page.goto(`/sign-in?token=${await linkFor(server, person.email, person.role)}`);
  await visitor.page.getByRole("button", { name: "Your account" }).waitFor();
  return visitor;
}

/** A page of somebody who is signed in, and has nothing loaded yet: for whoever goes elsewhere than to the overview. */
export async function withSession(
  browser: Browser,
  server: TestServer,
  person: Person,
  options?: Options,
): Promise<Visitor> {
  const visitor = await newPage(browser, server, options);
  const link = `/sign-in?token=${await linkFor(server, person.email, person.role)}`;
  const answer = await visitor.context.request.get(link, { maxRedirects: 0 }); // its cookie is the context's
  if (answer.status() !== 303) throw new Error(`${person.email} was not signed in: ${await answer.text()}`);
  return visitor;
}

const nowhere = "There is no such page.";

/** What somebody else asks of the server, beside the page. */
export function colleagueOf(server: () => TestServer) {
  return async <Result>(text: string, variables: object = {}): Promise<Result> => {
    const { data, errors } = await server().query<Result, object>(text as never, variables);
    expect(errors).toBeUndefined();
    return data;
  };
}

/**
 * Goes to an address as a click in the dashboard does: without loading it anew, which takes a second. From the page of
 * what is not there, so that nothing of the page before is taken for the new one. Looked for at each frame:
 * a locator that does not find it at once looks again after up to half a second.
 */
export async function visit(page: Page, address: string): Promise<void> {
  const go = (to: string) => page.evaluate((path) => history.pushState(null, "", path), to);
  await go("/nowhere");
  await page.waitForFunction((text) => document.querySelector("main")?.textContent?.includes(text), nowhere);
  await go(address);
  await page.waitForFunction((text) => {
    const main = document.querySelector("main");
    return !main?.textContent?.includes(text) && main?.querySelector("h1, .state")?.checkVisibility();
  }, nowhere);
}

/** What axe-core finds on the page: rule, and where. Colours are judged once everything has come in. */
export async function axe(page: Page): Promise<string[]> {
  const isThere = await page.evaluate(() => "axe" in window);
  if (!isThere) await page.evaluate(axeSource); // half a megabyte, once for each document
  return page.evaluate(async () => {
    const { axe: tool } = window as unknown as { axe: typeof import("axe-core") };
    const { violations } = await tool.run(document, {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
      resultTypes: ["violations"], // of what is right, it need not tell each place
    });
    return violations.flatMap(({ id, nodes }) =>
      nodes.map((node) => `${id}: ${node.target.join(" ")} ${node.html.slice(0, 120)}`),
    );
  });
}
