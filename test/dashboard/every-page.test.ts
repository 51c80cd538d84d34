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
let first: Page;
const faults: string[] = [];
const tabs: Page[] = []; // that are free
beforeAll(async () => {
  buildDashboard();
  [server, browser] = await Promise.all([testServer({ dashboardDir }), openBrowser()]);
  const owner = new pg.Client({ connectionString: server.database.ownerUrl });
  await owner.connect();
  await populateOnce(owner, await tenantTables(owner), { id: server.ours, slug: corpus });
  await owner.end();
  const signed = await signedIn(browser, server, { email: "pia@clinic.example", role: "ADMIN" }, phone);
  context = signed.context;
  first = signed.page;
  tabs.push(first, await context.newPage(), await context.newPage());
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
  ["/rules", true],
  ["/response", true],
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

it.concurrent.each(pages)("%s fits, is usable by all, and shows what is hostile as text", async (path, showsTexts) => {
  await expect.poll(() => tabs.length, { timeout: 100_000 }).toBeGreaterThan(0);
  const page = tabs.pop() as Page;
  try {
    await page.goto(path);
    await page.getByRole("heading", { level: 1 }).waitFor();
    await page.waitForFunction(() => document.querySelectorAll("[aria-label=Loading]").length === 0);
    if (showsTexts) await page.getByText("onerror=window.pwned").first().waitFor({ state: "attached" });
    const found = await page.evaluate(() => ({
      ran: "pwned" in window,
      elements: document.querySelectorAll("img[onerror], body script:not([src]), [href^='javascript:']").length,
      width: document.documentElement.scrollWidth,
    }));
    expect(found).toEqual({ ran: false, elements: 0, width: 360 });
    expect(await axe(page)).toEqual([]);
  } finally {
    tabs.push(page);
  }
});

it("has its pages behind a button", async () => {
  await first.goto("/settings");
  await first.getByLabel("Open the pages").click();
  await first.getByRole("link", { name: /Incidents/ }).click();
  await first.waitForURL("**/incidents");
});

it("complains of nothing meanwhile", () => {
  expect(faults).toEqual([]);
});
