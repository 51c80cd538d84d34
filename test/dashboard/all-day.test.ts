/** What an analyst who works in the page all day counts on, and a manager who reads its numbers. */
import type { Browser, Page, Request, Route } from "playwright-core";
import { expect, it } from "vitest";
import { template } from "../../src/dashboard/pages/rules/template.ts";
import { ndjson, type TestServer } from "../support/server.ts";
import { atDashboard, colleagueOf, signedIn, visit, withSession } from "./browser.ts";

const patient = { timeout: 60_000 };
let server: TestServer;
let browser: Browser;
let page: Page;
let faults: string[];
atDashboard(async (opened) => {
  ({ server, browser } = opened);
  ({ page, faults } = await signedIn(browser, server, { email: "kim@clinic.example", role: "ADMIN" }));
});

const ask = colleagueOf(() => server);

async function open(severity: string, title = `${severity} by hand`): Promise<number> {
  type Made = { incidentCreate: { incident: { number: number } } };
  const made = await ask<Made>(
    `mutation ($input: IncidentCreateInput!) { incidentCreate(input: $input) { incident { number } } }`,
    { input: { title, description: "Test", severity } },
  );
  return made.incidentCreate.incident.number;
}

const nameOf = (request: Request): string | undefined => /(?:query|mutation) (\w+)/.exec(request.postData() ?? "")?.[1];

/** Has the test answer some operations, until the returned function is called. */
async function instead(of: Page, answers: Record<string, (route: Route) => unknown>): Promise<() => Promise<void>> {
  const handler = (route: Route) => (answers[nameOf(route.request()) ?? ""] ?? (() => route.fallback()))(route);
  await of.route("**/graphql", handler);
  return () => of.unroute("**/graphql", handler);
}

it("counts a detection in the hour and on the day in which it happened, by the reader's clock", async () => {
  const person = { email: "ravi@clinic.example", role: "VIEWER" as const };
  const { page: far, context } = await withSession(browser, server, person, { timezoneId: "Asia/Kolkata" });
  await far.clock.install({ time: "2026-12-01T09:07:30Z" }); // 14:37 in Kolkata
  const found = Date.parse("2026-11-29T18:40:00Z"); // Monday, 00:10
  let days = 0;
  await instead(far, {
    ActivitySteps(route) {
      const { range } = route.request().postDataJSON().variables;
      days = (Date.parse(range.to) - Date.parse(range.from)) / 86_400_000;
      const from = Date.parse(range.from); // steps begin there, as those of the server do
      const at = new Date(from + Math.floor((found - from) / 3_600_000) * 3_600_000).toISOString();
      return route.fulfill({ json: { data: { statistics: { steps: [{ at, detections: 3 }] } } } });
    },
  });
  await far.goto("/");
  await far.getByTitle("Mon 00:00: 3").waitFor();
  expect(Math.ceil(days * 24)).toBe(28 * 24); // each weekday as often
  await context.close();
});

it("leads from a number to the list of what it counts", async () => {
  for (const severity of ["HIGH", "MEDIUM", "MEDIUM", "LOW"]) await open(severity);
  const rows = page.locator("tbody tr");
  const list = async (): Promise<number> => {
    await page.getByRole("heading", { level: 1, name: "Incidents" }).waitFor();
    await page.waitForFunction(() => document.querySelectorAll("[aria-label=Loading]").length === 0);
    return rows.count();
  };
  await visit(page, "/");
  const card = (title: string) => page.locator("section.widget", { has: page.getByRole("heading", { name: title }) });
  const medium = card("Severity breakdown").locator("li", { hasText: "Medium" });
  await expect.poll(() => medium.locator(".number").textContent(), patient).toBe("2");
  await medium.getByRole("link").click();
  expect(await list()).toBe(2);
  expect(await page.getByLabel("Severity", { exact: true }).locator("option:checked").textContent()).toBe(
    "Medium only",
  );
  for (const [title, count] of [
    ["Active incidents", 4],
    ["High and critical", 1],
  ] as const) {
    await visit(page, "/");
    await card(title)
      .getByRole("link", { name: String(count), exact: true })
      .click();
    expect([title, await list()]).toEqual([title, count]);
  }
});

it("says in a widget's settings which time it shows while none was chosen, and calls it the same whatever that is", async () => {
  type Made = { dashboardCreate: { dashboard: { id: string } } };
  const input = { name: "Map", shared: true };
  const make = "mutation ($input: DashboardCreateInput!) { dashboardCreate(input: $input) { dashboard { id } } }";
  const { id } = (await ask<Made>(make, { input })).dashboardCreate.dashboard;
  const widget = { dashboardId: id, kind: "TABLE", title: "Where", settings: { widget: "threatMap" } };
  await ask("mutation ($input: WidgetCreateInput!) { widgetCreate(input: $input) { userErrors { code } } }", {
    input: widget,
  });
  const asked = page.waitForRequest((request) => nameOf(request) === "ThreatPlaces");
  await visit(page, `/dashboards/${id}?arrange`);
  const { from, to } = (await asked).postDataJSON().variables.range;
  expect(Date.parse(to) - Date.parse(from)).toBe(7 * 86_400_000);
  await page.getByRole("button", { name: "Configure Where" }).click();
  const dialog = page.getByRole("dialog");
  const time = dialog.getByLabel("Time");
  expect(await time.locator("option:checked").textContent()).toBe("Last 7 days");
  await time.selectOption("Last hour");
  expect(await dialog.getByLabel("Title").getAttribute("placeholder")).toBe("Where");
  await dialog.getByLabel("Title").fill("");
  expect(await dialog.getByLabel("Title").getAttribute("placeholder")).toBe("Threat map");
  await dialog.getByRole("button", { name: "Cancel" }).click();
});

it("shows an answer that is slow though things change faster than it comes, and asks again after it", async () => {
  const held: Route[] = [];
  let counted = 0;
  const stop = await instead(page, {
    IncidentList: (route) => void held.push(route),
    OpenIncidents(route) {
      counted++;
      return route.fallback();
    },
  });
  await visit(page, "/incidents?view=open");
  await page.getByTitle("Live", { exact: true }).waitFor();
  await expect.poll(() => held.length, patient).toBe(1);
  counted = 0;
  await open("HIGH", "Came while it was asked");
  await expect.poll(() => counted, patient).toBeGreaterThan(0); // the page has heard of it
  await held[0]?.continue();
  await page.getByRole("row", { name: "Came while it was asked" }).waitFor();
  await expect.poll(() => held.length, patient).toBe(2);
  await held[1]?.continue();
  await stop();
});

it("changes all incidents that are chosen, however many", async () => {
  const row = (number: number) => ({
    id: `incident-${number}`,
    number,
    title: `Incident of many ${number}`,
    severity: "LOW",
    status: "OPEN",
    threatScore: 1,
    lastEventAt: new Date().toISOString(),
    eventCount: 1,
    assignee: null,
    subjects: [],
  });
  const nodes = Array.from({ length: 230 }, (_, n) => row(n + 1_000));
  const sent: string[][] = [];
  const stop = await instead(page, {
    IncidentList: (route) =>
      route.fulfill({
        json: { data: { incidents: { totalCount: nodes.length, nodes, pageInfo: { hasNextPage: false } } } },
      }),
    IncidentsChange(route) {
      const { ids } = route.request().postDataJSON().variables;
      sent.push(ids);
      const results = ids.map((id: string) => ({ id, userErrors: [] }));
      return route.fulfill({ json: { data: { incidentsUpdate: { updated: ids.length, results, userErrors: [] } } } });
    },
  });
  await visit(page, "/incidents?words=many");
  await page.getByText("Incident of many 1000").waitFor();
  await page.getByLabel("Choose all that are shown").check();
  await page.getByText("230 chosen").waitFor();
  await page.getByRole("button", { name: "Acknowledge" }).click();
  await page.getByText("230 incidents were changed.").waitFor();
  expect(sent.map((ids) => ids.length)).toEqual([100, 100, 30]);
  expect(sent.flat()).toEqual(nodes.map(({ id }) => id));
  await stop();
});

it("keeps what is being written about an incident while one looks elsewhere, and forgets it once it is sent", async () => {
  const number = await open("MEDIUM");
  const comment = page.getByLabel("Comment", { exact: true });
  await visit(page, `/incidents/${number}`);
  await comment.fill("They called back at");
  await page.getByRole("tab", { name: "Evidence" }).click();
  await comment.waitFor({ state: "detached" });
  await page.getByRole("tab", { name: "Timeline" }).click();
  expect(await comment.inputValue()).toBe("They called back at");
  await visit(page, "/live");
  await visit(page, `/incidents/${number}`);
  expect(await comment.inputValue()).toBe("They called back at");
  await comment.fill("They called back at nine.");
  await page.getByRole("button", { name: "Add comment" }).click();
  await page.locator(".timeline").getByText("They called back at nine.").waitFor();
  await visit(page, "/live");
  await visit(page, `/incidents/${number}`);
  expect(await comment.inputValue()).toBe("");
});

it("keeps what is being written in a rule while one looks elsewhere, unless the rule changed meanwhile", async () => {
  type Made = { alertRuleCreate: { alertRule: { id: string } } };
  const make =
    "mutation ($yaml: String!) { alertRuleCreate(input: { yaml: $yaml, mode: MONITOR }) { alertRule { id } } }";
  const { id } = (await ask<Made>(make, { yaml: template })).alertRuleCreate.alertRule;
  await visit(page, `/rules/${encodeURIComponent(id)}`);
  const text = page.getByLabel("Sigma document");
  await text.fill(`${template}author: Kim\n`);
  await page.getByRole("tab", { name: "Revisions" }).click();
  await text.waitFor({ state: "hidden" });
  await page.getByRole("tab", { name: "Document" }).click();
  expect(await text.inputValue()).toBe(`${template}author: Kim\n`);
  const afterwards = async () => {
    await visit(page, "/live");
    await visit(page, `/rules/${encodeURIComponent(id)}`);
    return text.inputValue();
  };
  const change =
    "mutation ($id: ID!, $input: AlertRuleUpdateInput!) { alertRuleUpdate(id: $id, input: $input) { __typename } }";
  await ask(change, { id, input: { mode: "DISABLED" } });
  expect(await afterwards()).toBe(`${template}author: Kim\n`);
  await ask(change, { id, input: { yaml: `${template}author: Ben\n` } });
  expect(await afterwards()).toBe(`${template}author: Ben\n`);
});

it("says that events passed by unshown of those alone that came since it is looked at", async () => {
  const rows = (times: number) => Array.from({ length: times }, () => ({ action: "row.import", category: "data" }));
  await server.ingest(ndjson(rows(150))); // in one batch, at one moment
  const again = page.waitForResponse(
    (response) =>
      response.request().postDataJSON()?.variables?.count === true && nameOf(response.request()) === "LiveEvents",
  );
  await visit(page, "/live?action=row.import");
  await page.getByText("the latest 100", { exact: true }).waitFor();
  await again;
  await server.ingest(ndjson(rows(1)));
  await page.getByText(/^the latest 101/).waitFor();
  expect(await page.getByText(/passed by unshown/).count()).toBe(0);

  const answer = (count: number, time: string) => ({
    securityEvents: { nodes: Array.from({ length: 100 }, (_, n) => ({ id: `${time} ${n}`, receivedAt: time, time })) },
    later: { totalCount: count },
  });
  const stop = await instead(page, {
    LiveEvents(route) {
      const { count } = route.request().postDataJSON().variables;
      const data = count ? answer(130, "2026-11-30T12:00:01.000Z") : answer(0, "2026-11-30T12:00:00.000Z");
      return route.fulfill({ json: { data } });
    },
  });
  await visit(page, "/live?action=nothing");
  await page.getByText("the latest 200, 30 passed by unshown", { exact: true }).waitFor();
  await stop();
});

it("offers to approve what others asked for, and asks a user from where one responds", async () => {
  const number = await open("HIGH", "Taken over");
  await visit(page, `/incidents/${number}`);
  await page.getByRole("button", { name: "Respond…" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("What", { exact: true }).selectOption("Ask the user whether it was them");
  await dialog.getByLabel("To whom or what").fill("olga");
  await dialog.getByRole("button", { name: "Ask the user whether it was them" }).click();
  await dialog.getByText("This server sends no e-mail").waitFor();
  await dialog.getByLabel("What", { exact: true }).selectOption("Suspend user");
  await dialog.getByRole("button", { name: "Suspend user and resolve" }).click();
  await page.getByText("You asked for it: another person has to approve it.").waitFor();
  const approve = page.getByRole("button", { name: "Approve" });
  expect(await approve.count()).toBe(0);

  const found = await ask<{ incident: { id: string } }>(`{ incident(number: ${number}) { id } }`);
  const input = { type: "SUSPEND_USER", target: "otto", reason: "Test" };
  await ask(
    "mutation ($id: ID!, $input: IncidentRespondInput!) { incidentRespond(id: $id, input: $input) { outcome } }",
    {
      id: found.incident.id,
      input,
    },
  );
  await approve.click();
  await page.getByText("Approved.").waitFor();
});

it("tells the tabs of the browser apart", async () => {
  const [first, second] = [await open("LOW"), await open("LOW")];
  const title = (text: string) => expect.poll(() => page.title(), patient).toBe(`${text} · Vigil`);
  await visit(page, `/incidents/${first}`);
  await title(`Incident ${first}`);
  await visit(page, `/incidents/${second}`);
  await title(`Incident ${second}`);
  await visit(page, `/incidents/${first}`); // whose answer is there at once
  await title(`Incident ${first}`);
  await visit(page, "/incidents");
  await title("Incidents");
});

it("complains of nothing meanwhile", () => {
  expect(faults).toEqual([]);
});
