import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Browser, Page, Route } from "playwright-core";
import { expect, it } from "vitest";
import { ndjson, type TestServer } from "../support/server.ts";
import { atDashboard, axe, dashboardDir, linkFor, signedIn, visit, withSession } from "./browser.ts";

const xss = [`<img src=x onerror="window.pwned=1">`, `"><script>window.pwned=1</script>`, "javascript:window.pwned=1"];
const responder = { email: "rita@clinic.example", role: "RESPONDER" as const };

let server: TestServer;
let browser: Browser;
let page: Page;
let faults: string[];
atDashboard(async (opened) => {
  ({ server, browser } = opened);
  ({ page, faults } = await signedIn(browser, server, responder));
});

it("loads at most 200 kB of packed script for the overview, with all of its widgets", async () => {
  const first = await page.context().newPage();
  const files = new Set<string>();
  first.on("response", (answer) => answer.url().endsWith(".js") && files.add(new URL(answer.url()).pathname));
  await first.goto("/");
  await first.locator("canvas").first().waitFor();
  await first
    .getByRole("img", { name: /^World map/ })
    .or(first.getByText("No incident was about"))
    .waitFor();
  await first.waitForFunction(() => document.querySelectorAll("[aria-label=Loading]").length === 0);
  await first.close();
  const sizes = [...files].map((file) => gzipSync(readFileSync(join(dashboardDir, file)), { level: 9 }).length);
  expect(sizes.length).toBeGreaterThan(5);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(200_000);
});

it("signs in by a pasted link, says why one does not work, and keeps nothing secret that a script could read", async () => {
  const context = await browser.newContext({ baseURL: server.url });
  const stranger = await context.newPage();
  const answer = await stranger.goto("/incidents/42");
  expect(answer?.headers()["content-security-policy"]).toMatch(/script-src 'self';.*frame-ancestors 'none'/);
  await stranger.getByLabel("Sign-in link or token").fill("nonsense");
  await stranger.getByRole("button", { name: "Sign in", exact: true }).click();
  await stranger.getByText("This sign-in link is not valid").waitFor();
  expect(await axe(stranger)).toEqual([]);
  const token = await linkFor(server, "vera@clinic.example", "VIEWER");
  await stranger.getByLabel("Sign-in link or token").fill(`${server.url}/sign-in?token=${token}`);
  await stranger.getByRole("button", { name: "Sign in", exact: true }).click();
  await stranger.getByText("There is no incident 42").waitFor();
  const kept = await stranger.evaluate(() => [
    document.cookie,
    { ...localStorage, ...sessionStorage, "vigil.used": 1 },
  ]);
  expect(kept).toEqual(["", { "vigil.used": 1 }]); // when the page was last touched
  await stranger.getByRole("button", { name: "Your account" }).click();
  await stranger.getByRole("button", { name: "Sign out" }).click();
  await stranger.getByText("Sign in to Vigil").waitFor();
  await stranger.reload();
  await stranger.getByText("Sign in to Vigil").waitFor();
  await context.close();
});

it("shows an attack as it happens; four clicks later its address is blocked and it is resolved", async () => {
  await visit(page, "/incidents");
  await page.getByText("All quiet here.").waitFor();
  await page.getByTitle("Live", { exact: true }).waitFor();
  await server.failLogins("ann", { times: 30, from: "203.0.113.9" });
  const row = page.getByRole("link", { name: /203\.0\.113\.9/ });
  await row.waitFor();
  expect(await axe(page)).toEqual([]);

  await row.click();
  await page.getByRole("button", { name: "Acknowledge" }).click();
  await page.getByText("Acknowledged", { exact: true }).first().waitFor();
  await page.getByRole("button", { name: /Block address 203\.0\.113\.9/ }).click();
  await page.getByText(/\d+ requests?, \d+ sessions?, \d+ (people|person)/).waitFor();
  expect(await axe(page)).toEqual([]);
  await page.getByRole("dialog").getByRole("button", { name: "Block address" }).click();
  await page.getByText("Resolved", { exact: true }).first().waitFor();
  await page.getByText("In force").first().waitFor();
  expect(await axe(page)).toEqual([]);

  await page.getByRole("button", { name: "Take back…" }).first().click();
  await page.getByLabel("Why").fill("The clinic's own proxy");
  await page.getByRole("button", { name: "Confirm" }).click();
  await page.getByText("Taken back", { exact: true }).waitFor();
});

it("shows each other's work to two people at once", async () => {
  await server.failLogins("bob", { times: 30, from: "203.0.113.10" });
  const other = await withSession(browser, server, { email: "otto@clinic.example", role: "ANALYST" });
  await visit(page, "/incidents");
  await other.page.goto("/incidents");
  for (const one of [page, other.page]) {
    await one.getByRole("link", { name: /203\.0\.113\.10/ }).click();
    await one.getByRole("button", { name: "Acknowledge" }).waitFor();
  }
  await other.page.getByLabel("Comment").fill("I have it. **Mine.**");
  await other.page.getByRole("button", { name: "Add comment" }).click();
  await page.locator("strong", { hasText: "Mine." }).waitFor();
  await page.getByRole("button", { name: "Acknowledge" }).click();
  await other.page.getByRole("button", { name: "Contained…" }).waitFor();
  expect(other.faults).toEqual([]);
  await other.context.close();
});

it("shows whoever signs in next nothing of whoever was here before, and goes on live for them", async () => {
  const { page: shared, context } = await withSession(browser, server, { email: "iva@clinic.example", role: "VIEWER" });
  const account = shared.getByRole("button", { name: "Your account" });
  await shared.goto("/incidents");
  await shared.getByTitle("Live", { exact: true }).waitFor();
  const confirmed = shared.waitForResponse("**/sign-out");
  await account.click();
  await shared.getByRole("button", { name: "Sign out" }).click();
  await confirmed;
  const held: Route[] = [];
  await shared.route("**/graphql", (route) =>
    route.request().postData()?.includes("query ViewerSession") ? void held.push(route) : route.fallback(),
  );
  await shared.getByLabel("Sign-in link or token").fill(await linkFor(server, "ivo@clinic.example", "VIEWER"));
  await shared.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect.poll(() => held.length, { timeout: 60_000 }).toBe(1);
  expect(await account.count()).toBe(0); // nobody knows yet who it is
  await held[0]?.continue();
  await shared.getByTitle("Live", { exact: true }).waitFor();
  await server.failLogins("ivy", { times: 30, from: "203.0.113.12" });
  await shared.getByRole("link", { name: /203\.0\.113\.12/ }).waitFor();
  await context.close();
});

it("shows what attackers write as text, wherever it stands", async () => {
  const [a, b, c] = xss as [string, string, string];
  const event = {
    action: "login",
    category: "authentication",
    outcome: "failure",
    actor: { name: a },
    source: { ip: "203.0.113.11" },
    target: { type: "account", id: b, name: c },
    message: a,
    user_agent: { original: b },
    attributes: { [a]: b, note: c },
  };
  await server.ingest(ndjson(Array.from({ length: 30 }, () => event)));
  await visit(page, "/incidents");
  await page.getByRole("link", { name: /203\.0\.113\.11/ }).click();
  await page.getByLabel("Comment").fill(xss.join("\n\n"));
  await page.getByRole("button", { name: "Add comment" }).click();
  await page.locator(".timeline .prose", { hasText: "<script>" }).waitFor();
  await page.getByRole("tab", { name: /Evidence/ }).click();
  await page.getByRole("button", { name: "Show more" }).first().click();
  await page.getByText("onerror").first().waitFor();
  await page.goto("/");
  await page.getByText("login").first().waitFor();
  expect(await page.evaluate(() => "pwned" in window)).toBe(false);
  expect(await page.locator("img[onerror], main script").count()).toBe(0);
});

it("keeps a dashboard as it was arranged by drag and drop", async () => {
  await visit(page, "/");
  await page.getByRole("heading", { name: "Risk leaderboard" }).waitFor();
  await page.locator("canvas").first().waitFor();
  await page.waitForFunction(() => document.querySelectorAll("[aria-label=Loading]").length === 0);
  expect(await axe(page)).toEqual([]);
  await page.getByRole("button", { name: "Arrange" }).click();
  await page.getByLabel("Name").fill("Night shift");
  await page.getByRole("button", { name: "Create" }).click();
  const head = page.locator(".board-edit .widget", { hasText: "Risk leaderboard" }).locator(".widget-head");
  await head.waitFor();
  const before = await head.boundingBox();
  const [x, y] = [(before?.x ?? 0) + 40, (before?.y ?? 0) + 14];
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x - 200, y, { steps: 4 });
  await page.mouse.move(x - 700, y, { steps: 8 });
  const saved = page.waitForResponse(
    (response) => response.request().postData()?.includes("DashboardArrange") ?? false,
  );
  await page.mouse.up();
  await saved;
  await page.getByRole("button", { name: "Done" }).click();
  await page.reload();
  const card = page.locator(".board .widget", { hasText: "Risk leaderboard" });
  await card.waitFor();
  expect((await card.boundingBox())?.x).toBeLessThan((before?.x ?? 0) - 400);
  expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe("Night shift");

  const seen = "{ dashboards { nodes { name } } }" as never; // by somebody else
  expect((await server.query<{ dashboards: object }, object>(seen, {})).data).toEqual({ dashboards: { nodes: [] } });
  await page.getByText("Only you", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Share…" }).click();
  await page.getByText(/Everybody in your organization will see “Night shift”/).waitFor();
  await page.getByRole("button", { name: "Share it" }).click();
  await page.getByRole("button", { name: "Make my own copy…" }).click();
  expect((await server.query<{ dashboards: object }, object>(seen, {})).data).toEqual({
    dashboards: { nodes: [{ name: "Night shift" }] },
  });
  await page.getByLabel("Name").fill("Night shift");
  await page.getByRole("button", { name: "Create" }).click();
  await page.getByText("Only you", { exact: true }).waitFor();
  await page.locator(".board-edit .widget", { hasText: "Risk leaderboard" }).waitFor();
});

it("reads on where a list goes on, however long it is", async () => {
  await visit(page, "/rules");
  await expect.poll(() => page.locator("tbody tr").count(), { timeout: 60_000 }).toBe(80);
  await page.getByRole("button", { name: "Show more", exact: true }).click();
  await expect.poll(() => page.locator("tbody tr").count(), { timeout: 60_000 }).toBeGreaterThan(100);
});

it("jumps by Ctrl-K and lets the keyboard do the rest", async () => {
  await visit(page, "/");
  await page.keyboard.press("Control+k");
  await page.keyboard.type("incid");
  await page.getByRole("option", { name: "Incidents", exact: true }).waitFor();
  await page.keyboard.press("Enter");
  await page.waitForURL("**/incidents");
  await page.locator("tbody tr").nth(1).waitFor();
  for (const key of ["j", "x", "j", "x"]) await page.keyboard.press(key);
  await page.getByText("2 chosen").waitFor();
  await page.keyboard.press("Enter");
  await page.waitForURL("**/incidents/*");
});

it("checks a rule as it is typed, and makes, previews, changes and activates it", async () => {
  const { page: editor, context } = await withSession(browser, server, { email: "ada@clinic.example", role: "ADMIN" });
  await editor.goto("/rules/new");
  const text = editor.getByLabel("Sigma document");
  const yaml = await text.inputValue();
  await text.fill(yaml.replace("condition: selection", "condition: selektion"));
  await editor.locator(".rule-check .form-errors").waitFor();
  expect(await editor.getByRole("button", { name: "Create" }).isDisabled()).toBe(true);
  await text.fill(yaml.replace("event.action: export", "event.action: login"));
  await editor.getByText("The document is in order.").waitFor();
  await editor.getByRole("button", { name: "Create" }).click();
  await editor.getByText("On trial").first().waitFor();
  await editor.getByLabel("Mode").selectOption("ACTIVE");
  await editor.getByText("It opens incidents.").waitFor();
  await editor.getByRole("tab", { name: "Preview" }).click();
  await editor.getByRole("button", { name: "Run over stored events" }).click();
  await editor.getByText(/events read: \d+ detections/).waitFor();
  await editor.getByRole("tab", { name: "Document" }).click();
  await text.fill(`${yaml.replace("event.action: export", "event.action: login")}author: Ada\n`);
  await editor.getByText("The document is in order.").waitFor();
  await editor.getByRole("button", { name: "Save" }).click();
  await editor.getByText("Revision 3").first().waitFor();
  await editor.getByRole("tab", { name: "Revisions" }).click();
  await editor.getByText("+author: Ada").waitFor();
  expect(await axe(editor)).toEqual([]);
  await context.close();
});

it("shows every page to whoever only reads, with nothing to press that they may not, and nothing that axe finds", async () => {
  const reader = await withSession(browser, server, { email: "vera@clinic.example", role: "VIEWER" });
  await reader.page.goto("/nowhere");
  const paths = [
    "/alerts",
    "/entities",
    "/entities/address/203.0.113.9",
    "/live?user=ann",
    "/rules?name=brute",
    "/incidents/1",
  ];
  for (const path of paths) {
    await visit(reader.page, path);
    await reader.page.getByRole("heading", { level: 1 }).waitFor();
    await reader.page.waitForFunction(() => document.querySelectorAll("[aria-label=Loading]").length === 0);
    expect([path, await axe(reader.page)]).toEqual([path, []]);
    const buttons = await reader.page.getByRole("main").getByRole("button").allTextContents();
    expect([path, buttons.filter((text) => /acknowledge|respond|resolve…|new rule|send again/i.test(text))]).toEqual([
      path,
      [],
    ]);
  }
  expect(reader.faults).toEqual([]);
  await reader.context.close();
});

it("complains of nothing meanwhile", () => {
  expect(faults).toEqual([]);
});
