/** What moves by itself: the tail, the map, another's changes; and what the page does while the server is away. */
import type { Browser, Page, Route } from "playwright-core";
import { expect, it } from "vitest";
import { ndjson, type TestServer } from "../support/server.ts";
import { atDashboard, axe, signedIn, visit, withSession } from "./browser.ts";

let server: TestServer;
let browser: Browser;
let page: Page;
atDashboard(async (opened) => {
  ({ server, browser } = opened);
  ({ page } = await signedIn(browser, server, { email: "ada@clinic.example", role: "ADMIN" }));
});

const logIn = (name: string) =>
  server.ingest(ndjson([{ action: "login", category: "authentication", outcome: "success", actor: { name } }]));

it("shows events as they come, as text, counts them while it is paused, and shows them then", async () => {
  await logIn("first <img src=x onerror=window.pwned=1>");
  await visit(page, "/live");
  await page.getByText("first <img").waitFor();
  await page.getByTitle("Live", { exact: true }).waitFor();
  await logIn("second");
  await page.getByText("second", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Pause" }).click();
  await logIn("third");
  await logIn("fourth");
  await page.getByText("Paused: 2 new").waitFor();
  expect(await page.getByText("third", { exact: true }).count()).toBe(0);
  expect(await axe(page)).toEqual([]);
  await page.getByRole("button", { name: "Go on" }).click();
  await page.getByText("third", { exact: true }).waitFor();
  await page.getByLabel("User", { exact: true }).fill("second");
  await page.keyboard.press("Enter");
  await page.getByText("the latest 1", { exact: true }).waitFor();
  expect(await page.evaluate(() => "pwned" in window)).toBe(false);
});

it("shows what a new filter finds also while it is paused, and stands still from then on", async () => {
  await visit(page, "/live");
  await page.getByText("fourth", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByLabel("User", { exact: true }).fill("second");
  await page.keyboard.press("Enter");
  await page.getByText("the latest 1", { exact: true }).waitFor();
  await page.getByText("second", { exact: true }).waitFor();
  await logIn("second");
  await page.getByText("Paused: 1 new").waitFor();
  await page.getByText("the latest 1", { exact: true }).waitFor();
});

it("says that the server is away, and shows what came meanwhile once it is back", async () => {
  await visit(page, "/live");
  await page.getByText("fourth", { exact: true }).waitFor();
  const list = await page.context().newPage();
  await list.goto("/incidents");
  await list.getByText("All quiet here.").waitFor();
  for (const one of [page, list]) await one.getByTitle("Live", { exact: true }).waitFor();
  await server.restart(async () => {
    for (const one of [page, list]) await one.getByTitle(/^Reconnecting/).waitFor();
    await list.getByText("All quiet here.").waitFor();
  });
  await server.failLogins("ann", { times: 30, from: "8.8.8.8" });
  await logIn("while you were away"); // the newest: no more than a screen of rows is drawn
  await page.getByText("while you were away").waitFor();
  await list.getByRole("link", { name: /8\.8\.8\.8/ }).waitFor();
  for (const one of [page, list]) await one.getByTitle("Live", { exact: true }).waitFor();
  await list.close();
});

it("has a tab that slept show exactly what came meanwhile, once and in order", async () => {
  await visit(page, "/live");
  await page.locator(".events tbody tr").first().waitFor();
  await page.getByTitle("Live", { exact: true }).waitFor();
  const tab = await page.context().newCDPSession(page);
  await tab.send("Page.setWebLifecycleState", { state: "frozen" }); // as browsers do with tabs that nobody looks at
  const names = Array.from({ length: 80 }, (_, n) => `sleep ${n}`);
  const event = { action: "login", category: "authentication", outcome: "success" };
  await server.ingest(ndjson(names.slice(0, 40).map((name) => ({ ...event, actor: { name } }))));
  await server.ingest(ndjson(names.slice(40).map((name) => ({ ...event, actor: { name } }))));
  await tab.send("Page.setWebLifecycleState", { state: "active" });
  const shown = async () => {
    await page.locator("tbody tr").last().scrollIntoViewIfNeeded(); // more are drawn as one scrolls on
    return page.locator("tbody tr td:nth-child(3)").allTextContents();
  };
  await expect.poll(async () => (await shown()).slice(0, 80), { timeout: 60_000 }).toEqual(names.toReversed());
  expect((await shown()).filter((name) => name.startsWith("sleep "))).toHaveLength(80);
});

it("signs out whoever gives no sign, after asking", async () => {
  const idle = await withSession(browser, server, { email: "ida@clinic.example", role: "VIEWER" });
  await idle.page.clock.install();
  await idle.page.goto("/live");
  await idle.page.getByRole("heading", { level: 1 }).waitFor();
  const isUse = (request: { postData(): string | null }): boolean =>
    request.postData()?.includes("SessionInUse") === true;
  const told: number[] = [];
  idle.page.on("request", (request) => isUse(request) && told.push(Date.now()));
  await idle.page.clock.fastForward("05:00");
  expect(told).toEqual([]); // nobody is there
  const use = idle.page.waitForRequest(isUse);
  await idle.page.mouse.move(400, 300); // who only reads is there, too, though they ask for nothing
  await idle.page.clock.fastForward("01:10");
  expect((await (await use).response())?.status()).toBe(200);
  await idle.page.clock.fastForward("13:20"); // of the 15 minutes of an organization that chose nothing
  await idle.page.getByText("Are you still there?").waitFor();
  await idle.page.clock.fastForward("00:40");
  await idle.page.getByText("You were signed out after 15 minutes without a sign of you.").waitFor();
  await idle.page.reload();
  await idle.page.getByText("Sign in to Vigil").waitFor();
  await idle.context.close();
});

it("asks and signs out only once nobody has touched any of the tabs", async () => {
  const { page: used, context } = await withSession(browser, server, { email: "ina@clinic.example", role: "VIEWER" });
  const left: string[] = [];
  context.on("request", (request) => request.url().endsWith("/sign-out") && left.push(request.url()));
  await context.clock.install();
  const forgotten = await context.newPage();
  for (const one of [used, forgotten]) {
    await one.goto("/live");
    await one.getByRole("heading", { level: 1 }).waitFor();
  }
  for (const x of [400, 500, 600, 700]) {
    await used.mouse.move(x, 300);
    await context.clock.fastForward("05:00");
  }
  expect(left).toEqual([]);
  expect(await forgotten.getByText("Are you still there?").count()).toBe(0);
  await context.clock.fastForward("09:20");
  for (const one of [used, forgotten]) await one.getByText("Are you still there?").waitFor();
  await forgotten.getByRole("button", { name: "Stay signed in" }).click();
  await used.getByText("Are you still there?").waitFor({ state: "detached" });
  expect(left).toEqual([]);
  await context.close();
});

it("hides what it shows before the server confirms a sign-out, asks once, and says where it was not confirmed", async () => {
  const { page: idle, context } = await withSession(browser, server, { email: "iris@clinic.example", role: "VIEWER" });
  const held: Route[] = [];
  await context.route("**/sign-out", (route) => void held.push(route)); // the server does not answer
  await idle.clock.install();
  await idle.goto("/live");
  await idle.getByRole("heading", { level: 1 }).waitFor();
  await idle.clock.fastForward("15:10");
  await idle.getByText("You were signed out after 15 minutes without a sign of you.").waitFor();
  await idle.clock.runFor(5_000);
  expect(held).toHaveLength(1);
  await held[0]?.abort();
  await idle.getByRole("alert").getByText("The server did not confirm that you are signed out").waitFor();
  await context.unroute("**/sign-out");
  await idle.reload();
  await idle.getByRole("button", { name: "Your account" }).click();
  await idle.getByRole("button", { name: "Sign out" }).click();
  await idle.getByText("Sign in to Vigil").waitFor();
  await idle.reload();
  await idle.getByText("Sign in to Vigil").waitFor();
  expect(await idle.getByRole("alert").count()).toBe(0);
  await context.close();
});

it("shows on a map where incidents come from, in words, too", async () => {
  await visit(page, "/");
  await page.getByRole("img", { name: "World map with 1 place that incidents come from" }).waitFor();
  await page.locator(".threat-map", { hasText: "United States" }).waitFor();
  await page.getByText("Everybody was where they usually are.").waitFor();
  await visit(page, "/entities/address/8.8.8.8");
  await page.getByRole("img", { name: "World map with 1 place" }).waitFor();
  await page
    .getByRole("listitem")
    .filter({ hasText: /US: 30 events/ })
    .waitFor();
  expect(await axe(page)).toEqual([]);
});

it("keeps a filter by name, for others as they are allowed to, and knows what is mine", async () => {
  await visit(page, "/incidents?view=mine");
  await page.getByText("No incident matches.").waitFor();
  await visit(page, "/incidents?words=8.8.8.8");
  await page.locator("tbody input[type=checkbox]").first().check();
  await page.getByRole("button", { name: "Assign to me" }).click();
  await page.getByRole("button", { name: "Save filter…" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.getByLabel("Name", { exact: true }).and(page.locator("[aria-invalid=true]")).waitFor();
  await dialog.getByLabel("Name", { exact: true }).fill("From <b>there");
  await dialog.getByLabel("Everybody may use it").check();
  await dialog.getByRole("button", { name: "Save" }).click();
  await page.waitForURL("**saved=*");
  await page.getByRole("button", { name: "Mine", exact: true }).click();
  await page.getByRole("link", { name: /8\.8\.8\.8/ }).waitFor();
  const viewer = await withSession(browser, server, { email: "vera@clinic.example", role: "VIEWER" });
  await viewer.page.goto("/incidents");
  const withheld = viewer.page.getByRole("option", { name: "From <b>there (ada@clinic.example; what it looks for" });
  await withheld.waitFor({ state: "attached" });
  expect(await withheld.isDisabled()).toBe(true);
  await viewer.context.close();
  const other = await withSession(browser, server, { email: "otto@clinic.example", role: "RESPONDER" });
  await other.page.goto("/incidents?view=over");
  await other.page.getByText("No incident matches.").waitFor();
  await other.page.getByLabel("Saved filters").selectOption({ label: "From <b>there (ada@clinic.example)" });
  await other.page.getByRole("link", { name: /8\.8\.8\.8/ }).waitFor();
  expect(await axe(other.page)).toEqual([]);
  expect(await other.page.getByRole("button", { name: "Remove filter" }).count()).toBe(0);
  await other.context.close();
});

it("has GraphiQL for whoever is signed in: ready operations that run as they are, links to what was answered, what was run, and the documentation, on a phone too", async () => {
  const {
    page: phone,
    context,
    faults,
  } = await withSession(
    browser,
    server,
    { email: "gina@clinic.example", role: "ADMIN" },
    { viewport: { width: 360, height: 740 } },
  );
  await server.failLogins("ann", { times: 30, from: "8.8.8.8" });
  await phone.goto("/graphiql");
  await phone.getByText(/gina.* · ADMIN/).waitFor({ state: "attached" });
  const answer = phone.locator(".result-window");
  const run = async (name: string): Promise<void> => {
    await phone.getByRole("button", { name: "Library" }).click();
    const library = phone.getByLabel("Ready operations");
    await library.getByRole("button", { name, exact: true }).click();
    await library.waitFor({ state: "hidden" });
    await phone.getByRole("button", { name: /^Execute query/ }).click();
  };
  await run("What is going on");
  await phone.getByRole("navigation").getByRole("link", { name: "8.8.8.8" }).waitFor();
  await phone
    .getByRole("navigation")
    .getByRole("link", { name: /^Incident \d+$/ })
    .first()
    .waitFor();
  const href = await phone.getByRole("navigation").getByRole("link", { name: "8.8.8.8" }).getAttribute("href");
  expect(href).toBe("/entities/address/8.8.8.8");
  await run("What a user did"); // its variable is somebody who is known
  await answer.getByText('"login"').first().waitFor();
  await run("Numbers"); // over a WebSocket
  await answer.getByText('"openIncidents"').waitFor();
  await phone.getByRole("button", { name: "History" }).click();
  const kept = phone.getByLabel("What was run").getByRole("button");
  expect(await kept.evaluateAll((all) => all.map(({ textContent }) => textContent?.split(" ").at(-1)))).toEqual([
    "Numbers",
    "OfUser",
    "Incidents",
  ]);
  await kept.last().click();
  await phone.getByRole("button", { name: "Show Documentation Explorer" }).click();
  await phone.getByText("Everything that can be read.").or(phone.getByText("Root Types")).first().waitFor();
  expect(await phone.locator(".graphiql-sessions").isVisible()).toBe(false); // the documentation has the whole width
  expect(await phone.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
  expect(faults).toEqual([]);
  await context.close();
});

it("draws as many events as one looks at, more as one scrolls on, and few again at the top", async () => {
  const wanted = 90;
  const name = (n: number) => `walker ${n}`;
  const event = (n: number) => ({ action: "read", category: "data", outcome: "success", actor: { name: name(n) } });
  await server.ingest(ndjson(Array.from({ length: wanted }, (_, n) => event(n))));
  await visit(page, "/live");
  await page.getByText(/^the latest \d+$/).waitFor();
  const lines = page.locator(".events tbody tr");
  await lines.first().waitFor();
  const few = await lines.count();
  expect(few).toBeGreaterThanOrEqual(25);
  expect(few).toBeLessThanOrEqual(50);
  await page.evaluate(() => {
    const scroll = (): void => {
      document.querySelector(".events tbody tr:last-child")?.scrollIntoView();
      if (document.querySelectorAll(".events tbody tr").length < 90) requestAnimationFrame(scroll);
    };
    scroll();
  });
  await page.getByText(name(0), { exact: true }).waitFor(); // the oldest of them
  await page.evaluate(() => window.scrollTo(0, 0));
  await page.getByText(name(0), { exact: true }).waitFor({ state: "detached" });
  expect(await lines.count()).toBeLessThanOrEqual(50);
});
