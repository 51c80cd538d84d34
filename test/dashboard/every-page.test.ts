/** Every page on a phone, in the dark, full of what attackers write: each text of each row carries it. */
import pg from "pg";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { populateOnce, tenantTables } from "../isolation/populate.ts";
import { type TestServer, testServer } from "../support/server.ts";
import { axe, buildDashboard, dashboardDir, openBrowser, signedIn } from "./browser.ts";

/** One line that YAML takes as a text, too. */
const corpus = `'"><img src=x onerror=window.pwned=1><script>window.pwned=1</script>[a](javascript:window.pwned=1)`;
const phone = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true, colorScheme: "dark" as const };

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 }); // for a machine that is at other work, too

let server: TestServer;
let browser: Browser;
let context: BrowserContext;
const faults: string[] = [];
let board: string;
const tabs: Page[] = [];
beforeAll(async () => {
  buildDashboard();
  [server, browser] = await Promise.all([testServer({ dashboardDir }), openBrowser()]);
  const owner = new pg.Client({ connectionString: server.database.ownerUrl });
  await owner.connect();
  const made = await populateOnce(owner, await tenantTables(owner), { id: server.ours, slug: corpus });
  const signed = await signedIn(browser, server, { email: "pia@clinic.example", role: "ADMIN" }, phone);
  for (const [table, column] of Object.entries({ security_notifications: "user_id", dashboards: "owner_id" })) {
    const pia = "(SELECT id FROM users WHERE email = 'pia@clinic.example')";
    await owner.query(`UPDATE ${table} SET ${column} = ${pia} WHERE organization_id = $1`, [server.ours]);
  }
  await owner.end();
  board = Buffer.from(`Dashboard:${made.get("dashboards")?.id}`).toString("base64");
  context = signed.context;
  tabs.push(signed.page, await context.newPage(), await context.newPage());
  context.on("weberror", (fault) => faults.push(fault.error().message));
  context.on("console", (message) => message.type() === "error" && faults.push(message.text()));
});
afterAll(async () => {
  vi.resetConfig();
  await browser?.close();
  await server?.close();
});

/** Each page, and whether it shows texts of rows that have been made. */
const pages: [path: string, showsTexts: boolean][] = [
  ["/", true],
  ["/incidents", true],
  ["/incidents/900000", true],
  ["/alerts", true],
  ["/entities", true],
  ["/live", true],
  ["/rules?name=canary", true],
  ["/response?view=all", true],
  ["/response?tab=rules", true],
  ["/response?tab=enforcers", true],
  ["/notifications", true],
  ["/notifications?tab=preferences", false],
  ["/audit", true],
  ["/channels", true],
  ["/channels?tab=routes", true],
  ["/channels?tab=templates", true],
  ["/on-call", true],
  ["/silences", true],
  ["/users", true],
  ["/users?tab=keys", true],
  ["/settings", false],
  ["/status", false],
];

/** What is wrong with a page. */
async function faultsOf(page: Page, path: string, showsTexts: boolean): Promise<unknown[]> {
  await page.goto(path);
  await page.getByRole("heading", { level: 1 }).waitFor();
  await page.waitForFunction(() => document.querySelectorAll("[aria-label=Loading]").length === 0);
  const text = page.getByText("onerror=window.pwned").first();
  const shown =
    !showsTexts ||
    (await text.waitFor({ state: "attached", timeout: 20_000 }).then(
      () => true,
      () => false,
    ));
  const found = await page.evaluate(() => ({
    ran: "pwned" in window,
    elements: document.querySelectorAll("img[onerror], body script:not([src]), [href^='javascript:']").length,
    width: document.documentElement.scrollWidth,
  }));
  const hostile = found.ran || found.elements > 0 || found.width !== 360 ? [found] : [];
  return [...(shown ? [] : ["shows no hostile text"]), ...hostile, ...(await axe(page))];
}

it.concurrent.each([0, 1, 2])("fits, is usable by all, and shows what is hostile as text, on tab %i", async (tab) => {
  const found: Record<string, unknown[]> = {};
  const own: typeof pages = [[`/dashboards/${encodeURIComponent(board)}`, true]];
  for (const [path, showsTexts] of [...pages, ...own].filter((_, index) => index % tabs.length === tab)) {
    const wrong = await faultsOf(tabs[tab] as Page, path, showsTexts);
    if (wrong.length > 0) found[path] = wrong;
  }
  expect(found).toEqual({});
});

it("has its pages behind a button", async () => {
  const [page] = tabs as [Page];
  await page.goto("/settings");
  await page.getByLabel("Open the pages").click();
  await page.getByRole("link", { name: /Incidents/ }).click();
  await page.waitForURL("**/incidents");
});

it("shows a viewer what they may see, and says what is not theirs", async () => {
  const viewer = await signedIn(browser, server, { email: "vera@clinic.example", role: "VIEWER" });
  await viewer.page.goto("/audit");
  await viewer.page.getByText("It takes the permission audit.read.").waitFor();
  await viewer.page.goto("/channels");
  await viewer.page.getByText("onerror").first().waitFor();
  expect(await viewer.page.getByRole("button", { name: /New channel|Remove/ }).count()).toBe(0);
  await viewer.context.close();
});

it("complains of nothing meanwhile", () => {
  expect(faults).toEqual([]);
});
