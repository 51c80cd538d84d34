import { setImmediate as breathe } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { memoryInUse } from "../../bench/heap.ts";
import { createApiKey, revokeApiKey } from "../../src/access/api-keys.ts";
import { type TestServer, testServer } from "../support/server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await testServer({ env: { VIGIL_CONNECTION_LIMITS: "viewer=1" } });
});
afterAll(() => server.close());

const keyOf = (name: string): Promise<{ id: string; secret: string }> => {
  const input = { name, role: "ENFORCER" as const, actor: "tester", now: Date.now() };
  return server.app.db.inOrganization(server.ours, (tx) => createApiKey(tx, input));
};
const askAs = (secret: string, query: string, enforcer = "web-1"): Promise<Response> =>
  fetch(`${server.url}/enforce/decisions?enforcer=${enforcer}&program=test/1${query}`, {
    headers: { authorization: `Bearer ${secret}` },
  });

it("answers an enforcer that waits when its time is over, though nothing has changed and memory was collected", async () => {
  const { secret } = await keyOf("app");
  const ask = async (query: string): Promise<{ version: number; decisions: object[] }> => {
    const answer = await askAs(secret, query);
    expect(answer.status).toBe(200);
    return (await answer.json()) as never;
  };
  const { version } = await ask("");
  let isAnswered = false;
  const waiting = ask(`&after=${version}&wait=2`).finally(() => (isAnswered = true));
  await expect.poll(() => server.app.db.connections().open).toBeGreaterThan(0);
  for (let turn = 0; turn < 200 && !isAnswered; turn++) {
    await breathe();
    if (turn % 40 === 0) memoryInUse();
  }
  expect(await waiting).toMatchObject({ version, decisions: [] });
});

it("counts an enforcer that waits among the connections of its key, and ends its waiting when that is revoked", async () => {
  const { id, secret } = await keyOf("revoked");
  const { version } = (await (await askAs(secret, "", "web-2")).json()) as { version: number };
  const wait = `&after=${version}&wait=25`;
  const waiting = askAs(secret, wait, "web-2");
  const { connections } = server.app;
  await expect.poll(() => connections.count(server.ours)).toBe(1);
  const second = await askAs(secret, wait, "web-2");
  expect([second.status, second.headers.get("retry-after")]).toEqual([429, "10"]);
  expect((await askAs(secret, "", "web-2")).status).toBe(200); // who does not wait holds nothing
  const started = Date.now();
  await server.app.db.inOrganization(server.ours, (tx) => revokeApiKey(tx, id, "tester", Date.now()));
  expect((await waiting).status).toBe(401);
  expect(Date.now() - started).toBeLessThan(15_000); // less than it would have waited
  await expect.poll(() => connections.count(server.ours)).toBe(0);
});

describe("an enforcer that cannot be noted", () => {
  const acknowledgeAs = (secret: string, enforcer: string): Promise<Response> =>
    fetch(`${server.url}/enforce/acknowledge`, {
      method: "POST",
      headers: { authorization: `Bearer ${secret}` },
      body: JSON.stringify({ enforcer, program: "test/1", version: 0 }),
    });

  it("gets the list, as one that has got another key, and is told when it acknowledges", async () => {
    const [former, next] = [await keyOf("former"), await keyOf("next")];
    expect((await askAs(former.secret, "", "web-3")).status).toBe(200);
    const answer = await askAs(next.secret, "", "web-3");
    expect([answer.status, await answer.json()]).toMatchObject([200, { full: true }]);
    const refused = await acknowledgeAs(next.secret, "web-3");
    expect([refused.status, (await refused.json()).error.message]).toEqual([
      409,
      "An enforcer with another key goes by the name web-3: give each its own name.",
    ]);
  });

  it("takes the place of those that have been away for a week, where there are a thousand", async () => {
    const { id, secret } = await keyOf("fleet");
    const fill = async (daysAgo: number): Promise<void> => {
      await server.database.asOwner("DELETE FROM enforcers WHERE organization_id = $1", [server.ours]);
      await server.database.asOwner(
        `INSERT INTO enforcers (organization_id, id, name, api_key_id, last_seen_at)
         SELECT $1, gen_random_uuid(), 'pod-' || n, $2, now() - $3 * interval '1 day' FROM generate_series(1, 1000) n`,
        [server.ours, id, daysAgo],
      );
    };
    await fill(6);
    expect((await askAs(secret, "", "new-1")).status).toBe(200);
    expect((await acknowledgeAs(secret, "new-1")).status).toBe(409);
    await fill(8);
    expect((await askAs(secret, "", "new-2")).status).toBe(200);
    expect((await acknowledgeAs(secret, "new-2")).status).toBe(204);
    const names = await server.database.asOwner("SELECT name FROM enforcers WHERE organization_id = $1", [server.ours]);
    expect(names).toEqual([{ name: "new-2" }]);
  });
});
