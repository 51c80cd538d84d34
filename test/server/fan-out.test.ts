/** Many sockets, one execution: who shares what, and that nobody misses, repeats or sees more for it. */
import { getEventListeners, once } from "node:events";
import { parse } from "graphql";
import { v7 as uuidv7 } from "uuid";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";

import { recordChanges } from "../../src/publish/change.ts";
import { schema } from "../../src/schema/schema.ts";
import { createFanOut } from "../../src/server/fan-out.ts";
import { incidentEvents, type metrics } from "../client/operations.ts";
import { seededRandom } from "../generate/random.ts";
import { type Frames, type TestServer, testServer } from "../support/server.ts";

const patient = { timeout: 20_000 };

let server: TestServer;
/** Of ours: an open incident whose subject is a patient. */
let incidentId: string;
beforeAll(async () => {
  server = await testServer({});
  incidentId = uuidv7();
  await server.database.asOwner(
    `INSERT INTO security_incidents (organization_id, id, number, title, severity, status, fingerprint, threat_score,
       subjects, tags, detection_count, event_count, first_event_at, last_event_at, opened_at, created_at, updated_at)
     VALUES ('${server.ours}', '${incidentId}', 900, 'Charts read: PT-1', 'HIGH', 'OPEN', 'charts', 50,
       '[{"kind": "patient.id", "key": "PT-1"}]', '{}', 1, 1, now(), now(), now(), now(), now())`,
  );
});
afterAll(() => server.close());

/** Each a change of the incident, in a transaction of its own. */
async function changes(kinds: readonly string[], id = incidentId): Promise<void> {
  for (const kind of kinds)
    await server.app.change(server.ours, (tx) => recordChanges(tx, [{ topic: "incident", kind, entityId: id }]));
}
const take = async <T>(frames: Frames<T>, count: number): Promise<T[]> => {
  const taken: T[] = [];
  while (taken.length < count) taken.push(await frames.next());
  return taken;
};
/** What comes, as it comes. */
function readAll<T>(frames: Frames<T>): T[] {
  const seen: T[] = [];
  const read = async (): Promise<void> => {
    for (;;) seen.push(await frames.next());
  };
  read().catch(() => undefined); // it was closed
  return seen;
}
const kindsOf = (seen: { incidentEvents: { kind: string } }[]): string[] => seen.map((one) => one.incidentEvents.kind);
const titles =
  "subscription Titles($after: String) { incidentEvents(after: $after) { kind incident { title } } }" as never;
const audited = async (): Promise<number> =>
  (
    await server.database.asOwner<{ n: number }>(
      "SELECT count(*)::int AS n FROM security_audit_log WHERE action = 'PHI_READ'",
    )
  )[0]?.n ?? 0;

it("executes once for all who ask the same, and once more for each who asks otherwise", async () => {
  const after = await server.app.feed.cursor(server.ours);
  const same = await Promise.all(Array.from({ length: 30 }, () => server.subscribe(incidentEvents, { after })));
  const viewer = await server.token("VIEWER");
  const others = [
    server.subscribe(titles, { after }),
    server.subscribe(incidentEvents, { after }, viewer),
    server.subscribe(incidentEvents, { after }, viewer),
  ];
  const all = [...same, ...others] as Frames<{ incidentEvents: { kind: string } }>[];
  const seen = all.map((frames) => readAll(frames));
  await expect.poll(() => server.streams().streams, patient).toBe(3);
  /** Makes a change; how often it was executed until everybody had it. */
  const executedFor = async (kind: string): Promise<number> => {
    const before = server.streams();
    await changes([kind]);
    await expect.poll(() => server.streams().sent, patient).toBe(before.sent + 33);
    return server.streams().executed - before.executed;
  };
  const kinds: string[] = [];
  const next = (): Promise<number> => executedFor(kinds[kinds.push(`K${kinds.length}`) - 1] as string);
  await expect.poll(next, patient).toBe(3); // who is still catching up is shown a change apart from the others
  expect([await next(), await next()]).toEqual([3, 3]);
  await expect.poll(() => seen.map(kindsOf), patient).toEqual(all.map(() => kinds));
  await Promise.all([...same, ...others].map((frames) => frames.close()));
  await expect.poll(() => server.streams().streams, patient).toBe(0);
});

it("gives everybody exactly what comes behind their cursor, whenever they come and go", async () => {
  const chance = seededRandom(7);
  const all = await server.subscribe(incidentEvents, { after: await server.app.feed.cursor(server.ours) });
  const cursors: string[] = [];
  const readers: Promise<void>[] = [];
  const total = 60;
  const kinds = Array.from({ length: total }, (_, n) => `K${n}`);
  const reader = async (from: number): Promise<void> => {
    const frames = server.subscribe(incidentEvents, { after: cursors[from] as string });
    const some = 1 + Math.floor(chance() * (total - from - 2));
    const seen = await take(frames, some);
    await frames.close();
    const last = seen.at(-1)?.incidentEvents.cursor as string; // breaks off, and resumes
    const again = server.subscribe(incidentEvents, { after: last });
    seen.push(...(await take(again, total - from - 1 - some)));
    await again.close();
    expect(kindsOf(seen)).toEqual(kinds.slice(from + 1));
  };
  for (const kind of kinds) {
    await changes([kind]);
    cursors.push((await all.next()).incidentEvents.cursor);
    if (cursors.length < total - 3 && chance() < 0.25) readers.push(reader(Math.floor(chance() * cursors.length)));
  }
  expect(readers.length).toBeGreaterThan(8);
  await Promise.all(readers);
  await all.close();
});

it("shows patients to those who may, written down for each of them, and withholds them from the others", async () => {
  const [analyst, responder, viewer] = await Promise.all(
    (["ANALYST", "ANALYST", "VIEWER"] as const).map((role) => server.token(role)),
  );
  const open = [analyst, responder, viewer].map((token) => server.subscribe(titles, {}, token as string));
  const waiting = open.map((frames) => frames.next());
  await expect.poll(() => server.streams().streams, patient).toBe(2);
  await changes(["SEEN"]);
  const before = await audited();
  const [first, second, withheld] = (await Promise.all(waiting)) as {
    incidentEvents: { incident: { title: string } };
  }[];
  expect(first?.incidentEvents.incident.title).toContain("PT-1");
  expect(second).toEqual(first);
  expect(withheld?.incidentEvents.incident.title).toContain("[withheld]");
  expect(JSON.stringify(withheld)).not.toContain("PT-1");
  const more = open.map((frames) => frames.next());
  await changes(["AGAIN"]);
  await Promise.all(more);
  expect((await audited()) - before).toBeGreaterThanOrEqual(2); // one for each of the analysts
  await Promise.all(open.map((frames) => frames.close()));
});

it("tells only of incidents that fit the filter, missed or live, to all who ask for the same by one stream", async () => {
  const low = uuidv7();
  await server.database.asOwner(
    `INSERT INTO security_incidents (organization_id, id, number, title, severity, status, fingerprint, threat_score,
       subjects, tags, detection_count, event_count, first_event_at, last_event_at, opened_at, created_at, updated_at)
     SELECT organization_id, '${low}', 901, 'Another', 'LOW', status, 'another', 5, '[]', '{}', 1, 1, now(), now(), now(),
       now(), now() FROM security_incidents WHERE id = '${incidentId}'`,
  );
  const document = (of: string) =>
    `subscription ($after: String, $filter: IncidentFilter) { incidentEvents(after: $after, filter: $filter) {
      cursor kind incident { ${of} } } }` as never;
  const [shared, own] = [document("number"), document("number actions { nodes { viewerCanApprove } }")];
  const filter = { severity: { gte: "HIGH" } };
  const from = await server.app.feed.cursor(server.ours);
  const open = [shared, shared, own].map((asked) => server.subscribe(asked, { filter, after: from }));
  const seen = open.map((frames) => readAll(frames as Frames<{ incidentEvents: { kind: string; cursor: string } }>));
  await changes(["LOW"], low);
  await changes(["FIRST", "SECOND"]);
  await expect.poll(() => seen.map(kindsOf), patient).toEqual(seen.map(() => ["FIRST", "SECOND"]));
  const streams = server.streams().streams;
  await changes(["LOWER"], low);
  await changes(["THIRD"]);
  await expect.poll(() => seen.map(kindsOf), patient).toEqual(seen.map(() => ["FIRST", "SECOND", "THIRD"]));
  expect([streams, server.streams().streams]).toEqual([1, 1]);

  const after = seen[0]?.[0]?.incidentEvents.cursor as string;
  for (const asked of [shared, own]) {
    const resumed = server.subscribe(asked, { filter, after });
    expect(kindsOf(await take(resumed as Frames<{ incidentEvents: { kind: string } }>, 2))).toEqual([
      "SECOND",
      "THIRD",
    ]);
    await resumed.close();
    for (const begin of [{}, { after }]) {
      const wrong = server.subscribe(asked, { filter: { ruleId: { eq: "bm9uZTo1" } }, ...begin });
      await expect(wrong.next()).rejects.toThrow("AlertRule");
    }
  }
  await Promise.all(open.map((frames) => frames.close()));
});

it("takes a patient's name in the filter for a reading, and finds nothing by it for whoever may not read", async () => {
  const viewer = await server.token("VIEWER");
  const document =
    `subscription ($filter: IncidentFilter) { incidentEvents(filter: $filter) { kind incident { number } } }` as never;
  const byName = { filter: { words: { has: "patient:PT-1" } } };
  await server.database.asOwner(
    `INSERT INTO incident_terms (organization_id, incident_id, term) VALUES ('${server.ours}', '${incidentId}', 'patient:pt-1')
     ON CONFLICT DO NOTHING`,
  );
  const [may, mayNot, all] = [
    server.subscribe(document, byName),
    server.subscribe(document, byName, viewer),
    server.subscribe(document, {}, viewer),
  ];
  const [seen, unseen, everything] = [may, mayNot, all].map((frames) => readAll(frames as Frames<never>));
  await expect.poll(() => server.streams().streams, patient).toBe(3);
  const before = await audited();
  await changes(["NAMED"]);
  await expect.poll(() => [seen?.length, everything?.length], patient).toEqual([1, 1]);
  expect(await audited()).toBe(before + 1);
  await changes(["AGAIN"]);
  await expect.poll(() => [seen?.length, everything?.length], patient).toEqual([2, 2]);
  expect(unseen).toEqual([]);
  await Promise.all([may, mayNot, all].map((frames) => frames.close()));
});

it("shares with nobody what says what whoever asks may do", async () => {
  const asked =
    "subscription { incidentEvents { kind incident { viewerCanComment actions(first: 1) { nodes { viewerCanApprove } } } } }";
  const analyst = await server.token("ANALYST");
  const frames = [analyst, analyst].map((token) => server.subscribe(asked as never, {}, token));
  const waiting = frames.map((one) => one.next());
  await expect.poll(() => server.streams().streams, patient).toBe(0);
  const seen = Promise.all(waiting) as Promise<unknown[]>;
  let isSeen = false;
  void seen.then(() => (isSeen = true));
  const isSeenByNow = async (): Promise<boolean> => {
    await changes(["MAY"]);
    return isSeen;
  };
  await expect.poll(isSeenByNow, patient).toBe(true);
  for (const one of await seen)
    expect(one).toMatchObject({ incidentEvents: { kind: "MAY", incident: { viewerCanComment: true } } });
  await Promise.all(frames.map((one) => one.close()));
});

it("shows nobody what cannot be written down", async () => {
  const frames = server.subscribe(titles, { after: await server.app.feed.cursor(server.ours) });
  const waiting = frames.next();
  await expect.poll(() => server.streams().streams, patient).toBe(1);
  await server.database.asOwner("REVOKE INSERT ON audit_patients FROM vigil_app");
  try {
    await changes(["HELD"]);
    await expect(waiting).rejects.toThrow(/held back/);
  } finally {
    await server.database.asOwner("GRANT INSERT ON audit_patients TO vigil_app");
  }
  await frames.close();
});

it("W5 keeps organizations apart in a thousand changes of every stream, and shows no row of another by its id", async () => {
  const streams = {
    incident: ["incidentEvents", "incident { number }"],
    alert: ["alertEvents", "alert { id }"],
    decision: ["decisionEvents", "decision { id }"],
  } as const;
  const topics = Object.keys(streams) as (keyof typeof streams)[];
  const kinds = Array.from({ length: 170 }, (_, n) => String(n));
  const after = await server.app.feed.cursor(server.ours);
  const readers = [server.ours, server.theirs].flatMap((organization) =>
    topics.map((topic) => {
      const [field, row] = streams[topic];
      const document = `subscription ($after: String) { ${field}(after: $after) { kind ${row} } }` as never;
      const frames = server.subscribe(
        document,
        { after } as never,
        organization === server.ours ? server.admin : server.outsider,
      );
      return {
        organization,
        topic,
        field,
        frames,
        taken: take<Record<string, unknown>>(frames as never, kinds.length),
      };
    }),
  );
  await expect.poll(() => server.streams().streams, patient).toBe(readers.length);
  // Each names our incident, which theirs may not read: what is shown is read again as the reader.
  const made = [server.ours, server.theirs].map(async (organization) => {
    for (let n = 0; n < kinds.length; n += 10) {
      const rows = kinds.slice(n, n + 10).flatMap((kind) => {
        return topics.map((topic) => ({ topic, kind: `${organization} ${kind}`, entityId: incidentId }));
      });
      await server.app.change(organization, (tx) => recordChanges(tx, rows));
    }
  });
  await Promise.all(made);
  for (const { organization, topic, field, frames, taken } of readers) {
    const row = topic === "incident" && organization === server.ours ? { number: 900 } : null;
    expect(await taken).toEqual(kinds.map((kind) => ({ [field]: { kind: `${organization} ${kind}`, [topic]: row } })));
    await frames.close();
  }
}, 120_000);

it("gives whoever joins a gauge its latest value at once", async () => {
  const hourly = 'subscription { realtimeMetrics(interval: "PT1H") { openIncidents } }' as never as typeof metrics;
  const first = server.subscribe(hourly, {});
  await first.next();
  const before = server.streams().executed;
  const second = server.subscribe(hourly, {});
  expect((await second.next()).realtimeMetrics.openIncidents).toBeGreaterThan(0);
  expect(server.streams().executed).toBe(before);
  await Promise.all([first.close(), second.close()]);
});

it("executes and serialises once for sockets and server-sent events together", async () => {
  const after = await server.app.feed.cursor(server.ours);
  const open = await Promise.all(
    Array.from({ length: 20 }, async (_, n) =>
      n % 2 === 0 ? server.subscribe(incidentEvents, { after }) : server.subscribeSse(incidentEvents, { after }),
    ),
  );
  await expect.poll(() => server.streams().streams, patient).toBe(1);
  // Whoever joins catches up by themselves: all have arrived when they have what was executed once.
  for (let own = 2; own > 1; ) {
    const { executed, sent } = server.streams();
    const waiting = open.map((frames) => take(frames, 1));
    await changes(["A"]);
    for (const seen of await Promise.all(waiting)) expect(kindsOf(seen)).toEqual(["A"]);
    await expect.poll(() => server.streams().sent - sent, patient).toBe(20);
    own = server.streams().executed - executed;
  }
  const waiting = open.map((frames) => take(frames, 2));
  const before = server.streams();
  await changes(["B", "C"]);
  for (const seen of await Promise.all(waiting)) expect(kindsOf(seen)).toEqual(["B", "C"]);
  const { executed, sent } = server.streams();
  expect([executed - before.executed, sent - before.sent]).toEqual([2, 40]);
  await Promise.all(open.map((frames) => frames.close()));
  await expect.poll(() => server.streams().streams, patient).toBe(0);
});

it("runs a live tail's filter once for all who ask the same, whatever the transport", async () => {
  const document = `subscription ($filter: SecurityEventFilter) {
    securityEventStream(filter: $filter) { events { actorName } dropped } }` as never;
  const ask = { filter: { actorName: { eq: "tailed" } } } as never;
  const open = await Promise.all([
    ...Array.from({ length: 4 }, async () => server.subscribe(document, ask)),
    ...Array.from({ length: 4 }, () => server.subscribeSse(document, ask)),
  ]);
  const other = server.subscribe(document, { filter: { actorName: { eq: "tailed otherwise" } } } as never);
  void other.next().catch(() => undefined);
  const waiting = open.map((frames) => frames.next());
  await expect.poll(() => server.streams().streams, patient).toBe(2);
  await expect.poll(() => server.app.connections.count(server.ours), patient).toBeGreaterThanOrEqual(9);
  const before = server.streams();
  await server.failLogins("tailed", { times: 3, from: "198.51.100.77" });
  for (const seen of await Promise.all(waiting)) {
    const events = Array.from({ length: 3 }, () => ({ actorName: "tailed" }));
    expect(seen).toEqual({ securityEventStream: { events, dropped: 0 } });
  }
  const { executed, sent } = server.streams();
  expect([executed - before.executed, sent - before.sent]).toEqual([1, 8]);
  await Promise.all([...open, other].map((frames) => frames.close()));
  const wrong = server.subscribe(document, { filter: { id: { eq: "nonsense" } } } as never);
  await expect(wrong.next()).rejects.toThrow(/id/i);
  await wrong.close();
});

it("writes down the patient for whoever asks for theirs, and for whoever joins a gauge that shows them", async () => {
  const mine = server.subscribe(
    'subscription { securityEventStream(filter: { patientId: { eq: "PT-9" } }) { dropped } }' as never,
    {} as never,
  );
  const seen = mine.next();
  await expect.poll(() => server.streams().streams, patient).toBe(1);
  const before = await audited();
  const chart = { action: "chart.read", actor: { name: "wim" }, target: { type: "record", patientId: "PT-9" } };
  await server.ingest(JSON.stringify(chart));
  await seen;
  expect(await audited()).toBe(before + 1);
  await mine.close();
  const made = async (document: string, variables: object = {}): Promise<string> => {
    const { data } = await server.query(document as never, variables as never);
    const [{ made }] = Object.values(data as object) as [{ made: { id: string } }];
    return made.id;
  };
  const board = await made('mutation { dashboardCreate(input: { name: "charts" }) { made: dashboard { id } } }');
  const widget = await made(
    "mutation ($input: WidgetCreateInput!) { widgetCreate(input: $input) { made: widget { id } } }",
    { input: { dashboardId: board, kind: "FEED", title: "charts", settings: { first: 50 } } },
  );
  const feed = `subscription { widgetData(id: "${widget}", interval: "PT1H") { incidents { title } } }` as never;
  const first = server.subscribe(feed, {} as never);
  expect(JSON.stringify(await first.next())).toContain("PT-1");
  const once = await audited();
  const second = server.subscribe(feed, {} as never);
  expect(JSON.stringify(await second.next())).toContain("PT-1");
  expect(await audited()).toBe(once + 1);
  await Promise.all([first.close(), second.close()]);
});

describe("who reads too slowly", () => {
  const aliases = Array.from({ length: 12 }, (_, n) => `t${n}: title`).join(" ");
  const large = `subscription ($after: String) { incidentEvents(after: $after) { kind incident { ${aliases} } } }`;
  const flood = Array.from({ length: 60 }, (_, n) => `LARGE_${n}`); // 0.6 MB each: more than the limit and the kernel hold
  beforeAll(() =>
    server.database.asOwner("UPDATE security_incidents SET title = repeat('0123456789', 5000) WHERE id = $1", [
      incidentId,
    ]),
  );

  it("W7 is told by code 1013 on a socket, and holds up nobody else", async () => {
    const socket = new WebSocket(`${server.url.replace("http", "ws")}/graphql`, "graphql-transport-ws");
    const kinds: string[] = [];
    socket.on("message", (data) => kinds.push(/"kind":"(\w+)"/.exec(String(data).slice(0, 500))?.[1] ?? "other"));
    await once(socket, "open");
    socket.send(JSON.stringify({ type: "connection_init", payload: { authorization: `Bearer ${server.admin}` } }));
    await once(socket, "message");
    const after = await server.app.feed.cursor(server.ours);
    const quick = server.subscribe(incidentEvents, { after });
    socket.send(JSON.stringify({ type: "subscribe", id: "1", payload: { query: large, variables: { after } } }));
    const taken = take(quick, flood.length + 1);
    await expect.poll(() => server.streams().streams, patient).toBe(2);
    await changes(["SMALL"]);
    await expect.poll(() => kinds, patient).toContain("SMALL");
    socket.pause();
    await changes(flood);
    expect(kindsOf(await taken)).toEqual(["SMALL", ...flood]);
    const closed = once(socket, "close");
    socket.resume();
    const [code, reason] = await closed;
    expect([code, String(reason)]).toEqual([1013, "Too slow: resume from a cursor"]);
    const seen = kinds.filter((kind) => kind.startsWith("LARGE"));
    expect(seen).toEqual(flood.slice(0, seen.length)); // what came before is whole
    expect(seen.length).toBeLessThan(flood.length);
    await quick.close();
  });

  it("is told by a last error in server-sent events", async () => {
    const answer = await fetch(`${server.url}/graphql`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${server.admin}`,
        "content-type": "application/json",
        accept: "text/event-stream",
      },
      body: JSON.stringify({ query: large, variables: { after: await server.app.feed.cursor(server.ours) } }),
    });
    await expect.poll(() => server.streams().streams, patient).toBe(1);
    await changes(flood); // before anything is read
    await expect.poll(() => server.streams().streams, patient).toBe(0);
    const text = await answer.text();
    expect(text).toContain('"kind":"LARGE_0"');
    expect(text.slice(-1_000)).toMatch(/Too slow: resume from a cursor.*"code":"UNAVAILABLE"/);
  });
});

it("what is refused to follow leaves nothing behind that waits for the server's end", async () => {
  const closing = new AbortController().signal;
  const fanOut = createFanOut((error) => error as Error, closing);
  const document = parse('subscription { realtimeMetrics(interval: "PT0S") { at } }');
  const viewer = { organizationId: server.ours, kind: "USER", role: "ADMIN" };
  const context = { viewer, services: { gauges: { follow: () => undefined } }, closing } as never;
  const joined = await fanOut.join({ schema, document }, { context, send: () => {}, end: () => {} });
  expect(joined).toBeUndefined(); // it is executed, and told what is wrong, on its own
  expect(fanOut.counts().streams).toBe(0);
  expect(getEventListeners(closing, "abort")).toEqual([]);
});
