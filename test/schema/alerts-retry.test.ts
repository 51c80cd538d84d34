import { v7 as uuidv7 } from "uuid";
import { afterAll, beforeAll, expect, it } from "vitest";
import { maker } from "../alert/made.ts";
import { type TestDatabase, testDatabase } from "../support/database.ts";
import { asker } from "./ask.ts";

let test: TestDatabase;
let ask: ReturnType<typeof asker>;
let made: ReturnType<typeof maker>;
let incident: string;

beforeAll(async () => {
  test = await testDatabase();
  ask = asker(test);
  made = maker(test, test.organizations[0]?.id as string);
  incident = await made.incident({ number: 1 });
});
afterAll(() => test.close());

const retry = `mutation ($input: AlertsRetryInput!) { alertsRetry(input: $input) {
  retried alerts { id status tries } userErrors { code message path } } }`;
const globalId = (id: string, type = "Alert"): string => Buffer.from(`${type}:${id}`).toString("base64");

it("alerts that failed are sent again by id, all or none, with an audit entry that names them, and whoever follows alerts is told", async () => {
  const failed = await made.alert(incident, "FAILED");
  const sent = await made.alert(incident, "SENT");
  const unknown = (await ask(retry, { input: { ids: [globalId(failed), globalId(uuidv7())] } })).data.alertsRetry;
  expect(unknown).toMatchObject({ retried: 0, userErrors: [{ code: "NOT_FOUND", path: ["input", "ids"] }] });
  const { retried, alerts } = (await ask(retry, { input: { ids: [globalId(failed), globalId(sent)] } })).data
    .alertsRetry;
  expect({ retried, alerts }).toEqual({ retried: 1, alerts: [{ id: globalId(failed), status: "QUEUED", tries: 0 }] });
  const entries = await test.asOwner<{ detail: object }>(
    "SELECT detail FROM security_audit_log WHERE action = 'ALERTS_RETRIED'",
  );
  expect(entries).toEqual([{ detail: { count: 1, alerts: [failed] } }]);
  const told = "SELECT kind FROM changes WHERE topic = 'alert' AND entity_id = ANY ($1)";
  expect(await test.asOwner(told, [[failed, sent]])).toEqual([{ kind: "QUEUED" }]);
});

it("alerts are sent again by a filter: those that failed or are held, and no others", async () => {
  const old = new Date(Date.now() - 86_400_000);
  const failed = await made.alert(incident, "FAILED", old);
  const held = await made.alert(incident, "HELD", old);
  const recent = await made.alert(incident, "FAILED");
  await made.alert(incident, "DELIVERED", old);
  const filter = { createdAt: { lte: old.toISOString() } };
  const byFilter = (await ask(retry, { input: { filter } })).data.alertsRetry;
  expect(byFilter.retried).toBe(2);
  expect(byFilter.alerts.map(({ id }: { id: string }) => id).sort()).toEqual([globalId(failed), globalId(held)].sort());
  const of = { incidentId: { eq: globalId(incident, "Incident") }, status: { eq: "FAILED" } };
  expect((await ask(retry, { input: { filter: of } })).data.alertsRetry.alerts).toMatchObject([
    { id: globalId(recent) },
  ]);
});

it("another organization's alerts are not there to retry, and a viewer may not", async () => {
  const failed = await made.alert(incident, "FAILED");
  const them = { organizationId: test.organizations[1]?.id as string };
  const foreign = (await ask(retry, { input: { ids: [globalId(failed)] } }, them)).data.alertsRetry;
  expect(foreign.userErrors).toMatchObject([{ code: "NOT_FOUND" }]);
  expect((await ask(retry, { input: { filter: {} } }, them)).data.alertsRetry.retried).toBe(0);
  const { errors } = await ask(retry, { input: { filter: {} } }, { role: "VIEWER" });
  expect(errors[0].extensions.code).toBe("FORBIDDEN");
});

it.each([{}, { ids: [], filter: {} }, { ids: [] }])("an input of %j says nothing, and is refused", async (input) => {
  const { userErrors } = (await ask(retry, { input })).data.alertsRetry;
  expect(userErrors).toMatchObject([{ code: "BAD_USER_INPUT" }]);
});

it("alerts are counted by channel and status", async () => {
  const from = new Date(Date.now() - 365 * 86_400_000);
  const counted = `query ($range: TimeRangeInput!) { alertCounts(range: $range) { channel { name } status alerts oldest } }`;
  const [of, at] = [await made.incident({ number: 2 }), new Date(from.getTime() + 60_000)];
  for (const status of ["FAILED", "FAILED", "SENT"]) await made.alert(of, status, at);
  const range = { from: from.toISOString(), to: new Date(from.getTime() + 120_000).toISOString() };
  expect((await ask(counted, { range })).data.alertCounts).toEqual([
    { channel: { name: "post" }, status: "SENT", alerts: 1, oldest: at.toISOString() },
    { channel: { name: "post" }, status: "FAILED", alerts: 2, oldest: at.toISOString() },
  ]);
  const them = { organizationId: test.organizations[1]?.id as string };
  expect((await ask(counted, { range }, them)).data.alertCounts).toEqual([]);
});
