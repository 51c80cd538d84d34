/** What pages are made of: fields that search, dialogs, tables, answers. */
import type { Browser, Page, Route } from "playwright-core";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { type TestServer, testServer } from "../support/server.ts";
import { buildDashboard, dashboardDir, openBrowser, patience, signedIn } from "./browser.ts";

vi.setConfig(patience);

const patient = { timeout: 60_000 };
let server: TestServer;
let browser: Browser;
let page: Page;
beforeAll(async () => {
  buildDashboard();
  [server, browser] = await Promise.all([testServer({ dashboardDir }), openBrowser()]);
  ({ page } = await signedIn(browser, server, { email: "pat@clinic.example", role: "ADMIN" }));
});
afterAll(async () => {
  vi.resetConfig();
  await browser?.close();
  await server?.close();
});

it.each([
  { path: "/incidents", name: "words" },
  { path: "/entities", name: "key" },
  { path: "/rules", name: "name" },
  { path: "/live", name: "action" },
  { path: "/audit", name: "actor" },
])("shows in the field of $path what is searched for, whatever changed it, and keeps what is typed", async (asked) => {
  const { path, name } = asked;
  const field = page.getByRole("searchbox").first();
  const shows = (text: string) => expect.poll(() => field.inputValue(), patient).toBe(text);
  await page.goto(`${path}?${name}=before`);
  await shows("before");
  await page.evaluate((to) => history.pushState(null, "", to), path); // as a link to the page itself does
  await shows("");
  await page.goBack();
  await shows("before");
  await field.fill("");
  await field.pressSequentially("after", { delay: 300 }); // longer than the pause after which it is searched for
  await page.keyboard.press("Enter"); // for which the live tail waits
  await page.waitForURL(new RegExp(`${path}\\?.*${name}=after$`));
  expect(await field.inputValue()).toBe("after");
});

it("gives the focus back to what opened a dialog, however that is closed", async () => {
  await page.goto("/response");
  const opener = page.getByRole("button", { name: "New decision" });
  const dialog = page.getByRole("dialog");
  const closings = [
    () => page.keyboard.press("Escape"),
    () => dialog.getByRole("button", { name: "Cancel" }).click(),
    () => dialog.getByRole("button", { name: "Close" }).click(),
  ];
  for (const close of closings) {
    await opener.press("Enter");
    await dialog.waitFor();
    await close();
    await dialog.waitFor({ state: "detached" });
    await expect.poll(() => opener.evaluate((node) => node === document.activeElement)).toBe(true);
  }
});

it("keeps a dialog open when nobody chose a file in it", async () => {
  await page.goto("/");
  await page.getByRole("button", { name: "Arrange" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("Night shift");
  await dialog.getByLabel("Begin with").selectOption("file");
  await dialog.locator("input[type=file]").dispatchEvent("cancel", { bubbles: true }); // as browsers tell of it
  expect(await dialog.getByLabel("Name").inputValue({ timeout: 5_000 })).toBe("Night shift");
});

it("leaves the rows behind an open dialog as they are chosen", async () => {
  await server.failLogins("ann", { times: 30, from: "203.0.113.71" });
  await page.goto("/incidents");
  await page.getByRole("row", { name: "203.0.113.71" }).waitFor();
  for (const key of ["j", "x"]) await page.keyboard.press(key);
  await page.getByText("1 chosen").waitFor();
  await page.getByRole("button", { name: "Resolve…" }).click();
  const title = page.getByRole("dialog").getByText("Resolve 1 incident");
  await title.waitFor();
  await page.evaluate(() => (document.activeElement as HTMLElement).blur()); // as what is busy loses it
  await page.keyboard.press("x");
  expect(await title.count()).toBe(1);
});

it("shows no other filter's rows where a filter that was read before cannot be read again", async () => {
  let asked = 0;
  const isList = (text: string | null) => text?.includes("query IncidentList(") === true;
  page.on("request", (request) => isList(request.postData()) && asked++);
  await page.goto("/incidents?view=over");
  await page.getByText("No incident matches.").waitFor();
  await expect.poll(() => asked, patient).toBeGreaterThanOrEqual(2); // once more as soon as the stream stands
  await page.getByRole("button", { name: "All", exact: true }).click();
  const row = page.getByRole("row", { name: "203.0.113.71" });
  await row.waitFor();
  const before = asked;
  const away = (route: Route) => (isList(route.request().postData()) ? route.abort() : route.fallback());
  await page.route("**/graphql", away);
  await page.getByRole("button", { name: "Resolved", exact: true }).click();
  await page.getByText("No incident matches.").waitFor();
  await expect.poll(() => asked, patient).toBeGreaterThanOrEqual(before + 4); // until it is given up
  await page.waitForTimeout(500); // until that is drawn
  expect(await row.count()).toBe(0);
  await page.unroute("**/graphql", away);
});
