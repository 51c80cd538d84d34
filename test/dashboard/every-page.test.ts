/** Every page on a phone, in the dark, full of what attackers write: each text of each row carries it. */
import type { Browser, Page } from "playwright-core";
import { expect, it } from "vitest";
import type { TestServer } from "../support/server.ts";
import { atDashboard, axe, visit, withSession } from "./browser.ts";
import { type Hostile, harmOf, hostile, shownCorpus } from "./hostile.ts";

const phone = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true, colorScheme: "dark" as const };

let server: TestServer;
let browser: Browser;
let made: Hostile;
const tabs: Page[] = [];
atDashboard(async (opened) => {
  ({ server, browser } = opened);
  made = await hostile(browser, server, phone);
  tabs.push(made.page, await made.context.newPage(), await made.context.newPage());
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
  const text = page.getByRole("main").getByText(shownCorpus).first();
  const shown =
    !showsTexts ||
    (await text.waitFor({ state: "attached", timeout: 60_000 }).then(
      () => true,
      () => false,
    ));
  const harm = await harmOf(page);
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  return [
    ...(shown ? [] : ["shows no hostile text"]),
    ...(harm ? [harm] : []),
    ...(width === 360 ? [] : [`it is ${width} pixels wide`]),
    ...(await axe(page)),
  ];
}

it.concurrent.each([0, 1, 2])("fits, is usable by all, and shows what is hostile as text, on tab %i", async (tab) => {
  const found: Record<string, unknown[]> = {};
  const own: typeof pages = [
    [`/dashboards/${encodeURIComponent(made.idOf("Dashboard", "dashboards"))}`, true],
    [`/rules/${encodeURIComponent(made.idOf("AlertRule", "alert_rules"))}`, true],
  ];
  for (const [path, showsTexts] of [...pages, ...own].filter((_, index) => index % tabs.length === tab)) {
    const wrong = await faultsOf(tabs[tab] as Page, path, showsTexts);
    if (wrong.length > 0) found[path] = wrong;
  }
  expect(found).toEqual({});
});

it("has its pages behind a button", async () => {
  const [page] = tabs as [Page];
  await visit(page, "/settings");
  await page.getByLabel("Open the pages").click();
  await page.getByRole("link", { name: /Incidents/ }).click();
  await page.waitForURL("**/incidents");
});

it("shows a viewer what they may see, and says what is not theirs", async () => {
  const viewer = await withSession(browser, server, { email: "vera@clinic.example", role: "VIEWER" });
  await viewer.page.goto("/audit");
  await viewer.page.getByText("It takes the permission audit.read.").waitFor();
  await visit(viewer.page, "/channels");
  await viewer.page.getByText("onerror").first().waitFor();
  expect(await viewer.page.getByRole("button", { name: /New channel|Remove/ }).count()).toBe(0);
  await viewer.context.close();
});

it("complains of nothing meanwhile", () => {
  expect(made.faults).toEqual([]);
});
