import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TestDatabase, testDatabase } from "../support/database.ts";
import { somebodyWaits } from "../support/waiting.ts";
import { type Answer, asker } from "./ask.ts";

let test: TestDatabase;
let ask: ReturnType<typeof asker>;
let them: { organizationId: string };

beforeAll(async () => {
  test = await testDatabase();
  ask = asker(test);
  them = { organizationId: test.organizations[1]?.id as string };
});
afterAll(() => test.close());

const errors = "userErrors { code path }";
const create = `mutation ($name: String!) { dashboardCreate(input: {name: $name}) { dashboard { id name author revision } ${errors} } }`;
const update = `mutation ($id: ID!, $input: DashboardUpdateInput!) { dashboardUpdate(id: $id, input: $input) { dashboard { name description revision } ${errors} } }`;
const remove = `mutation ($id: ID!) { dashboardDelete(id: $id) { dashboard { id } ${errors} } }`;
const put = `mutation ($input: WidgetCreateInput!) { widgetCreate(input: $input) { widget { id title kind settings x width dashboard { revision } } ${errors} } }`;
const alter = `mutation ($id: ID!, $input: WidgetUpdateInput!) { widgetUpdate(id: $id, input: $input) { widget { title kind settings } ${errors} } }`;
const take = `mutation ($id: ID!) { widgetDelete(id: $id) { widget { id } ${errors} } }`;
const layOut = `mutation ($id: ID!, $places: [WidgetPlaceInput!]!) { dashboardLayoutUpdate(id: $id, places: $places) { dashboard { widgets { id x y } } ${errors} } }`;
const show = "query ($id: ID!) { dashboard(id: $id) { name widgets { id title x y } } node(id: $id) { id } }";

const make = async (name: string): Promise<string> => (await ask(create, { name })).data.dashboardCreate.dashboard.id;
const makeWidget = async (dashboardId: string, title: string): Promise<string> =>
  (await ask(put, { input: { dashboardId, kind: "LINE", title } })).data.widgetCreate.widget.id;

it("a dashboard is made, changed, listed and removed, each with its audit entry", async () => {
  const made = (await ask(create, { name: " Night shift " })).data.dashboardCreate;
  expect(made).toMatchObject({
    dashboard: { name: "Night shift", author: "ada@demo.example", revision: 1 },
    userErrors: [],
  });
  const { id } = made.dashboard;
  const again = (await ask(create, { name: "Night shift" })).data.dashboardCreate;
  expect(again).toEqual({ dashboard: null, userErrors: [{ code: "CONFLICT", path: ["input", "name"] }] });
  const changed = (await ask(update, { id, input: { description: "From ten" } })).data.dashboardUpdate;
  expect(changed.dashboard).toEqual({ name: "Night shift", description: "From ten", revision: 2 });
  expect((await ask("{ dashboards { totalCount nodes { name } } }")).data.dashboards).toEqual({
    totalCount: 1,
    nodes: [{ name: "Night shift" }],
  });
  expect((await ask("{ dashboards { totalCount } }", {}, them)).data.dashboards.totalCount).toBe(0);
  const widget = await makeWidget(id, "Gone with it");
  expect((await ask(remove, { id })).data.dashboardDelete).toEqual({ dashboard: null, userErrors: [] });
  expect((await ask(take, { id: widget })).data.widgetDelete.userErrors).toEqual([{ code: "NOT_FOUND", path: ["id"] }]);
  const entries = await test.asOwner<{ action: string }>(
    "SELECT action FROM security_audit_log WHERE action <> 'MUTATION_REFUSED' ORDER BY seq",
  );
  expect(entries.map(({ action }) => action)).toEqual([
    "DASHBOARD_CREATED",
    "DASHBOARD_UPDATED",
    "WIDGET_CREATED",
    "DASHBOARD_DELETED",
  ]);
});

it("a name that somebody gives another dashboard in that moment is taken, as is one that another has", async () => {
  const [one, other] = [await make("One"), await make("Other")];
  const rename = (name: string): Promise<Answer> => ask(update, { id: other, input: { name } });
  let renaming: Promise<Answer> | undefined;
  await test.db.inOrganization(test.organizations[0]?.id as string, async (tx) => {
    await tx.query("UPDATE dashboards SET name = 'Both' WHERE organization_id = $1 AND name = 'One'", [
      tx.organizationId,
    ]);
    renaming = rename("Both");
    await somebodyWaits(test);
  });
  const refused = { dashboard: null, userErrors: [{ code: "CONFLICT", path: ["input", "name"] }] };
  for (const { data } of [await renaming, await rename("Both")]) expect(data.dashboardUpdate).toEqual(refused);
  expect((await rename("Other")).data.dashboardUpdate.dashboard).toMatchObject({ name: "Other", revision: 2 });
  for (const id of [one, other]) await ask(remove, { id });
});

it("widgets are put, changed, moved and taken away", async () => {
  const id = await make("Widgets");
  const input = { dashboardId: id, kind: "NUMBER", title: "Open", settings: { metric: "open" }, x: 8 };
  const first = (await ask(put, { input })).data.widgetCreate.widget;
  expect(first).toMatchObject({
    title: "Open",
    kind: "NUMBER",
    settings: { metric: "open" },
    x: 8,
    width: 4,
    dashboard: { revision: 2 },
  });
  const second = await makeWidget(id, "Second");
  const altered = (await ask(alter, { id: first.id, input: { kind: "BAR" } })).data.widgetUpdate.widget;
  expect(altered).toEqual({ title: "Open", kind: "BAR", settings: { metric: "open" } });
  const place = { x: 0, y: 4, width: 12, height: 2 };
  const moved = await ask(layOut, { id, places: [{ widgetId: second, ...place }] });
  expect(moved.data.dashboardLayoutUpdate.dashboard.widgets).toEqual([
    { id: first.id, x: 8, y: 0 },
    { id: second, x: 0, y: 4 },
  ]);
  expect((await ask(take, { id: second })).data.widgetDelete).toEqual({ widget: null, userErrors: [] });
  expect((await ask(show, { id })).data.dashboard.widgets).toHaveLength(1);
});

it("a layout with a widget of another dashboard moves none", async () => {
  const id = await make("One");
  const own = await makeWidget(id, "Own");
  const foreign = await makeWidget(await make("Two"), "Foreign");
  const place = { x: 3, y: 3, width: 1, height: 1 };
  const { data } = await ask(layOut, { id, places: [own, foreign].map((widgetId) => ({ widgetId, ...place })) });
  expect(data.dashboardLayoutUpdate).toEqual({ dashboard: null, userErrors: [{ code: "NOT_FOUND", path: ["id"] }] });
  expect((await ask(show, { id })).data.dashboard.widgets).toEqual([{ id: own, title: "Own", x: 0, y: 0 }]);
});

it("another organization's ids answer as random ones do", async () => {
  const id = await make("Secret");
  const widget = await makeWidget(id, "Secret");
  const randomOf = (noun: string) => Buffer.from(`${noun}:00000000-0000-4000-8000-000000000000`).toString("base64");
  const place = { x: 0, y: 0, width: 1, height: 1 };
  for (const [query, variables, noun] of [
    [show, {}, "Dashboard"],
    [update, { input: { name: "Taken over" } }, "Dashboard"],
    [remove, {}, "Dashboard"],
    [layOut, { places: [{ widgetId: widget, ...place }] }, "Dashboard"],
    [alter, { input: { title: "Taken over" } }, "Widget"],
    [take, {}, "Widget"],
  ] as const) {
    const foreign = await ask(query, { ...variables, id: noun === "Widget" ? widget : id }, them);
    expect(foreign).toEqual(await ask(query, { ...variables, id: randomOf(noun) }, them));
  }
  const input = (dashboardId: string) => ({ input: { dashboardId, kind: "LINE", title: "Mine" } });
  expect(await ask(put, input(id), them)).toEqual(await ask(put, input(randomOf("Dashboard")), them));
  expect((await ask(show, { id })).data.dashboard).toMatchObject({ name: "Secret", widgets: [{ title: "Secret" }] });
});

it.each([
  [{ title: "" }, ["input", "title"]],
  [{ title: "Wide", x: 9, width: 4 }, ["input"]],
  [{ title: "Negative", y: -1 }, ["input"]],
  [{ title: "List", settings: [] }, ["input", "settings"]],
  [{ title: "Huge", settings: { text: "x".repeat(10_000) } }, ["input", "settings"]],
])("refuses a widget that does not fit: %#", async (fields, path) => {
  const dashboardId = await make(`For ${JSON.stringify(fields).slice(0, 60)}`);
  const { data } = await ask(put, { input: { dashboardId, kind: "LINE", ...fields } });
  expect(data.widgetCreate).toEqual({ widget: null, userErrors: [{ code: "BAD_USER_INPUT", path }] });
});

describe("a dashboard of one's own", () => {
  const users = { vera: randomUUID(), adam: randomUUID() };
  const vera = { id: users.vera, name: "vera@demo.example", role: "VIEWER" as const };
  const adam = { id: users.adam, name: "adam@demo.example" };
  const own = `mutation ($input: DashboardCreateInput!) { dashboardCreate(input: $input) { dashboard { id shared viewerCanUpdate widgets { id title } } ${errors} } }`;
  const names = async (as: object): Promise<string[]> => {
    const { dashboards } = (await ask("{ dashboards { totalCount nodes { name } } }", {}, as)).data;
    expect(dashboards.totalCount).toBe(dashboards.nodes.length);
    return dashboards.nodes.map(({ name }: { name: string }) => name);
  };
  let id: string;
  let widget: string;

  beforeAll(async () => {
    for (const [name, user] of Object.entries(users)) {
      await test.asOwner(
        "INSERT INTO users (organization_id, id, email, name, role) VALUES ($1, $2, $3, $4, 'VIEWER')",
        [test.organizations[0]?.id, user, `${name}@demo.example`, name],
      );
    }
    const made = await ask(own, { input: { name: "Mine", shared: false } }, vera);
    expect(made.data.dashboardCreate).toMatchObject({ dashboard: { shared: false, viewerCanUpdate: true } });
    id = made.data.dashboardCreate.dashboard.id;
    const input = { dashboardId: id, kind: "LINE", title: "Mine" };
    widget = (await ask(put, { input }, vera)).data.widgetCreate.widget.id;
  });

  it("is read and changed by its owner, whatever their role, and by nobody else, also no administrator", async () => {
    const random = { Dashboard: "", Widget: "" };
    for (const noun of ["Dashboard", "Widget"] as const) {
      random[noun] = Buffer.from(`${noun}:${randomUUID()}`).toString("base64");
    }
    const readWidget = "query ($id: ID!) { node(id: $id) { ... on Widget { title dashboard { name } } } }";
    const place = { x: 0, y: 2, width: 3, height: 3 };
    for (const [query, variables, noun] of [
      [show, {}, "Dashboard"],
      [readWidget, {}, "Widget"],
      [update, { input: { description: "Changed" } }, "Dashboard"],
      [layOut, { places: [{ widgetId: widget, ...place }] }, "Dashboard"],
      [alter, { input: { title: "Changed" } }, "Widget"],
      [take, {}, "Widget"],
      [remove, {}, "Dashboard"],
    ] as const) {
      const mine = noun === "Widget" ? widget : id;
      const answers = (one: string, as: object) => ask(query, { ...variables, id: one }, as);
      for (const other of [adam, { ...adam, kind: "API_KEY" as const, id: users.vera }]) {
        expect(await answers(mine, other)).toEqual(await answers(random[noun], other));
      }
      if (query !== take && query !== remove) {
        const answer = JSON.stringify((await answers(mine, vera)).data);
        expect(answer).not.toMatch(/NOT_FOUND|"(?:node|dashboard|widget)":null/);
      }
    }
    const put1 = (dashboardId: string) => ask(put, { input: { dashboardId, kind: "LINE", title: "Put" } }, adam);
    expect(await put1(id)).toEqual(await put1(random.Dashboard));
    const copy = (copyOf: string, n: number) => ask(own, { input: { name: `Copy ${n}`, copyOf } }, adam);
    expect(await copy(id, 1)).toEqual(await copy(random.Dashboard, 2));
    expect(await names(adam)).not.toContain("Mine");
    expect(await names({})).not.toContain("Mine");
    expect(await names(vera)).toContain("Mine");
    expect((await ask(show, { id }, vera)).data.dashboard.widgets).toEqual([
      { id: widget, title: "Changed", x: 0, y: 2 },
    ]);
  });

  it("keeps its name to itself, and begins with the widgets of a shared one where it is a copy", async () => {
    const shared = await make("Mine");
    const title = "On the shared one";
    await makeWidget(shared, title);
    expect((await ask(own, { input: { name: "Mine", shared: false } }, vera)).data.dashboardCreate.userErrors).toEqual([
      { code: "CONFLICT", path: ["input", "name"] },
    ]);
    const input = { name: "My copy", shared: false, copyOf: shared };
    const { dashboard } = (await ask(own, { input }, vera)).data.dashboardCreate;
    expect(dashboard.widgets).toMatchObject([{ title }]);
    await ask(take, { id: dashboard.widgets[0].id }, vera);
    expect((await ask(show, { id: shared })).data.dashboard.widgets).toMatchObject([{ title }]);
    expect((await ask(take, { id: dashboard.id }, vera)).errors[0].extensions.code).toBe("BAD_USER_INPUT");
  });

  it("is shared by whoever may change shared ones, and stays so", async () => {
    const share = (one: string, as: object, shared = true) => ask(update, { id: one, input: { shared } }, as);
    expect((await share(id, vera)).errors[0].extensions.code).toBe("FORBIDDEN");
    const input = { name: "Adam's", shared: false };
    const adams = (await ask(own, { input }, adam)).data.dashboardCreate.dashboard.id;
    expect(await names(vera)).not.toContain("Adam's");
    expect((await share(adams, adam)).data.dashboardUpdate.userErrors).toEqual([]);
    expect(await names(vera)).toContain("Adam's");
    const back = { code: "BAD_USER_INPUT", path: ["input", "shared"] };
    expect((await share(adams, adam, false)).data.dashboardUpdate.userErrors).toEqual([back]);
    const mine = (await ask(own, { input: { name: "Mine", shared: false } }, adam)).data.dashboardCreate.dashboard.id;
    const taken = { code: "CONFLICT", path: ["input", "name"] };
    expect((await share(mine, adam)).data.dashboardUpdate.userErrors).toEqual([taken]);
    const key = await ask(own, { input: { name: "Key's", shared: false } }, { kind: "API_KEY", id: randomUUID() });
    expect(key.data.dashboardCreate.userErrors).toEqual([back]);
  });

  it("goes with its owner", async () => {
    await test.asOwner("DELETE FROM users WHERE id = $1", [users.vera]);
    const left = await test.asOwner<{ name: string }>("SELECT name FROM dashboards WHERE owner_id = $1", [users.vera]);
    expect(left).toEqual([]);
  });
});

it("who only reads may not change", async () => {
  const viewer = { role: "VIEWER" } as const;
  expect((await ask(create, { name: "No" }, viewer)).errors[0].extensions.code).toBe("FORBIDDEN");
  const id = await make("Shared");
  const widget = await makeWidget(id, "Shared");
  for (const [query, variables] of [
    [update, { id, input: { name: "Changed" } }],
    [layOut, { id, places: [] }],
    [alter, { id: widget, input: { title: "Changed" } }],
    [take, { id: widget }],
    [remove, { id }],
    [put, { input: { dashboardId: id, kind: "LINE", title: "Put" } }],
  ] as const) {
    expect((await ask(query, variables, viewer)).errors[0].extensions.code).toBe("FORBIDDEN");
  }
  expect((await ask(show, { id })).data.dashboard).toMatchObject({ name: "Shared", widgets: [{ title: "Shared" }] });
});
