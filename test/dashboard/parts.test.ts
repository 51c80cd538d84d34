/** What pages are made of: fields that search, dialogs, tables, answers. */
import type { Browser, Locator, Page, Route } from "playwright-core";
import { expect, it } from "vitest";
import { ndjson, type TestServer } from "../support/server.ts";
import { atDashboard, signedIn, visit } from "./browser.ts";

const patient = { timeout: 60_000 };
let server: TestServer;
let browser: Browser;
let page: Page;
atDashboard(async (opened) => {
  ({ server, browser } = opened);
  ({ page } = await signedIn(browser, server, { email: "pat@clinic.example", role: "ADMIN" }));
});

const dialog = () => page.getByRole("dialog");
const button = (name: string) => dialog().getByRole("button", { name, exact: true });
const open = (name: string) => page.getByRole("button", { name, exact: true }).click();
const hasFocus = (element: Locator) =>
  expect.poll(() => element.evaluate((node) => node === document.activeElement), patient).toBe(true);

/** Answers one operation in the server's stead, until the returned function is called. */
async function instead(name: string, answer: (route: Route) => Promise<void>): Promise<() => Promise<void>> {
  const asks = new RegExp(`(query|mutation) ${name}\\b`);
  const handler = (route: Route) => (asks.test(route.request().postData() ?? "") ? answer(route) : route.fallback());
  await page.route("**/graphql", handler);
  return () => page.unroute("**/graphql", handler);
}

/** Refuses it for good, so that it is not tried again by itself. */
const refuse = (route: Route) =>
  route.fulfill({ json: { errors: [{ message: "Not now.", extensions: { code: "COMPLEXITY_LIMIT" } }] } });
const refused = "This could not be read. Not now.";

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
  await visit(page, `${path}?${name}=before`);
  await shows("before");
  await page.evaluate((to) => history.pushState(null, "", to), path); // as a link to the page itself does
  await shows("");
  await page.goBack();
  await shows("before");
  await field.fill("");
  await field.pressSequentially("a%2F", { delay: 300 }); // longer than the pause after which it is searched for
  await page.keyboard.press("Enter"); // for which the live tail waits
  await page.waitForURL(new RegExp(`${path}\\?.*${name}=a%252F$`));
  expect(await field.inputValue()).toBe("a%2F");
});

it.each(["..", "100%", "a%2Fb", "c/d?e#f&g"])("opens the page of a user who is called %s", async (name) => {
  await server.ingest(ndjson([{ action: "login", outcome: "success", actor: { name } }]));
  await visit(page, "/entities");
  await page.getByRole("link", { name, exact: true }).click();
  await page.getByRole("tab", { name: "Profile" }).waitFor();
  expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe(name);
});

it("gives the focus back to what opened a dialog, however that is closed", async () => {
  await visit(page, "/response");
  const opener = page.getByRole("button", { name: "New decision" });
  const closings = [() => page.keyboard.press("Escape"), () => button("Cancel").click(), () => button("Close").click()];
  for (const close of closings) {
    await opener.press("Enter");
    await dialog().waitFor();
    await close();
    await dialog().waitFor({ state: "detached" });
    await hasFocus(opener);
  }
  const account = page.getByRole("button", { name: "Your account" });
  await account.press("Enter");
  await page.getByRole("button", { name: "Dark" }).focus();
  await page.keyboard.press("Escape");
  await hasFocus(account);
});

it("goes where one jumps, also without a pointer, and gives a page the focus that went with the last one", async () => {
  await page.keyboard.press("Control+k");
  await dialog().getByRole("combobox").fill("audit");
  const option = page.getByRole("option", { name: "Audit", exact: true });
  await option.evaluate((node) => (node as HTMLElement).click()); // as screen readers press it
  await page.waitForURL("**/audit");
  await page.evaluate(() => (document.activeElement as HTMLElement).blur());
  await visit(page, "/silences");
  await hasFocus(page.getByRole("main"));
});

it("keeps a dialog open when nobody chose a file in it", async () => {
  await visit(page, "/");
  await page.getByRole("button", { name: "Arrange" }).click();
  await dialog().getByLabel("Name").fill("Night shift");
  await dialog().getByLabel("Begin with").selectOption("file");
  await dialog().locator("input[type=file]").dispatchEvent("cancel", { bubbles: true }); // as browsers tell of it
  expect(await dialog().getByLabel("Name").inputValue({ timeout: 5_000 })).toBe("Night shift");
});

it("leaves the rows behind an open dialog as they are chosen", async () => {
  await server.failLogins("ann", { times: 30, from: "203.0.113.71" });
  await visit(page, "/incidents");
  await page.getByRole("row", { name: "203.0.113.71" }).waitFor();
  for (const key of ["j", "x"]) await page.keyboard.press(key);
  await page.getByText("1 chosen").waitFor();
  await page.getByRole("button", { name: "Resolve…" }).click();
  const title = dialog().getByText("Resolve 1 incident");
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
  await page.getByRole("button", { name: "Mine", exact: true }).click(); // which was not read before
  await page.getByText("This could not be read.").waitFor();
  expect(await row.count()).toBe(0);
  await page.unroute("**/graphql", away);
});

it("shows no other rows while it is not known what a saved filter asks for, nor for a day that is none", async () => {
  const end = await instead("SavedFilterList", refuse);
  await page.goto("/incidents?saved=abc");
  await page.getByText(refused).waitFor();
  expect(await page.getByRole("row").count()).toBe(0);
  await end();
  await visit(page, "/audit?from=never");
  await page.getByText("This could not be read.").waitFor();
});

it("keeps the focus in a form whose rows come and go, and gives it to the field for which it was refused", async () => {
  await visit(page, "/channels?tab=routes");
  await open("New route");
  const quiet = dialog().getByLabel("What it is, e.g. Weekend");
  await button("Add quiet time").press("Enter");
  await hasFocus(quiet.first());
  await button("Add quiet time").press("Enter");
  await hasFocus(quiet.nth(1));
  await button("Remove quiet time 2").press("Enter");
  await hasFocus(button("Remove quiet time 1"));
  await button("Remove quiet time 1").press("Enter");
  await hasFocus(button("Add quiet time"));
  await button("Another condition").press("Enter");
  await hasFocus(dialog().getByLabel("What", { exact: true }).nth(1));
  await button("Remove condition 2").press("Enter");
  await hasFocus(button("Remove condition 1"));
  await button("Save").press("Enter");
  await hasFocus(dialog().getByLabel("Name", { exact: true }));
  await page.keyboard.press("Escape");

  let asked = 0; // of the same incident, once more after a change
  const end = await instead("RouteIncident", (route) => {
    asked++;
    return route.fulfill({ json: { data: { incident: null } } });
  });
  await page.getByLabel("Incident number").fill("1");
  for (const times of [1, 2]) {
    await open("Ask");
    await expect.poll(() => asked, patient).toBe(times);
  }
  await end();
});

it("says in a form that what it needs could not be read, asks again, and saves nothing before", async () => {
  const ends = await Promise.all(["Everybody", "PersonContact", "SilenceWould"].map((name) => instead(name, refuse)));
  await visit(page, "/on-call");
  for (const name of ["New policy", "New schedule"]) {
    if (await dialog().count()) await page.keyboard.press("Escape");
    await open(name);
    await dialog().getByText(refused).waitFor();
    expect(await button("Save").isDisabled()).toBe(true);
  }
  await ends[0]?.();
  await button("Try again").click();
  await button("Add person").press("Enter");
  await hasFocus(dialog().getByLabel("Person 1", { exact: true }));

  await visit(page, "/users");
  await open("Telephone and quiet hours of pat");
  await dialog().getByText(refused).waitFor();
  expect(await button("Save").isDisabled()).toBe(true);
  await visit(page, "/silences");
  await open("New silence");
  await dialog().getByLabel("With").fill("203.0.113.71");
  await dialog().getByText("Not now.").waitFor(); // in place of how many incidents it would keep quiet
  for (const end of ends) await end();
});

it("keeps everybody of a schedule that is changed, however many people there are", async () => {
  const person = (n: number) => ({
    id: `id-${n}`,
    name: `Person ${n}`,
    email: `p${n}@clinic.example`,
    suspendedAt: null,
  });
  const layer = { name: "First", startsOn: "2026-01-05", handOver: "09:00", turnDays: 7, hours: [] };
  const schedule = { id: "nights", name: "Nights", timeZone: "UTC", revision: 1, hasCalendar: false, warnings: [] };
  const list = {
    onCallSchedules: [{ ...schedule, overrides: [], layers: [{ ...layer, users: [person(2_050)] }] }],
    escalationPolicies: [],
    alertChannels: [],
  };
  let sent: { input: { layers: { userIds: string[] }[] } } | undefined;
  const ends = await Promise.all([
    instead("OnCallList", (route) => route.fulfill({ json: { data: list } })),
    instead("Everybody", (route) => {
      const from = Number(route.request().postDataJSON().variables.after ?? 0);
      const nodes = Array.from({ length: 100 }, (_, n) => person(from + n));
      const pageInfo = { hasNextPage: from < 2_100, endCursor: String(from + 100) };
      return route.fulfill({ json: { data: { users: { nodes, pageInfo } } } });
    }),
    instead("ScheduleChange", (route) => {
      sent = route.request().postDataJSON().variables;
      return route.fulfill({ json: { data: { onCallScheduleUpdate: { userErrors: [] } } } });
    }),
  ]);
  await visit(page, "/on-call");
  await open("Edit Nights");
  await dialog().getByLabel("Person 1", { exact: true }).waitFor();
  await button("Save").click();
  await page.getByText("The schedule was saved.").waitFor();
  expect(sent?.input.layers.map(({ userIds }) => userIds)).toEqual([["id-2050"]]);
  for (const end of ends) await end();
});

it("says in its dialog that an alert could not be sent again, and then that it goes out", async () => {
  const alert = {
    ...{ id: "one", kind: "OPENED", status: "FAILED", recipient: "pat@clinic.example", tries: 3, incident: null },
    ...{ createdAt: "2021-03-05T12:00:00Z", channel: { id: "mail", name: "Mail" }, heldBy: [], attempts: [] },
  };
  const refusals = [[{ code: "CONFLICT", message: "Its channel is gone.", path: ["input", "ids"] }], []];
  const answers: Record<string, () => object> = {
    AlertLedger: () => ({ alerts: { totalCount: 1, nodes: [alert], pageInfo: { hasNextPage: false } } }),
    AlertDetail: () => ({ alert }),
    AlertsRetry: () => ({ alertsRetry: { retried: 1, userErrors: refusals.shift() } }),
  };
  const ends = await Promise.all(
    Object.entries(answers).map(([name, data]) => instead(name, (route) => route.fulfill({ json: { data: data() } }))),
  );
  await visit(page, "/alerts");
  await page.getByRole("row", { name: "pat@clinic.example" }).click();
  await button("Send again").press("Enter");
  await dialog().getByText("Its channel is gone.").waitFor();
  await hasFocus(button("Send again"));
  await button("Send again").press("Enter");
  await dialog().getByText("1 alert goes out again.").waitFor();
  expect(await dialog().getByText("Its channel is gone.").count()).toBe(0);
  for (const end of ends) await end();
});

it("takes half a date for none, and says in a dialog what went wrong there until that is dismissed", async () => {
  const key = { id: "old", name: "Old", role: "INGEST", createdAt: "2021-03-05T12:00:00Z" };
  const end = await instead("ApiKeyList", (route) =>
    route.fulfill({ json: { data: { apiKeys: { nodes: [key], pageInfo: { hasNextPage: false } } } } }),
  );
  await visit(page, "/users?tab=keys");
  await page.getByRole("row", { name: /Old.*2021/ }).waitFor(); // of which year
  await open("New API key");
  const expiry = dialog().getByLabel("Ends by itself");
  await dialog().getByLabel("Name", { exact: true }).fill("Portal");
  await expiry.focus();
  await page.keyboard.type("12");
  await button("Make the key").click();
  await hasFocus(expiry);
  await expiry.fill(new Date(Date.now() + 172_800_000).toISOString().slice(0, 16));
  await button("Make the key").click();
  await page.evaluate(() => Object.defineProperty(navigator, "clipboard", { value: undefined })); // as over plain HTTP
  await button("Copy").press("Enter");
  await dialog().getByText("It could not be copied").waitFor();
  await button("Dismiss").press("Enter");
  await dialog().getByText("It could not be copied").waitFor({ state: "detached" });
  await hasFocus(button("Copy"));
  await end();
});

it("fills a form with what another has saved, once saving over that was refused", async () => {
  const ask = (text: string) =>
    server.query<{ made?: { alertTemplate: { id: string } } }, object>(`mutation { ${text} }` as never, {});
  const input = '{ name: "Pager", channelKind: SMS, body: "One" }';
  const { data } = await ask(`made: alertTemplateCreate(input: ${input}) { alertTemplate { id } }`);
  await visit(page, "/channels?tab=templates");
  await page.getByRole("row", { name: /Pager/ }).waitFor();
  const id = data.made?.alertTemplate.id;
  await ask(`alertTemplateUpdate(id: "${id}", input: { body: "Two" }) { userErrors { code } }`);
  await open("Edit Pager");
  const text = dialog().getByLabel("Text", { exact: true });
  await text.fill("Three");
  await button("Save").click();
  await dialog().getByText("Somebody has changed the template since.").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("row", { name: /Two/ }).waitFor();
  await open("Edit Pager");
  expect(await text.inputValue()).toBe("Two");
});

it("says where a merged incident lives on", async () => {
  await server.failLogins("bob", { times: 30, from: "203.0.113.72" });
  await visit(page, "/incidents");
  await page.getByRole("row", { name: "203.0.113.72" }).waitFor();
  type Found = { incidents: { nodes: { id: string; number: number }[] } };
  const { data } = await server.query<Found, object>("{ incidents { nodes { id number } } }" as never, {});
  const [one, other] = data.incidents.nodes;
  const input = `{ intoId: "${other?.id}", reason: "One attack" }`;
  const merge = `mutation { incidentMerge(id: "${one?.id}", input: ${input}) { userErrors { message } } }`;
  await server.query<object, object>(merge as never, {});
  await visit(page, `/incidents/${one?.number}`);
  await page.getByRole("link", { name: `#${other?.number}`, exact: true }).waitFor();
});
