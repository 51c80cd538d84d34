/** A guard of the hot path of queries that measures no time: what a page allocates, beside its answer as JSON. */
import pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { makeIncidents, vigilQuery } from "../../bench/query-data.ts";
import { allocatedBy } from "../support/allocations.ts";
import { executor } from "../support/executor.ts";
import { type TestServer, testServer } from "../support/server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await testServer({});
  const owner = new pg.Client({ connectionString: server.database.ownerUrl });
  await owner.connect();
  await makeIncidents(owner as never, server.ours, 200);
  await owner.end();
});
afterAll(() => server.close());

it("answers a page of fifty incidents with what hangs on them for 4.3 times (and a fifth) what reading and writing it as JSON allocates", async () => {
  const ask = executor(server.app, server.ours);
  const page = async (): Promise<string> => (await ask(vigilQuery)).text();
  for (let time = 0; time < 50; time++) await page();
  const text = await page();
  expect((JSON.parse(text) as { data: { incidents: { nodes: unknown[] } } }).data.incidents.nodes).toHaveLength(50);
  const times = 100;
  const readAndWritten = await allocatedBy(() => {
    for (let time = 0; time < times; time++) JSON.stringify(JSON.parse(text));
  });
  const asked = await allocatedBy(async () => {
    for (let time = 0; time < times; time++) await page();
  });
  expect(asked / readAndWritten).toBeLessThan(1.2 * 4.3);
}, 120_000);
