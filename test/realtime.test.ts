import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { incidentEvents, metrics } from "./client/operations.ts";
import { type Frames, type TestServer, testServer } from "./support/server.ts";

type Open = (after: string, as?: string) => Promise<Frames<{ incidentEvents: Event }>>;
interface Event {
  cursor: string;
  kind: string;
  incident?: { id: string; number: number; severity: string; status: string } | null;
}

let server: TestServer;
beforeAll(async () => {
  server = await testServer({});
});
afterAll(() => server.close());

const transports: [string, Open][] = [
  ["WebSocket", async (after, as) => server.subscribe(incidentEvents, { after }, as)],
  ["server-sent events", (after, as) => server.subscribeSse(incidentEvents, { after }, as)],
];

describe.each(transports)("incidentEvents over %s", (transport, open) => {
  const user = (name: string) => `${name} ${transport}`;

  it("delivers an opened incident to who waits, and after a break exactly what was missed", async () => {
    const live = await open(await server.app.feed.cursor(server.ours));
    const waiting = live.next();
    await server.failLogins(user("ann"), { times: 10 });
    const { incidentEvents: seen } = await waiting;
    expect(seen).toMatchObject({ kind: "OPENED", incident: { severity: "HIGH", status: "OPEN" } });
    await live.close();
    const number = seen.incident?.number ?? 0;
    await server.failLogins(user("bob"), { times: 10 });
    await server.failLogins(user("carol"), { times: 10 });
    const resumed = await open(seen.cursor);
    const missed = [await resumed.next(), await resumed.next()];
    await server.failLogins(user("dan"), { times: 10 });
    missed.push(await resumed.next()); // were one repeated or lost, this would not be dan's
    await resumed.close();
    expect(missed.map((frame) => [frame.incidentEvents.kind, frame.incidentEvents.incident?.number])).toEqual(
      [1, 2, 3].map((n) => ["OPENED", number + n]),
    );
    const again = await open(missed[1]?.incidentEvents.cursor as string);
    expect((await again.next()).incidentEvents).toEqual(missed[2]?.incidentEvents);
    await again.close();
  });

  it("never crosses from one organization to another, whoever's cursor is used", async () => {
    const after = await server.app.feed.cursor(server.ours);
    const [mine, theirs] = [await open(after), await open(after, server.outsider)];
    const [seen, foreign] = [mine.next(), theirs.next()];
    await server.failLogins(user("grace"), { times: 10 });
    const ours = (await seen).incidentEvents.incident;
    // Theirs comes later in the same feed: were ours let through, it would be the first frame.
    await server.failLogins(user("heidi"), { times: 10, as: server.otherKey });
    const other = (await foreign).incidentEvents.incident;
    expect(other?.id).not.toBe(ours?.id);
    const [row] = await server.database.asOwner<{ organization_id: string }>(
      "SELECT organization_id FROM changes ORDER BY xid DESC, id DESC LIMIT 1",
    );
    expect(row?.organization_id).toBe(server.theirs);
    // And ours goes on with ours, not with what they had in between.
    const next = mine.next();
    await server.failLogins(user("ivan"), { times: 10 });
    expect((await next).incidentEvents.incident?.number).toBe((ours?.number ?? 0) + 1);
    await mine.close();
    await theirs.close();
  });

  it("says that a made-up cursor is none", async () => {
    const frames = await open("nonsense");
    await expect(frames.next()).rejects.toThrow(/cursor/);
  });
});

describe("subscriptions", () => {
  it("give the metrics' present value at once, and count what happens", async () => {
    const before = server.subscribe(metrics, {}, server.outsider);
    const { openIncidents } = (await before.next()).realtimeMetrics;
    await server.failLogins("judy", { times: 10, as: server.otherKey });
    let latest = (await before.next()).realtimeMetrics;
    while (latest.openIncidents === openIncidents) latest = (await before.next()).realtimeMetrics;
    expect(latest).toMatchObject({ openIncidents: openIncidents + 1, activeThreats: openIncidents + 1 });
    expect(latest.eventsPerSecond).toBeGreaterThan(0);
    await before.close();
  });

  it("are refused without a token, with a bad one, and to a key that may only send", async () => {
    for (const bad of ["", "nobody"]) {
      await expect(server.subscribe(metrics, {}, bad).next()).rejects.toMatchObject({ code: 4403 });
    }
    await expect(server.subscribe(metrics, {}, server.key).next()).rejects.toThrow(/INGEST|may not/);
    await expect(server.subscribeSse(metrics, {}, "nobody")).rejects.toThrow(/UNAUTHENTICATED/);
  });
});
