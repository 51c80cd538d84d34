/** The built dashboard in Debian's chromium, before a real server. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { createSignInLink } from "../../src/access/sign-in.ts";
import { ensureUser } from "../../src/access/users.ts";
import type { PeopleRole } from "../../src/access/viewer.ts";
import type { TestServer } from "../support/server.ts";

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
  const { status, stderr } = spawnSync(process.execPath, [join(root, "src/build-dashboard.js")], { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
}

export function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath, args: ["--no-sandbox"] });
}

/** A one-time sign-in link's token for a person of the server's own organization. */
export async function linkFor(server: TestServer, email: string, role: PeopleRole): Promise<string> {
  const now = Date.now();
  return server.app.db.inOrganization(server.ours, async (tx) => {
    const userId = await ensureUser(tx, { email, name: email.split("@")[0] as string, role, now });
    return createSignInLink(tx, { userId, now });
  });
}

/** A page of somebody who is signed in; `faults` gathers what the browser complains about. */
export async function signedIn(
  browser: Browser,
  server: TestServer,
  person: { email: string; role: PeopleRole },
  options: Parameters<Browser["newContext"]>[0] = {},
): Promise<{ page: Page; context: BrowserContext; faults: string[] }> {
  const context = await browser.newContext({ baseURL: server.url, viewport: { width: 1440, height: 900 }, ...options });
  context.setDefaultTimeout(longestWait);
  const page = await context.newPage();
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
  await page.goto(`/sign-in?token=${await linkFor(server, person.email, person.role)}`);
  await page.getByRole("button", { name: "Your account" }).waitFor();
  return { page, context, faults };
}

/**
 * Goes to an address as a click in the dashboard does: without loading it anew, which takes a second. From the page of
 * what is not there, so that nothing of the page before is taken for the new one.
 */
export async function visit(page: Page, address: string): Promise<void> {
  const go = (to: string) => page.evaluate((path) => history.pushState(null, "", path), to);
  const nowhere = page.getByText("There is no such page.");
  await go("/nowhere");
  await nowhere.waitFor();
  await go(address);
  await nowhere.waitFor({ state: "detached" });
  await page.getByRole("main").locator("h1, .state").first().waitFor();
}

/** What axe-core finds on the page: rule, and where. Colours are judged once everything has come in. */
export async function axe(page: Page): Promise<string[]> {
  await page.evaluate(axeSource);
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
