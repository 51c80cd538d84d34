import { setImmediate as breathe } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { memoryInUse } from "../../bench/heap.ts";
import { createApiKey } from "../../src/access/api-keys.ts";
import { type TestServer, testServer } from "../support/server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await testServer({});
});
afterAll(() => server.close());

it("answers an enforcer that waits when its time is over, though nothing has changed and memory was collected", async () => {
  const input = { name: "app", role: "ENFORCER" as const, actor: "tester", now: Date.now() };
  const { secret } = await server.app.db.inOrganization(server.ours, (tx) => createApiKey(tx, input));
  const ask = async (query: string): Promise<{ version: number; decisions: object[] }> => {
    const answer = await fetch(`${server.url}/enforce/decisions?enforcer=web-1&program=test/1${query}`, {
      headers: { authorization: `Bearer ${secret}` },
    });
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
