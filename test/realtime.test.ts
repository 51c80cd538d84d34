import { v7 as uuidv7 } from "uuid";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureUser } from "../src/access/users.ts";
import { announceRestore } from "../src/commands/restored.ts";
import { createMetricHistory, forgetHistory } from "../src/metric-history.ts";
import { recordChanges } from "../src/publish/change.ts";
import { decodeCursor, encodeCursor } from "../src/publish/cursor.ts";
import { readList } from "../src/respond/list.ts";
import { incidentEvents, metrics } from "./client/operations.ts";
import { quiet } from "./support/database.ts";
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

  it("W9 delivers an opened incident to who waits, and after a break exactly what was missed", async () => {
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

describe("a database that was restored into a cluster which counts its transactions from the start", () => {
  const kinds = async (after: string | undefined, count: number): Promise<string[]> => {
    const seen: string[] = [];
    const end = new AbortController();
    for await (const { kind } of server.app.feed.follow(server.ours, "decision", after, end.signal)) {
      seen.push(kind);
      if (seen.length === count) end.abort();
    }
    return seen;
  };
  const change = (kind: string) =>
    server.app.change(server.ours, (tx) => recordChanges(tx, [{ topic: "decision", kind, entityId: uuidv7() }]));

  it("tells followers from before to start anew, serves new ones, and forgets what is left of the old feed", async () => {
    await change("BEFORE");
    const oldCursor = await server.app.feed.cursor(server.ours);
    await change("LATER");
    // As if the former cluster had counted on to four billion: its rows, its cursors and what it had forgotten.
    await server.database.asOwner("UPDATE changes SET xid = (xid::text::bigint + 4000000000)::text::xid8");
    const forgotten = "UPDATE organizations SET feed_forgotten_xid = '4000000000', feed_forgotten_id = 1 WHERE id = $1";
    await server.database.asOwner(forgotten, [server.ours]);
    const { xid, id } = decodeCursor(oldCursor);
    const ahead = encodeCursor({ xid: String(BigInt(xid) + 4_000_000_000n), id });
    expect(await kinds(ahead, 1)).toEqual(["CURSOR_EXPIRED"]);

    const after = await server.app.feed.cursor(server.ours);
    const news = kinds(after, 2);
    await change("FIRST");
    await change("SECOND");
    expect(await news).toEqual(["FIRST", "SECOND"]);
    await server.app.sweep.forget();
    expect(await kinds(after, 2)).toEqual(["FIRST", "SECOND"]);
    const left = await server.database.asOwner<{ kind: string }>("SELECT kind FROM changes WHERE topic = 'decision'");
    expect(left.map(({ kind }) => kind).sort()).toEqual(["FIRST", "SECOND"]);
  });

  it("is told so by the command: enforcers' lists become newer, and every cursor from before ends", async () => {
    const listed = async () => (await readList(server.app.db, server.ours, { now: Date.now() })).version;
    const [before, cursor] = [await listed(), await server.app.feed.cursor(server.ours)];
    const lines: string[] = [];
    await announceRestore(server.app, server.ours, (line) => lines.push(line));
    const version = await listed();
    expect(version).toBeGreaterThan(before + 1_000_000_000);
    expect(lines.join()).toContain(String(version));
    expect(lines.join()).toContain("the checkpoint file knows no more than the audit log");
    expect(await kinds(cursor, 1)).toEqual(["CURSOR_EXPIRED"]);
    // In tests others use the cluster, too: while a transaction that began before is open, cursors stand before the restore.
    const forgotten = "SELECT feed_forgotten_xid::text AS xid FROM organizations WHERE id = $1";
    const [row] = await server.database.asOwner<{ xid: string }>(forgotten, [server.ours]);
    const standsAt = async () => BigInt(decodeCursor(await server.app.feed.cursor(server.ours)).xid);
    await expect.poll(standsAt, { timeout: 30_000 }).toBeGreaterThanOrEqual(BigInt(row?.xid ?? 0));
    const news = kinds(await server.app.feed.cursor(server.ours), 1);
    await change("AFTER");
    expect(await news).toEqual(["AFTER"]);
    const audited = "SELECT 1 FROM security_audit_log WHERE action = 'DATABASE_RESTORED' AND organization_id = $1";
    expect(await server.database.asOwner(audited, [server.ours])).toHaveLength(1);
  });
});

describe("the live tail", () => {
  interface Page {
    securityEventStream: { events: { actorName: string; patientId: string | null }[]; dropped: number };
  }
  const tail = (filter: object, as?: string): Frames<Page> =>
    server.subscribe(
      `subscription ($filter: SecurityEventFilter) {
        securityEventStream(filter: $filter) { events { actorName patientId } dropped } }` as never,
      { filter } as never,
      as,
    );
  const long = { timeout: 20_000 };
  const waits = async () => expect.poll(() => server.app.connections.count(server.ours), long).toBeGreaterThan(0);

  it("shows the events that fit as they come, and counts what is too much at once", async () => {
    const all = tail({ actorName: { startsWith: "tail" } });
    const none = tail({ actorName: { eq: "nobody" } });
    const theirs = tail({}, server.outsider);
    const [first, foreign] = [all.next(), theirs.next()];
    none.next().catch(() => undefined);
    await waits();
    await expect
      .poll(async () => {
        await server.failLogins("tail zoe", { times: 1 });
        return Promise.race([first, undefined]);
      }, long)
      .toMatchObject({ securityEventStream: { events: [{ actorName: "tail zoe", patientId: null }], dropped: 0 } });
    await server.failLogins("tail yan", { times: 150, from: "198.51.100.7" });
    let page = (await all.next()).securityEventStream;
    while (!page.events.some(({ actorName }) => actorName === "tail yan"))
      page = (await all.next()).securityEventStream;
    expect(page.events).toHaveLength(100);
    expect(page.dropped).toBeGreaterThanOrEqual(50); // the last of zoe's may be among them
    await server.failLogins("their xia", { times: 1, as: server.otherKey });
    expect((await foreign).securityEventStream.events).toEqual([{ actorName: "their xia", patientId: null }]);
    for (const frames of [all, none, theirs]) await frames.close();
  });

  it("opens a patient's data to whoever may read it, and writes down that it did", async () => {
    const stream = (fields: string, as?: string) =>
      server.subscribe<{ securityEventStream: { events: object[] } }, object>(
        `subscription { securityEventStream(filter: { action: { eq: "tail.read" } }) { events { ${fields} } } }` as never,
        {},
        as,
      );
    const doctor = stream("phi { patientId }");
    const viewer = stream("isWithheld patientId", await server.token("VIEWER"));
    const both = Promise.all([doctor.next(), viewer.next()]);
    await waits();
    const event = {
      action: "tail.read",
      actor: { name: "wim" },
      target: { type: "record", patientId: "patient-tail" },
    };
    await expect
      .poll(async () => {
        await server.ingest(JSON.stringify(event));
        return (await Promise.race([both, undefined]))?.map(({ securityEventStream: { events } }) => events[0]);
      }, long)
      .toEqual([{ phi: { patientId: "patient-tail" } }, { isWithheld: true, patientId: null }]);
    const read = await server.database.asOwner("SELECT FROM security_audit_log WHERE action = 'PHI_READ'");
    expect(read.length).toBeGreaterThan(0);
    await doctor.close();
    await viewer.close();
  });

  it("is refused to whoever may not read events", async () => {
    await expect(tail({}, server.key).next()).rejects.toThrow(/INGEST|may not/);
  });
});

describe("the change feed over plain HTTP", () => {
  interface Changes {
    changes: { cursor: string; kind: string; id: string | null }[];
    cursor: string;
    error?: { code: string };
  }
  const ask = async (parameters: string, as = server.admin): Promise<Changes> => {
    const answer = await fetch(`${server.url}/changes?${parameters}`, { headers: { authorization: `Bearer ${as}` } });
    return (await answer.json()) as Changes;
  };

  it("is held until something changes, and goes on behind its cursor", async () => {
    const { cursor } = await ask("topic=incident");
    const held = ask(`topic=incident&wait=25&after=${cursor}`);
    await server.failLogins("poll ann", { times: 10 });
    const { changes, cursor: next } = await held;
    expect(changes).toContainEqual(
      expect.objectContaining({ kind: "OPENED", id: expect.stringMatching(/^[0-9a-f-]{36}$/) }),
    );
    expect(next).toBe(changes.at(-1)?.cursor);
    const all = await ask(`topic=incident&wait=5&after=${cursor}`);
    expect(all.changes.slice(0, changes.length)).toEqual(changes);
    const end = (await ask(`topic=incident&after=${all.cursor}`)).cursor;
    expect(await ask(`topic=incident&wait=0&after=${end}`)).toEqual({ changes: [], cursor: end });
    // To another organization, whose feed may be of another epoch, it says nothing of ours.
    const foreign = (await ask(`topic=incident&after=${cursor}`, server.outsider)).changes;
    expect(foreign.filter(({ kind }) => kind !== "CURSOR_EXPIRED")).toEqual([]);
  });

  it("names what is wrong with the question, and is refused to whoever may not follow", async () => {
    const codes = [
      await ask("topic=weather"),
      await ask("topic=incident&after=nonsense"),
      await ask("topic=incident&wait=26"),
      await ask("topic=incident", server.key),
      await ask("topic=incident", "nobody"),
    ].map(({ error }) => error?.code);
    expect(codes).toEqual(["BAD_USER_INPUT", "BAD_USER_INPUT", "BAD_USER_INPUT", "FORBIDDEN", "UNAUTHENTICATED"]);
  });
});

describe("a widget", () => {
  const mutate = async (document: string, variables: object): Promise<string> => {
    const { data } = await server.query(document as never, variables as never);
    // biome-ignore lint/suspicious/noExplicitAny: the payload's one object
    const [payload] = Object.values(data as object) as any[];
    return (payload.dashboard ?? payload.widget).id;
  };
  const follow = (id: string): Frames<{ widgetData: Record<string, unknown> }> =>
    server.subscribe(
      `subscription ($id: ID!) { widgetData(id: $id, interval: "PT0.1S") {
        value severities { severity count } incidents { number } series { name points { last } } } }` as never,
      { id } as never,
    );

  it("shows its gauge, series, incidents or severities at once, and what is another value later", async () => {
    const board = await mutate('mutation { dashboardCreate(input: { name: "live" }) { dashboard { id } } }', {});
    const widget = (kind: string, settings: object) =>
      mutate(
        "mutation ($input: WidgetCreateInput!) { widgetCreate(input: $input) { widget { id } userErrors { message } } }",
        {
          input: { dashboardId: board, kind, title: kind, settings },
        },
      );
    const number = await widget("NUMBER", { gauge: "openIncidents" });
    const frames = follow(number);
    const twin = follow(number);
    const before = (await frames.next()).widgetData.value as number;
    expect((await twin.next()).widgetData.value).toBe(before);
    expect(server.streams().streams).toBe(1);
    const next = frames.next();
    await server.failLogins("vera", { times: 10 });
    expect((await next).widgetData.value).toBeGreaterThan(before); // the same value again would have come before
    await frames.close();
    await twin.close();
    await server.app.metricHistory.sample();
    const seen = [];
    for (const [kind, settings] of [
      ["BAR", {}],
      ["FEED", { first: 1 }],
      ["LINE", { series: "vigil.openIncidents", minutes: 5 }],
    ] as const) {
      const one = follow(await widget(kind, settings));
      seen.push((await one.next()).widgetData);
      await one.close();
    }
    const [bar, feed, line] = seen;
    expect(bar?.severities).toContainEqual({ severity: "HIGH", count: expect.any(Number) });
    expect(feed?.incidents).toHaveLength(1);
    expect(line?.series).toEqual([{ name: "vigil.openIncidents", points: [{ last: expect.any(Number) }] }]);
    const wrong = follow(await widget("NUMBER", { gauge: "weather" }));
    await expect(wrong.next()).rejects.toThrow(/setting gauge is one of eventsPerSecond/);
    await wrong.close();
  });

  it("on somebody's own dashboard is followed by them alone, also where others ask in the same words", async () => {
    const email = "own@clinic.example";
    const userId = await server.app.db.inOrganization(server.ours, (tx) =>
      ensureUser(tx, { email, name: "Own", role: "ANALYST", now: Date.now() }),
    );
    const theirs = await server.app.tokens.sign(
      { organizationId: server.ours, userId, name: email, role: "ANALYST" },
      600,
    );
    const made = async (document: string, variables: object): Promise<string> => {
      const { data, errors } = await server.query(document as never, variables as never, theirs);
      if (!data) throw new Error(JSON.stringify(errors));
      return JSON.stringify(data).match(/"id":"([^"]+)"/)?.[1] as string;
    };
    const board = await made(
      'mutation { dashboardCreate(input: { name: "own", shared: false }) { dashboard { id } } }',
      {},
    );
    const widget = await made(
      "mutation ($input: WidgetCreateInput!) { widgetCreate(input: $input) { widget { id } } }",
      { input: { dashboardId: board, kind: "NUMBER", title: "own", settings: { gauge: "openIncidents" } } },
    );
    const follow = (as: string): Frames<{ widgetData: { value: number } }> =>
      server.subscribe(
        "subscription ($id: ID!) { widgetData(id: $id) { value } }" as never,
        { id: widget } as never,
        as,
      );
    for (const others of [await server.token("ANALYST"), await server.token("ADMIN")]) {
      const [own, other] = [follow(theirs), follow(others)];
      const [seen, refused] = await Promise.allSettled([own.next(), other.next()]); // asked for together
      expect(seen).toMatchObject({ value: { widgetData: { value: expect.any(Number) } } });
      expect(refused).toMatchObject({ reason: { message: "There is no such widget." } });
      await Promise.all([own.close(), other.close()]);
    }
  });
});

describe("the gauges' history", () => {
  it("is written by one process of all, of which another takes over when it says nothing more", async () => {
    const { db } = server.app;
    const [one, other] = ["00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"];
    const asked = [await db.takeDuty("test", one, 60_000), await db.takeDuty("test", other, 60_000)];
    expect([...asked, await db.takeDuty("test", one, -1)]).toEqual([true, false, true]);
    expect([await db.takeDuty("test", other, 60_000), await db.takeDuty("test", one, 60_000)]).toEqual([true, false]);
    await expect(Promise.all([server.app.metricHistory.sample(), server.app.metricHistory.sample()])).resolves.toEqual([
      true,
      true,
    ]);
    const now = Date.now();
    const range = { from: new Date(now - 60_000), to: new Date(now + 60_000) };
    const names = ["vigil.eventsPerSecond", "vigil.connectedClients", "vigil.openBySeverity"];
    for (const interval of ["PT1S", "PT1M", "PT1H"]) {
      const document =
        "query ($names: [String!]!, $range: TimeRangeInput!, $interval: Duration!) { metrics(names: $names, range: $range, interval: $interval) { name labels } }";
      const to = interval === "PT1H" ? { from: new Date(now - 7_200_000), to: new Date(now + 3_600_000) } : range;
      const { data } = await server.query(document as never, { names, range: to, interval } as never);
      const found = (data as { metrics: { name: string; labels: object }[] }).metrics;
      expect(new Set(found.map(({ name }) => name))).toEqual(new Set(names));
      expect(found).toContainEqual({ name: "vigil.openBySeverity", labels: { severity: "HIGH" } });
    }
  });

  it("has a point a second, written five seconds together, whose seconds are forgotten after two hours", async () => {
    const { db } = server.app;
    let at = Date.parse("2026-03-01T10:00:00Z");
    const gauges = { now: async () => ({ at: new Date(at), openBySeverity: [], openIncidents: at % 7 }) as never };
    const writes: number[] = [];
    const inOrganization: typeof db.inOrganization = (id, work) => {
      if (id === server.theirs) writes.push(at);
      return db.inOrganization(id, work);
    };
    const watched = { takeDuty: async () => true, organizationIds: async () => [server.theirs], inOrganization };
    const history = createMetricHistory({ db: watched, gauges, processId: "x", log: quiet });
    for (let n = 0; n < 10; n++, at += 1_000) await history.sample(5);
    expect(writes.map((moment) => new Date(moment).getUTCSeconds())).toEqual([4, 9]);
    const count = async () =>
      (
        await server.database.asOwner<{ resolution: number; points: number; values: number }>(
          `SELECT resolution, count(*)::int AS points, sum(count)::int AS values FROM security_metrics
           WHERE organization_id = $1 AND name = 'vigil.openIncidents' AND at BETWEEN '2026-03-01T10:00:00Z' AND '2026-03-01T10:01:00Z'
           GROUP BY resolution ORDER BY resolution`,
          [server.theirs],
        )
      ).map(({ resolution, points, values }) => [resolution, points, values]);
    expect(await count()).toEqual([
      [1, 10, 10],
      [60, 1, 10],
      [3600, 1, 10],
    ]);
    await db.inOrganization(server.theirs, (tx) => forgetHistory(tx, at + 7_199_000));
    expect((await count())[0]).toEqual([1, 1, 1]);
  });

  it("speaks of all processes together, and forgets those that are silent", async () => {
    await server.database.asOwner(
      `INSERT INTO live_processes (organization_id, process_id, at, clients, ingest_lag_ms, waiting_events)
       VALUES ($1, gen_random_uuid(), now(), 7, 1500, 40), ($1, gen_random_uuid(), now() - interval '1 minute', 100, 9000, 999)`,
      [server.theirs],
    );
    const document =
      "{ realtime { metrics { connectedClients ingestLagMs waitingEvents connectedEnforcers alertDeliveryMs openBySeverity { severity count } } } }";
    const metricsNow = async () => {
      const { data } = await server.query(document as never, {} as never, server.outsider);
      return (data as { realtime: { metrics: object } }).realtime.metrics;
    };
    await expect.poll(metricsNow, { timeout: 10_000 }).toMatchObject({
      connectedClients: expect.toSatisfy((clients: number) => clients >= 7 && clients < 50), // and whoever leaves just now
      ingestLagMs: 1500,
      waitingEvents: 40,
      connectedEnforcers: 0,
    });
    await server.database.asOwner("DELETE FROM live_processes");
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
