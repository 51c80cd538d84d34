/** What one has open, or had open before, while others change it. */
import type { Browser, Page, Route } from "playwright-core";
import { expect, it } from "vitest";
import { template } from "../../src/dashboard/pages/rules/template.ts";
import { openBreaker, reportBreaker } from "../../src/respond/breaker-state.ts";
import type { TestServer } from "../support/server.ts";
import { atDashboard, colleagueOf, signedIn, visit, withSession } from "./browser.ts";

let server: TestServer;
let browser: Browser;
let page: Page;
let faults: string[];
atDashboard(async (opened) => {
  ({ server, browser } = opened);
  ({ page, faults } = await signedIn(browser, server, { email: "mia@clinic.example", role: "ADMIN" }));
});

const ask = colleagueOf(() => server);

it("has x and Enter mean the incident that has the focus, whatever comes above it", async () => {
  await server.failLogins("ann", { times: 30, from: "203.0.113.61" });
  await visit(page, "/incidents");
  const row = page.getByRole("row", { name: /203\.0\.113\.61/ });
  await row.waitFor();
  await page.getByTitle("Live", { exact: true }).waitFor();
  while (!(await row.evaluate((node) => node === document.activeElement))) await page.keyboard.press("j");
  const before = await page.locator("tbody tr").count();
  await server.failLogins("bob", { times: 30, from: "203.0.113.62" });
  await page.getByRole("row", { name: /203\.0\.113\.62/ }).waitFor();
  expect(await page.locator("tbody tr").count()).toBeGreaterThan(before);
  await page.keyboard.press("x");
  await page.getByText("1 chosen").waitFor();
  expect(await page.locator("tbody tr", { has: page.locator("input:checked") }).allTextContents()).toEqual([
    expect.stringContaining("203.0.113.61"),
  ]);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: /203\.0\.113\.61/ }).waitFor();
});

it("keeps what one writes on while a comment is being sent", async () => {
  await visit(page, "/incidents");
  await page.getByRole("link", { name: "203.0.113.61" }).click();
  const held: Route[] = [];
  const hold = (route: Route): Promise<void> | number =>
    route.request().postData()?.includes("mutation IncidentCommentAdd(") ? held.push(route) : route.fallback();
  await page.route("**/graphql", (route) => void hold(route));
  const text = page.getByLabel("Comment");
  await text.fill("Called the clinic.");
  await page.getByRole("button", { name: "Add comment" }).click();
  await expect.poll(() => held.length).toBe(1);
  await text.fill("Called the clinic. They know");
  await held[0]?.continue();
  await page.locator("ol").getByText("Called the clinic.", { exact: true }).waitFor();
  expect(await text.inputValue()).toBe("Called the clinic. They know");
  await page.unrouteAll({ behavior: "ignoreErrors" });
  await text.fill("They know.");
  await page.getByRole("button", { name: "Add comment" }).click();
  await page.locator("ol").getByText("They know.", { exact: true }).waitFor();
  await expect.poll(() => text.inputValue()).toBe("");
});

it("changes the chosen incidents that are still in the list, and no other", async () => {
  type Found = { incidents: { nodes: { id: string; assignee: { email: string } | null }[] } };
  const find = "query ($filter: IncidentFilter) { incidents(filter: $filter) { nodes { id assignee { email } } } }";
  const incident = async (address: string) =>
    (await ask<Found>(find, { filter: { words: { has: address } } })).incidents.nodes[0];
  const row = (address: string) => page.getByRole("row", { name: address });
  const [left, stays] = ["203.0.113.63", "203.0.113.64"];
  await server.failLogins("cem", { times: 30, from: left });
  await server.failLogins("eda", { times: 30, from: stays });
  await visit(page, "/incidents?view=open");
  await page.getByTitle("Live", { exact: true }).waitFor();
  for (const address of [left, stays]) await row(address).getByRole("checkbox").check();
  await page.getByText("2 chosen").waitFor();
  const acknowledge = "mutation ($id: ID!) { incidentsUpdate(ids: [$id], input: { move: ACKNOWLEDGE }) { updated } }";
  await ask(acknowledge, { id: (await incident(left))?.id });
  await row(left).waitFor({ state: "detached" });
  await page.getByText("1 chosen").waitFor();
  await page.getByRole("button", { name: "Assign to me" }).click();
  await page.getByText("1 incident was changed.").waitFor();
  expect((await incident(stays))?.assignee).toEqual({ email: "mia@clinic.example" });
  expect((await incident(left))?.assignee).toBe(null);
});

it("sends the chosen alerts again that are still in the list, and no other", async () => {
  const alert = (id: string) => ({
    id,
    kind: "OPENED",
    status: "FAILED",
    recipient: `${id}@clinic.example`,
    createdAt: new Date().toISOString(),
    tries: 3,
    channel: { id: "mail", name: "Mail" },
    incident: null,
  });
  const ledger = (...ids: string[]) => ({
    json: { data: { alerts: { totalCount: ids.length, nodes: ids.map(alert), pageInfo: { hasNextPage: false } } } },
  });
  const held: Route[] = [];
  const sent: unknown[] = [];
  let isFirst = true;
  const answer = async (route: Route): Promise<void> => {
    const text = route.request().postData() ?? "";
    if (text.includes("mutation AlertsRetry")) {
      sent.push(route.request().postDataJSON().variables);
      return route.fulfill({ json: { data: { alertsRetry: { retried: 1, userErrors: [] } } } });
    }
    if (!text.includes("query AlertLedger")) return route.fallback();
    if (!isFirst) return void held.push(route);
    isFirst = false;
    return route.fulfill(ledger("first", "second"));
  };
  await page.route("**/graphql", answer);
  await page.goto("/alerts");
  for (const id of ["first", "second"]) await page.getByRole("row", { name: id }).getByRole("checkbox").check();
  await page.getByText("2 chosen").waitFor();
  await expect.poll(() => held.length, { timeout: 60_000 }).toBe(1); // read anew once the stream stands
  await held[0]?.fulfill(ledger("second"));
  await page.getByText("1 chosen").waitFor();
  await page.getByRole("button", { name: "Send again", exact: true }).click();
  await page.getByText("1 alert goes out again.").waitFor();
  expect(sent).toEqual([{ input: { ids: ["second"] } }]);
  await page.unroute("**/graphql", answer);
});

it("tells how long ago something was, also after a page on which no time stood", async () => {
  const { page: later, context } = await withSession(browser, server, { email: "tim@clinic.example", role: "VIEWER" });
  await server.failLogins("dan", { times: 30, from: "203.0.113.65" });
  await later.clock.install();
  await later.goto("/incidents");
  const ago = later.getByRole("row", { name: "203.0.113.65" }).locator("time");
  await ago.waitFor();
  await later.evaluate(() => history.pushState(null, "", "/nowhere"));
  await later.getByText("There is no such page.").waitFor();
  await later.clock.fastForward("10:00");
  await later.goBack();
  await expect.poll(() => ago.textContent()).toMatch(/^1\d min/); // before the clock of all times moves on by itself
  await context.close();
});

it("says who is on call also after a hand-over", async () => {
  const { page: later, context } = await withSession(browser, server, { email: "toni@clinic.example", role: "VIEWER" });
  await later.clock.install();
  const until = new Date((await later.evaluate(() => Date.now())) + 120_000).toISOString();
  const more = { hasCalendar: false, warnings: [], layers: [], overrides: [] };
  const schedule = { id: "nights", name: "Nights", timeZone: "UTC", revision: 1, ...more };
  const turns = ["Ann", "Bea"].map((name) => ({ name, email: "on@clinic.example" }));
  const answers: Record<string, () => object> = {
    OnCallList: () => ({ onCallSchedules: [schedule], escalationPolicies: [], alertChannels: [] }),
    OnCallNow: () => ({ onCall: { isOverride: false, layer: null, until, user: turns.shift(), next: [] } }),
  };
  await later.route("**/graphql", (route) => {
    const data = answers[/query (\w+)/.exec(route.request().postData() ?? "")?.[1] ?? ""];
    return data ? route.fulfill({ json: { data: data() } }) : route.fallback();
  });
  await later.goto("/on-call");
  await later.getByText("Ann", { exact: true }).waitFor();
  await later.clock.fastForward("02:01");
  await later.getByText("Bea", { exact: true }).waitFor();
  await context.close();
});

it("keeps every row of a long list while new ones come in above, each once and in order", async () => {
  const decide = (n: number) =>
    ask<object>(
      `mutation ($value: String!) {
        decisionCreate(input: { type: BLOCK_IP, scope: IP, value: $value, reason: "Test" }) { userErrors { message } }
      }`,
      { value: `198.51.100.${n}` },
    );
  const addresses = (most: number) => Array.from({ length: most }, (_, n) => `198.51.100.${most - 1 - n}`);
  const shown = () => page.locator("tbody tr .mono").allTextContents();
  for (let n = 0; n < 55; n++) await decide(n);
  await visit(page, "/response?view=all&value=198.51.100.");
  await page.getByTitle("Live", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Show more" }).click();
  await expect.poll(shown, { timeout: 60_000 }).toEqual(addresses(55));
  await page.evaluate((all) => {
    const seen = window as unknown as { isGone: boolean };
    const look = (): void => {
      const now = new Set(Array.from(document.querySelectorAll("tbody tr .mono"), (cell) => cell.textContent));
      seen.isGone ||= all.some((address) => !now.has(address));
    };
    look();
    new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
  }, addresses(55));
  for (let n = 55; n < 60; n++) await decide(n);
  await expect.poll(shown, { timeout: 60_000 }).toEqual(addresses(60));
  expect(await page.evaluate(() => (window as unknown as { isGone: boolean }).isGone)).toBe(false); // not for a moment

  await visit(page, "/response?value=198.51.100."); // what is in force, which is asked for up to the minute
  await page.getByRole("button", { name: "Show more" }).click();
  await expect.poll(shown, { timeout: 60_000 }).toEqual(addresses(60));
  const anew = page.waitForResponse((answer) => answer.request().postData()?.includes("query DecisionList(") ?? false);
  await page.evaluate((now) => void (Date.now = () => now), Date.now() + 61_000);
  await page.getByRole("button", { name: "New decision" }).click();
  await anew;
  expect(await shown()).toEqual(addresses(60));
});

it("shows nobody's counts under another target while it asks for them", async () => {
  await page.goto("/response");
  await page.getByRole("button", { name: "New decision" }).click();
  const dialog = page.getByRole("dialog");
  const counts = dialog.getByText(/^\d+ requests?, /);
  await dialog.getByLabel("Address, e.g.").fill("203.0.113.61");
  await counts.waitFor();
  const held: Route[] = [];
  await page.route("**/graphql", (route) =>
    route.request().postData()?.includes("ResponseBlast") ? void held.push(route) : route.fallback(),
  );
  await dialog.getByLabel("Address, e.g.").fill("203.0.113.99");
  await dialog.getByLabel("Loading").waitFor();
  expect(await counts.count()).toBe(0);
  await expect.poll(() => held.length).toBe(1);
  expect(await counts.count()).toBe(0);
  await held[0]?.continue();
  await counts.waitFor();
});

it("says that automatic response has stopped as soon as it has", async () => {
  await page.goto("/response");
  await page.getByText("Automatic response is on.").waitFor();
  await page.getByTitle("Live", { exact: true }).waitFor();
  const now = Date.now();
  await server.app.change(server.ours, async (tx) => {
    await openBreaker(tx, "It was too much.", now);
    await reportBreaker(tx, now);
  });
  await page.getByText("Automatic response has stopped.").waitFor();
});

it("fills the settings with what is now, and saves only what one has changed there", async () => {
  const update =
    "mutation ($input: OrganizationUpdateInput!) { organizationUpdate(input: $input) { userErrors { code } } }";
  const change = (input: object) => ask<object>(update, { input });
  const risk = page.getByRole("region", { name: "Risk and protection" });
  const cap = risk.getByLabel("Automatic actions within 10 minutes");
  await visit(page, "/settings");
  await cap.waitFor();
  await change({ responseCap: 77 });
  await visit(page, "/settings");
  expect(await cap.inputValue()).toBe("77");
  expect(await risk.getByRole("button", { name: "Save" }).isDisabled()).toBe(true);
  await change({ responseCap: 78, riskThresholds: { high: 31, critical: 62 } });
  await risk.getByLabel("Never block or suspend").fill("203.0.113.7");
  await risk.getByRole("button", { name: "Save" }).click();
  await page.getByRole("status").getByText("Saved.").waitFor();
  const now = "{ organization { responseCap protectedTargets riskThresholds { high critical } } }";
  expect(await ask(now)).toEqual({
    organization: {
      responseCap: 78,
      protectedTargets: ["203.0.113.7"],
      riskThresholds: { high: 31, critical: 62 },
    },
  });
  await cap.fill(""); // which is not none at all
  await risk.getByRole("button", { name: "Save" }).click();
  await expect.poll(() => cap.evaluate((node) => node === document.activeElement)).toBe(true);
  expect(await ask("{ organization { responseCap } }")).toEqual({ organization: { responseCap: 78 } });
});

it("edits a rule's document as it is now, and refuses to save over what somebody else saved meanwhile", async () => {
  type Made = { alertRuleCreate: { alertRule: { id: string } } };
  const make =
    "mutation ($yaml: String!) { alertRuleCreate(input: { yaml: $yaml, mode: MONITOR }) { alertRule { id } } }";
  const update =
    "mutation ($id: ID!, $yaml: String!) { alertRuleUpdate(id: $id, input: { yaml: $yaml }) { userErrors { code } } }";
  const { id } = (await ask<Made>(make, { yaml: template })).alertRuleCreate.alertRule;
  const change = (author: string) => ask<object>(update, { id, yaml: `${template}author: ${author}\n` });
  const path = `/rules/${encodeURIComponent(id)}`;
  const text = page.getByLabel("Sigma document");
  await visit(page, path);
  await text.waitFor();
  await change("Ben");
  await visit(page, path);
  expect(await text.inputValue()).toBe(`${template}author: Ben\n`);
  await page.getByText("Revision 2").first().waitFor();

  const held: Route[] = [];
  await page.route("**/graphql", (route) =>
    route.request().postData()?.includes("query RulePage(") ? void held.push(route) : route.fallback(),
  );
  const save = page.getByRole("button", { name: "Save" });
  await text.fill(`${template}author: Mia\n`);
  await save.click();
  await expect.poll(() => held.length).toBe(1);
  await text.fill(`${template}author: Mia Moll\n`);
  await change("Cem");
  await held[0]?.continue();
  await page.getByText("Revision 4").first().waitFor();
  await save.click();
  await page.getByText("The rule is at revision 4 now").waitFor();
  const now = () => ask("query ($id: ID!) { alertRule(id: $id) { yaml revision } }", { id });
  expect(await now()).toEqual({ alertRule: { yaml: `${template}author: Cem\n`, revision: 4 } });

  await page.getByRole("tab", { name: "Revisions" }).click();
  await change("Dan");
  await page.getByRole("button", { name: "Restore" }).first().click();
  await page.getByText("The rule is at revision 5 now").waitFor();
  expect(await now()).toEqual({ alertRule: { yaml: `${template}author: Dan\n`, revision: 5 } });
});

it("changes of a person and of a dashboard what one has changed there, and nothing that others did meanwhile", async () => {
  type Made = { made: { user: { id: string } } };
  const create = `mutation { made: userCreate(input: { name: "Una", email: "una@clinic.example", role: ADMIN }) { user { id } } }`;
  const { id } = (await ask<Made>(create)).made.user;
  await visit(page, "/users");
  await page.getByRole("button", { name: "Edit Una" }).click();
  const dialog = page.getByRole("dialog");
  await ask(`mutation { userUpdate(id: "${id}", input: { role: VIEWER }) { userErrors { code } } }`);
  await dialog.getByLabel("Name", { exact: true }).fill("Una Ode");
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.waitFor({ state: "detached" });
  expect(await ask(`{ node(id: "${id}") { ... on User { name role } } }`)).toEqual({
    node: { name: "Una Ode", role: "VIEWER" },
  });

  type Board = { made: { dashboard: { id: string } } };
  const board = (
    await ask<Board>('mutation { made: dashboardCreate(input: { name: "Wall", shared: true }) { dashboard { id } } }')
  ).made.dashboard.id;
  const put = "mutation ($input: WidgetCreateInput!) { made: widgetCreate(input: $input) { widget { id } } }";
  const widgets: string[] = [];
  for (const [index, title] of ["Mine", "Theirs", "Gone"].entries()) {
    const place = { x: 4 * index, width: title === "Mine" ? 2 : 4 };
    const input = { dashboardId: board, kind: "NUMBER", title, settings: { widget: "counter" }, ...place };
    widgets.push((await ask<{ made: { widget: { id: string } } }>(put, { input })).made.widget.id);
  }
  const move = (x: number) =>
    ask(
      `mutation ($id: ID!, $places: [WidgetPlaceInput!]!) {
        dashboardLayoutUpdate(id: $id, places: $places) { userErrors { code } }
      }`,
      { id: board, places: [{ widgetId: widgets[1], x, y: 0, width: 4, height: 4 }] },
    );
  const places = () => ask(`{ dashboard(id: "${board}") { widgets { title x } } }`);
  await visit(page, `/dashboards/${encodeURIComponent(board)}?arrange`);
  const head = page.locator(".board-edit .widget", { hasText: "Mine" }).locator(".widget-head");
  const { x, y } = (await head.boundingBox()) ?? { x: 0, y: 0 };
  await move(8);
  await ask(`mutation { widgetDelete(id: "${widgets[2]}") { userErrors { code } } }`);
  await page.mouse.move(x + 20, y + 14);
  await page.mouse.down();
  await page.mouse.move(x + 220, y + 14, { steps: 8 });
  await page.mouse.up();
  await page.getByText("Gone", { exact: true }).waitFor({ state: "detached" });
  expect(await places()).toEqual({
    dashboard: {
      widgets: [
        { title: "Mine", x: 2 },
        { title: "Theirs", x: 8 },
      ],
    },
  });
  await move(6);
  await page.getByRole("button", { name: "Configure Mine" }).click();
  await dialog.getByLabel("Column", { exact: true }).fill("1");
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.waitFor({ state: "detached" });
  expect(await places()).toEqual({
    dashboard: {
      widgets: [
        { title: "Mine", x: 1 },
        { title: "Theirs", x: 6 },
      ],
    },
  });
});

it("leaves a channel stopped that was stopped while somebody changed its name", async () => {
  const settings = `{ name: "Post", kind: EMAIL, email: { to: ["desk@clinic.example"] }, test: false }`;
  await ask(`mutation { alertChannelCreate(input: ${settings}) { userErrors { message } } }`);
  await visit(page, "/channels");
  await page.getByRole("button", { name: "Edit Post" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name", { exact: true }).fill("Mail");
  const stop = "UPDATE alert_channels SET suspended_at = now(), suspended_reason = 'gone' WHERE name = 'Post'";
  await server.database.asOwner(stop); // as a sender does
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.waitFor({ state: "detached" });
  const found = await ask("{ alertChannels { name isSuspended suspendedReason } }");
  expect(found).toEqual({ alertChannels: [{ name: "Mail", isSuspended: true, suspendedReason: "gone" }] });
});

it("says whose an incident is also once they are suspended", async () => {
  const { id } = (
    await ask<{ made: { user: { id: string } } }>(
      `mutation { made: userCreate(input: { name: "Gus", email: "gus@clinic.example", role: ANALYST }) { user { id } } }`,
    )
  ).made.user;
  const { incident } = (
    await ask<{ made: { incident: { id: string; number: number } } }>(
      `mutation { made: incidentCreate(input: { title: "Odd", description: "Test", severity: LOW }) { incident { id number } } }`,
    )
  ).made;
  await ask(
    `mutation { incidentAssign(id: "${incident.id}", input: { assignee: "gus@clinic.example" }) { userErrors { code } } }`,
  );
  await ask(`mutation { userSuspend(id: "${id}") { userErrors { code } } }`);
  await visit(page, `/incidents/${incident.number}`);
  const chosen = page.getByLabel("Assignee").locator("option:checked");
  await page.getByLabel("Assignee").locator("option", { hasText: "Nobody" }).waitFor({ state: "attached" });
  await expect.poll(() => chosen.textContent(), { timeout: 60_000 }).toBe("Gus (gus@clinic.example)");
});

it("complains of nothing meanwhile", () => {
  expect(faults).toEqual([]);
});
