import { afterAll, beforeAll, expect, it } from "vitest";
import { type TestServer, testServer } from "../support/server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await testServer({});
});
afterAll(() => server.close());

const exported = async (token: string): Promise<{ status: number; text: string }> => {
  const answer = await fetch(`${server.url}/audit/export`, { headers: { authorization: `Bearer ${token}` } });
  return { status: answer.status, text: await answer.text() };
};
const refusals = () =>
  server.database.asOwner(
    "SELECT FROM security_audit_log WHERE action = 'PERMISSION_REFUSED' AND organization_id = $1",
    [server.ours],
  );

it("is refused to whoever may not have it, and noted once, however often they ask", async () => {
  const viewer = await server.token("VIEWER");
  const answers = await Promise.all(Array.from({ length: 100 }, () => exported(viewer)));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([403]));
  expect(await refusals()).toHaveLength(1);
});
