import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { detections, incidents } from "./client/operations.ts";
import { ndjson, type TestServer, testServer } from "./support/server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await testServer({});
});
afterAll(() => server.close());

const hour = 3_600_000;
const austin = { ip: "198.51.100.4", country: "US", city: "Austin", lat: 30.27, lon: -97.74 };
const lagos = { ip: "203.0.113.9", country: "NG", city: "Lagos", lat: 6.45, lon: 3.39 };
const now = Date.now();

function logIns(user: string, times: number) {
  return Array.from({ length: times }, (_, n) => logIn(user, austin, now - (times + 2 - n) * hour));
}

function logIn(user: string, source: object, time: number) {
  const who = { actor: { name: user, roles: ["nurse"] }, source };
  return { action: "login", category: "authentication", outcome: "success", time, ...who };
}

describe("a user who cannot have travelled so", () => {
  it("makes one incident with both places, the distance and the time, in whichever batches the log-ins come", async () => {
    const [first, ...rest] = logIns("ann", 10);
    await server.ingest(ndjson([first]));
    await server.ingest(ndjson([...rest, logIn("ann", lagos, now - 1.5 * hour)]));
    await server.ingest(ndjson([logIn("ann", lagos, now - hour)]));
    const { nodes } = (await server.query(incidents, {})).data.incidents;
    expect(nodes.map(({ rule, severity, subjects }) => [rule?.name, severity, subjects[0]?.key])).toEqual([
      ["Impossible travel", "HIGH", "ann"],
    ]);
    const found = (await server.query(detections, { first: 10 })).data.detections.nodes;
    // Half an hour apart: two detections of the one incident.
    expect(found.map(({ explanation }) => explanation)).toEqual([
      expect.stringContaining(
        "log-in from Lagos, NG, at least 10,604 km from Austin, US, where the user was 2 h before",
      ),
      expect.stringContaining("where the user was 90 min before: nobody travels at 7,069 km/h"),
    ]);
  });

  it("is not judged before ten log-ins, nor by what another organization knows", async () => {
    const before = (await server.query(incidents, {})).data.incidents.totalCount;
    await server.ingest(ndjson([...logIns("bob", 8), logIn("bob", lagos, now - hour)]));
    await server.ingest(ndjson([logIn("ann", lagos, now - 2 * hour)]), {}, server.otherKey);
    await server.ingest(ndjson([logIn("ann", austin, now - hour)]), {}, server.otherKey);
    expect((await server.query(incidents, {})).data.incidents.totalCount).toBe(before);
    expect((await server.query(incidents, {}, server.outsider)).data.incidents.totalCount).toBe(0);
  });
});
