import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { seedBuiltinRules } from "../src/detect/store.ts";
import { acknowledgeIncident, resolveIncident } from "../src/incident/change.ts";
import type { EventDraft } from "../src/ingest/event.ts";
import { readEventsSince } from "../src/ingest/read.ts";
import { createPipeline, type Pipeline } from "../src/pipeline.ts";
import { type Bells, openBells } from "../src/publish/bells.ts";
import { createFeed, type Feed } from "../src/publish/feed.ts";
import { seededRandom } from "./generate/random.ts";
import { allocatedBy } from "./support/allocations.ts";
import { quiet, type TestDatabase, testDatabase } from "./support/database.ts";
import { type Statement, watchStatements } from "./support/statements.ts";
import { testVault } from "./support/vault.ts";

let test: TestDatabase;
let ours: string;
let theirs: string;
let bells: Bells;
let feed: Feed;
let pipeline: Pipeline;
const start = Date.now();

const failLogin = (user: string, ip: string, second: number, clientId?: string): EventDraft => ({
  ...(clientId ? { clientId } : {}),
  time: start + second * 1_000,
  logsource: { product: "clinic", category: "authentication" },
  action: "login",
  category: "AUTHENTICATION",
  outcome: "FAILURE",
  actor: { name: user },
  source: { ip },
  attributes: {},
});
const open = () => createPipeline({ db: test.db, bells, vault: testVault(test.db), log: quiet, now: Date.now });
const incidents = async (organizationId = ours) =>
  (await test.db.query(organizationId, "SELECT * FROM security_incidents ORDER BY number")).rows;

beforeAll(async () => {
  test = await testDatabase();
  [ours, theirs] = test.organizations.map(({ id }) => id) as [string, string];
  for (const { id } of test.organizations) await test.db.inOrganization(id, (tx) => seedBuiltinRules(tx, Date.now()));
  bells = openBells(undefined, quiet);
  feed = createFeed(test.db, bells);
  pipeline = open();
});
afterAll(async () => {
  await pipeline.drain();
  await bells.close();
  await test.close();
});

describe("a batch of events", () => {
  it("opens one incident for ten failed log-ins of one account, announced on the feed with what it is about", async () => {
    const cursor = await feed.cursor(ours);
    const drafts = Array.from({ length: 10 }, (_, n) => failLogin("ann", `198.51.100.${n}`, n));
    expect(await pipeline.accept(ours, drafts)).toEqual({ accepted: 10, duplicates: 0 });
    const [incident, ...others] = await incidents();
    expect(others).toEqual([]);
    expect(incident).toMatchObject({
      number: 1,
      status: "OPEN",
      severity: "HIGH",
      detection_count: 1,
      event_count: 10,
    });
    expect(incident?.subjects).toEqual([{ kind: "USER", key: "ann" }]);
    expect(incident?.threat_score).toBeGreaterThan(0);
    const abort = new AbortController();
    const { value } = await feed.follow(ours, "incident", cursor, abort.signal).next();
    expect(value).toMatchObject({ kind: "OPENED", entityId: incident?.id });
    abort.abort();
    expect(await incidents(theirs)).toEqual([]);
  });

  it("D2: stores an event once, however often and however concurrently its id is sent", async () => {
    const drafts = Array.from({ length: 100 }, (_, n) => ({
      ...failLogin(`dup${n}`, "192.0.2.9", 0),
      clientId: `id-${n}`,
      outcome: "SUCCESS" as const,
    }));
    const second = open();
    const results = await Promise.all([
      pipeline.accept(ours, drafts),
      second.accept(ours, drafts),
      pipeline.accept(ours, drafts),
    ]);
    expect(results.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(100);
    const { rows } = await test.db.query(
      ours,
      "SELECT count(*)::int AS n FROM realtime_monitoring WHERE client_id LIKE 'id-%'",
    );
    expect(rows).toEqual([{ n: 100 }]);
  });

  it("is stored as it came, whatever quotes, backslashes and nulls its texts hold", async () => {
    const words = [
      '"',
      "\\",
      '\\"',
      "NULL",
      "null",
      "{a,b}",
      '{"a":1}',
      "",
      "a,b",
      "\n\t",
      "é😀",
      "\\u0041",
      "'",
      "x'); --",
    ];
    const drafts = words.map(
      (word, n): EventDraft => ({
        clientId: `word-${n}-${word}`,
        time: n === 0 ? 0 : Date.UTC(1970 + 4 * n, n % 12, n + 1, n, n, n, 37 * n),
        logsource: n % 2 ? { product: word } : {},
        action: `word ${word}`,
        category: "OTHER",
        outcome: "UNKNOWN",
        ...(n % 3 ? { severity: "LOW" } : {}),
        actor: { id: word, roles: n % 2 ? [word, "", "NULL"] : [word] },
        ...(n % 2 ? { source: { ip: `2001:db8::${n + 1}`, lat: n / 7, country: word } } : {}),
        ...(n % 3 ? { http: { path: word, query: word, bytes: n } } : {}),
        ...(n % 4 ? { message: word } : {}),
        attributes: { [`key ${word}`]: { [word]: [word, null, n / 3, true] } },
      }),
    );
    await pipeline.accept(ours, drafts);
    const stored: unknown[] = [];
    for await (const page of readEventsSince(test.db, testVault(test.db), ours, 0, (id) => expect.fail(id)))
      for (const { id, receivedAt, enrichment, ...draft } of page)
        if (draft.clientId?.startsWith("word-")) stored.push(draft);
    expect(stored).toEqual(drafts);
  });

  it("D3: 200 concurrent matches of one fingerprint, over four processes' pipelines, give one incident", async () => {
    const before = (await incidents()).length;
    const pipelines = [pipeline, open(), open(), open()];
    const burst = (n: number) =>
      Array.from({ length: 10 }, (_, k) => failLogin("carol", `203.0.113.${n % 200}`, k / 10));
    await Promise.all(Array.from({ length: 200 }, (_, n) => (pipelines[n % 4] as Pipeline).accept(ours, burst(n))));
    const opened = (await incidents()).slice(before).filter((incident) => incident.subjects[0].key === "carol");
    expect(opened).toHaveLength(1);
    const numbers = (await incidents()).map((incident) => incident.number);
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  });

  it("leaves nothing behind when it cannot be stored, neither rows nor counts in the windows", async () => {
    const almost = Array.from({ length: 9 }, (_, n) => failLogin("dora", "192.0.2.77", n));
    await pipeline.accept(ours, almost);
    const poison = { ...failLogin("dora", "192.0.2.77", 9), action: "a\u0000b" };
    expect(await pipeline.accept(ours, [poison])).toEqual({ accepted: 0, duplicates: 0, refused: [0] });
    expect((await incidents()).some((incident) => incident.title.includes("dora"))).toBe(false);
    await pipeline.accept(ours, [failLogin("dora", "192.0.2.77", 10)]);
    expect((await incidents()).filter((incident) => incident.title.includes("dora"))).toHaveLength(1);
  });

  it("counts on after a restart: the windows are rebuilt from the stored events", async () => {
    await pipeline.accept(
      ours,
      Array.from({ length: 6 }, (_, n) => failLogin("erin", `198.51.100.${n}`, n)),
    );
    const restarted = open();
    await restarted.accept(
      ours,
      Array.from({ length: 4 }, (_, n) => failLogin("erin", `198.51.100.${10 + n}`, 10 + n)),
    );
    expect((await incidents()).filter((incident) => incident.title.includes("erin"))).toHaveLength(1);
  });
});

describe("what a batch costs", () => {
  let made = 0;
  /** Reads of charts and quiet log-ins, as a clinic's day has them: nothing to detect, something to seal. */
  const ordinary = (count: number): EventDraft[] =>
    Array.from({ length: count }, () => {
      const n = made++;
      const isRead = n % 3 > 0;
      return {
        clientId: `ordinary-${n}`,
        time: start + n,
        logsource: { product: "clinic", service: "ehr" },
        action: isRead ? "patient.chart.read" : "login",
        category: isRead ? "DATA" : "AUTHENTICATION",
        outcome: "SUCCESS",
        actor: { id: `u-${n % 20}`, name: `Nurse Number${n % 20}`, roles: ["nurse"] },
        source: { ip: `10.1.0.${n % 20}`, port: 40_000 + (n % 1_000) },
        userAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
        sessionId: `s-${n % 40}`,
        ...(isRead ? { target: { type: "patient", patientId: `p-${n % 100}`, name: `Ann Patient${n % 100}` } } : {}),
        http: { method: "GET", path: isRead ? `/patients/${n % 100}/chart` : "/login", status: 200, bytes: 2_000 + n },
        attributes: { clinic: "north", room: `r${n % 9}` },
      };
    });

  it("is as many statements and as many round trips, and one for each 500 events", async () => {
    for (let round = 0; round < 2; round++) await pipeline.accept(theirs, ordinary(200));
    const watch = watchStatements();
    try {
      const said = async (count: number) => {
        watch.take();
        expect(await pipeline.accept(theirs, ordinary(count))).toEqual({ accepted: count, duplicates: 0 });
        return watch.take();
      };
      const few = await said(60);
      const many = await said(1_200);
      const firstWords = (statements: Statement[]) => statements.map(({ text }) => text.trim().slice(0, 24));
      const stores = (words: string) => words.startsWith("INSERT INTO realtime");
      expect(firstWords(many).filter((words) => !stores(words))).toEqual(
        firstWords(few).filter((words) => !stores(words)),
      );
      expect([few, many].map((statements) => firstWords(statements).filter(stores).length)).toEqual([1, 3]);
      // The turn, a key to seal and one to index with, ids, events, who is watched, profiles, within BEGIN and COMMIT.
      expect(few.length).toBeLessThanOrEqual(9);
      const size = (value: unknown) =>
        value instanceof Buffer || typeof value === "string" ? value.length : JSON.stringify(value).length;
      const sent = many.flatMap(({ values }) => values).reduce((sum: number, value) => sum + size(value), 0);
      expect(sent / 1_200).toBeLessThan(1.2 * 511); // bytes of parameters an event
    } finally {
      watch.stop();
    }
  });

  it("allocates no more for an event than 18 times (and a fifth) what reading and writing it as JSON does", async () => {
    for (let round = 0; round < 6; round++) await pipeline.accept(theirs, ordinary(300));
    const batches = Array.from({ length: 3 }, () => ordinary(300));
    const texts = batches.flat().map((draft) => JSON.stringify(draft));
    const readAndWritten = await allocatedBy(() => {
      for (let round = 0; round < 5; round++) for (const text of texts) JSON.stringify(JSON.parse(text));
    });
    const stored = await allocatedBy(async () => {
      for (const batch of batches) await pipeline.accept(theirs, batch);
    });
    expect(stored / (readAndWritten / 5)).toBeLessThan(1.2 * 18.1); // within some per cent in any run
  }, 120_000);
});

describe("an incident", () => {
  it("moves only as the table allows, guards its revision, and writes each move down", async () => {
    const [incident] = await incidents();
    const input = { id: incident?.id as string, actor: "ann@demo.example", now: Date.now() };
    await test.db.inOrganization(ours, (tx) => acknowledgeIncident(tx, { ...input, expectedRevision: 1 }));
    const stale = test.db.inOrganization(ours, (tx) => acknowledgeIncident(tx, { ...input, expectedRevision: 1 }));
    await expect(stale).rejects.toMatchObject({ code: "CONFLICT", detail: { revision: 2, status: "ACKNOWLEDGED" } });
    const resolve = { ...input, resolution: "TRUE_POSITIVE" as const, reason: "blocked at the firewall" };
    await test.db.inOrganization(ours, (tx) => resolveIncident(tx, testVault(test.db), resolve));
    const again = test.db.inOrganization(ours, (tx) => resolveIncident(tx, testVault(test.db), resolve));
    await expect(again).rejects.toMatchObject({ code: "CONFLICT" });
    const foreign = test.db.inOrganization(theirs, (tx) => resolveIncident(tx, testVault(test.db), resolve));
    await expect(foreign).rejects.toMatchObject({ code: "NOT_FOUND" });
    const { rows } = await test.db.query(
      ours,
      "SELECT kind, actor FROM incident_entries WHERE incident_id = $1 ORDER BY at, id",
      [input.id],
    );
    expect(rows.map(({ kind }) => kind)).toEqual(["OPENED", "ACKNOWLEDGED", "RESOLVED"]);
  });
});

describe("the change feed", () => {
  it("D4: skips nothing when an older transaction commits late", async () => {
    const cursor = await feed.cursor(ours);
    const abort = new AbortController();
    const stream = feed.follow(ours, "incident", cursor, abort.signal);
    const insert =
      "INSERT INTO changes (organization_id, topic, kind, entity_id) VALUES ($1, 'incident', $2, gen_random_uuid())";
    let finish: () => void = () => {};
    const held = new Promise<void>((resolve) => {
      finish = resolve;
    });
    let begun: () => void = () => {};
    const wrote = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const slow = test.db.inOrganization(ours, async (tx) => {
      await tx.query(insert, [ours, "SLOW"]);
      begun();
      await held;
    });
    await wrote;
    await test.db.inOrganization(ours, (tx) => tx.query(insert, [ours, "FAST"]));
    bells.ring(ours, "incident");
    const first = stream.next();
    finish();
    await slow;
    const kinds = [(await first).value, (await stream.next()).value].map((change) => change?.kind);
    expect(kinds).toEqual(["SLOW", "FAST"]);
    abort.abort();
  });

  it("D4: gives each change of 50 transactions once, whatever the order in which they begin, write and commit", async () => {
    const chance = seededRandom(11);
    const abort = new AbortController();
    const stream = feed.follow(ours, "decision", await feed.cursor(ours), abort.signal);
    const insert =
      "INSERT INTO changes (organization_id, topic, kind, entity_id) VALUES ($1, 'decision', $2, gen_random_uuid())";
    const open = new Set<{ commit(): Promise<void> }>();
    const commitOne = async (): Promise<void> => {
      const one = [...open][Math.floor(chance() * open.size)];
      if (!one) return;
      open.delete(one);
      await one.commit();
    };
    for (let n = 0; n < 50; n++) {
      while (open.size >= 5) await commitOne();
      let end: () => void = () => {};
      const ended = new Promise<void>((resolve) => {
        end = resolve;
      });
      let wrote: () => void = () => {};
      const written = new Promise<void>((resolve) => {
        wrote = resolve;
      });
      const done = test.db.inOrganization(ours, async (tx) => {
        await tx.query(insert, [ours, `T${n}`]);
        wrote();
        await ended;
        await tx.query(insert, [ours, `T${n} again`]); // a later id under an older transaction
      });
      await written;
      open.add({
        async commit() {
          end();
          await done;
          bells.ring(ours, "decision");
        },
      });
      if (chance() < 0.4) await commitOne();
    }
    const seen: string[] = [];
    const reading = (async () => {
      while (seen.length < 100) seen.push((await stream.next()).value?.kind as string);
    })();
    while (open.size > 0) await commitOne();
    await reading;
    expect(seen).toEqual(Array.from({ length: 50 }, (_, n) => [`T${n}`, `T${n} again`]).flat()); // in the order of their ids
    abort.abort();
  });

  it("does not wait for what runs in another database of the cluster", async () => {
    const beside = new URL(test.ownerUrl);
    beside.pathname = "/postgres";
    const neighbour = new pg.Client({ connectionString: beside.href });
    await neighbour.connect();
    await neighbour.query("BEGIN; SELECT pg_current_xact_id()"); // open until the end of the test
    const cursor = await feed.cursor(ours);
    const insert =
      "INSERT INTO changes (organization_id, topic, kind, entity_id) VALUES ($1, 'alert', 'BESIDE', gen_random_uuid())";
    await test.db.query(ours, insert, [ours]);
    const abort = new AbortController();
    const { value } = await feed.follow(ours, "alert", cursor, abort.signal).next();
    expect(value?.kind).toBe("BESIDE");
    abort.abort();
    await neighbour.end();
  });

  it("resumes after a cursor with exactly what was missed, and refuses a cursor it did not give", async () => {
    const cursor = await feed.cursor(ours);
    await pipeline.accept(
      ours,
      Array.from({ length: 10 }, (_, n) => failLogin("frank", `198.51.100.${n}`, n)),
    );
    await pipeline.accept(
      ours,
      Array.from({ length: 90 }, (_, n) => failLogin("frank", `198.51.100.${n % 9}`, 20 + n)),
    );
    const abort = new AbortController();
    const seen = [];
    for await (const change of feed.follow(ours, "incident", cursor, abort.signal)) {
      seen.push(change);
      if (change.kind === "COUNT_REACHED") break;
    }
    const again = feed.follow(ours, "incident", seen[0]?.cursor, abort.signal);
    expect((await again.next()).value).toEqual(seen[1]);
    abort.abort();
    const forged = feed.follow(ours, "incident", "bm9wZQ", new AbortController().signal).next();
    await expect(forged).rejects.toMatchObject({ code: "BAD_USER_INPUT" });
  });
});
