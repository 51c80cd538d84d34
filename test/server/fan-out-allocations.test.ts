/** A guard of the hot path of streams that measures no time: what one more socket costs the server for each change. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { makeIncident } from "../../bench/query-data.ts";
import type { Heard } from "../../bench/stream.ts";
import { recordChanges } from "../../src/publish/change.ts";
import { allocatedBy } from "../support/allocations.ts";
import { type TestServer, testServer } from "../support/server.ts";

const script = join(import.meta.dirname, "../../bench/stream-followers.ts");
const changes = 100;

let server: TestServer;
let incidentId: string;
beforeAll(async () => {
  const limits = { VIGIL_CONNECTION_LIMITS: "viewer=1000,address=1000,organization=1000" };
  server = await testServer({ env: limits });
  incidentId = await makeIncident({ query: server.database.asOwner }, server.ours);
  await server.database.asOwner("UPDATE security_incidents SET title = 'Brute force: t1234567890'"); // what followers look for
});
afterAll(() => server.close());

/** Bytes that the server allocates for so many changes until each of so many sockets, in another process, has heard of all. */
async function allocatedFor(sockets: number): Promise<number> {
  const [port, token] = [new URL(server.url).port, await server.token("ANALYST")];
  const followers = fork(script, [port, token, String(sockets)], { execArgv: ["--import", "tsx"] });
  try {
    await once(followers, "message");
    await heardBy(followers, sockets, 20); // warms up
    const bytes: number[] = [];
    for (let time = 0; time < 5; time++) bytes.push(await allocatedBy(() => heardBy(followers, sockets, changes)));
    return Math.min(...bytes); // what else the server does now and then is not the sockets'
  } finally {
    followers.kill();
  }
}

/** So many changes in one transaction, until everybody has them. */
async function heardBy(followers: ChildProcess, sockets: number, count: number): Promise<void> {
  await server.app.change(server.ours, (tx) =>
    recordChanges(
      tx,
      Array.from({ length: count }, () => ({ topic: "incident" as const, kind: "OPENED", entityId: incidentId })),
    ),
  );
  let heard = 0;
  await expect
    .poll(
      async () => {
        followers.send("what was heard");
        const [{ incidents }] = (await once(followers, "message")) as [Heard];
        heard += incidents.length;
        return heard;
      },
      { interval: 100, timeout: 30_000 },
    )
    .toBe(sockets * count);
}

it("allocates 870 bytes (and a fifth) for a change to one socket more", async () => {
  const [few, many] = [50, 350];
  const more = (await allocatedFor(many)) - (await allocatedFor(few));
  expect(more / ((many - few) * changes)).toBeLessThan(1.2 * 870);
}, 120_000);
