import { afterAll, beforeAll, expect, it } from "vitest";
import { type TestDatabase, testDatabase } from "../support/database.ts";
import { type Answer, asker } from "./ask.ts";

let test: TestDatabase;
let ask: ReturnType<typeof asker>;
let ann: { id: string; organizationId: string };
let bob: { id: string; organizationId: string };
let eve: { id: string; organizationId: string };

beforeAll(async () => {
  test = await testDatabase();
  ask = asker(test);
  const [ours, theirs] = test.organizations.map(({ id }) => id) as [string, string];
  const user = async (organizationId: string, email: string) => {
    const [row] = await test.asOwner<{ id: string }>(
      "INSERT INTO users (organization_id, id, email, name, role) VALUES ($1, gen_random_uuid(), $2, $2, 'VIEWER') RETURNING id",
      [organizationId, email],
    );
    const id = row?.id as string;
    await test.asOwner(
      `INSERT INTO security_notifications (organization_id, id, user_id, kind, priority, title, body, created_at, expires_at)
       SELECT $1, gen_random_uuid(), $2, 'incident.assigned', 'HIGH', $3 || n, '', now() - n * interval '1 minute',
         CASE n WHEN 4 THEN now() - interval '1 second' WHEN 3 THEN now() + interval '1 hour' END
       FROM generate_series(1, 4) n`,
      [organizationId, id, email],
    );
    return { id, organizationId };
  };
  ann = await user(ours, "ann");
  bob = await user(ours, "bob");
  eve = await user(theirs, "eve");
});
afterAll(() => test.close());

const list = "query ($unread: Boolean) { notifications(unread: $unread) { totalCount nodes { id title readAt } } }";
const mark = "mutation ($id: ID!) { notificationMarkRead(id: $id) { notification { readAt } userErrors { code } } }";
const titles = async (as: object, unread?: boolean): Promise<string[]> =>
  (await ask(list, { unread }, as)).data.notifications.nodes.map((node: { title: string }) => node.title);

it("a user sees the own notifications, the latest first, without the expired", async () => {
  expect(await titles(ann)).toEqual(["ann1", "ann2", "ann3"]);
  expect(await titles(bob)).toEqual(["bob1", "bob2", "bob3"]);
  expect(await titles(eve)).toEqual(["eve1", "eve2", "eve3"]);
});

it("one is marked as read once, with an audit entry, and another's id is as unknown as a random one", async () => {
  const [first] = (await ask(list, {}, ann)).data.notifications.nodes as Answer[];
  const { readAt } = (await ask(mark, { id: first.id }, ann)).data.notificationMarkRead.notification;
  expect((await ask(mark, { id: first.id }, ann)).data.notificationMarkRead.notification.readAt).toBe(readAt);
  expect(await titles(ann, true)).toEqual(["ann2", "ann3"]);
  expect(await titles(ann, false)).toEqual(["ann1"]);
  const random = Buffer.from("Notification:00000000-0000-4000-8000-000000000000").toString("base64");
  const unknown = await ask(mark, { id: random }, bob);
  expect(unknown.data.notificationMarkRead.userErrors).toEqual([{ code: "NOT_FOUND" }]);
  for (const other of [bob, eve]) {
    expect(await ask(mark, { id: first.id }, other)).toEqual(unknown);
    expect((await ask("query ($id: ID!) { node(id: $id) { id } }", { id: first.id }, other)).data.node).toBeNull();
  }
  const entries = await test.asOwner("SELECT actor FROM security_audit_log WHERE action = 'NOTIFICATION_READ'");
  expect(entries).toHaveLength(2);
});

it("all are marked as read that were there when the list was read, and none that has come since", async () => {
  const [newest, seen] = (await ask("{ notifications { nodes { createdAt } } }", {}, eve)).data.notifications.nodes;
  const upTo = "mutation ($upTo: DateTime) { notificationsMarkAllRead(upTo: $upTo) { count } }";
  expect((await ask(upTo, { upTo: seen.createdAt }, eve)).data.notificationsMarkAllRead.count).toBe(3); // with the expired
  expect(await titles(eve, true)).toEqual(["eve1"]);
  expect(newest.createdAt > seen.createdAt).toBe(true);
  await test.asOwner("UPDATE security_notifications SET read_at = NULL WHERE user_id = $1", [eve.id]);
});

it("all are marked as read, nobody else's", async () => {
  const all = "mutation { notificationsMarkAllRead { count } }";
  expect((await ask(all, {}, bob)).data.notificationsMarkAllRead.count).toBe(4);
  expect((await ask(all, {}, bob)).data.notificationsMarkAllRead.count).toBe(0);
  expect(await titles(bob, true)).toEqual([]);
  expect(await titles(eve, true)).toHaveLength(3);
});

it("programs have none", async () => {
  const { errors } = await ask(list, {}, { kind: "API_KEY", role: "INGEST", id: ann.id });
  expect(errors[0].extensions.code).toBe("FORBIDDEN");
});
