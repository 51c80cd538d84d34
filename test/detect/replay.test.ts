/** The same history and the same rules give the same detections, in one process or four, whatever fails in between. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createOrganization } from "../../src/database/organizations.ts";
import { compileRules } from "../../src/detect/compile.ts";
import { createDetector } from "../../src/detect/detector.ts";
import { importRules, loadRules, seedBuiltinRules } from "../../src/detect/store.ts";
import { createSharedWindows } from "../../src/detect/windows/redis.ts";
import { createRedisLink, type RedisLink } from "../../src/detect/windows/redis-link.ts";
import type { EventDraft, SecurityEvent } from "../../src/ingest/event.ts";
import { readEventsSince } from "../../src/ingest/read.ts";
import { clearOf } from "../../src/ingest/sealing.ts";
import { createPipeline, type Pipeline } from "../../src/pipeline.ts";
import { openBells } from "../../src/publish/bells.ts";
import { indexedColumns } from "../../src/secrets/sealed-columns.ts";
import { seededRandom } from "../generate/random.ts";
import { quiet, type TestDatabase, testDatabase } from "../support/database.ts";
import { type OwnRedis, ownRedis } from "../support/redis.ts";
import { testVault } from "../support/vault.ts";

const rules = `
title: Failed log-in
name: failed
logsource: { category: authentication }
detection: { s: { event.outcome: failure }, condition: s }
---
title: Brute force
name: brute
level: high
correlation: { type: event_count, rules: [failed], group-by: [user.name], timespan: 1m, condition: { gte: 4 } }
---
title: Spraying
name: spraying
level: high
correlation:
  { type: value_count, rules: [failed], group-by: [source.ip], timespan: 2m, condition: { field: user.name, gte: 4 } }
---
title: One address after another
name: chain
level: critical
correlation: { type: event_count, rules: [spraying], group-by: [source.ip], timespan: 10m, condition: { gte: 2 } }
---
title: Export
logsource: { category: data }
detection: { s: { event.action: export }, condition: s }
---
title: Record
name: record
logsource: { category: data }
detection: { s: { event.action: read }, condition: s }
---
title: Many reads in one ward
level: medium
correlation: { type: event_count, rules: [record], group-by: [ward], timespan: 5m, condition: { gte: 5 } }
`;

let test: TestDatabase;
let redis: OwnRedis;
const links: RedisLink[] = [];
const length = 1_000; // events: a quarter of an hour, longer than the windows of these rules
const bells = openBells(undefined, quiet);

beforeAll(async () => {
  test = await testDatabase({ poolSize: 20 });
  redis = await ownRedis();
});
afterAll(async () => {
  for (const link of links) await link.close();
  await redis.close();
  await bells.close();
  await test.close();
});

async function process(shared: boolean): Promise<Pipeline> {
  const rest = { db: test.db, bells, vault: testVault(test.db), log: quiet, now: Date.now };
  if (!shared) return createPipeline(rest);
  const link = createRedisLink(redis.url, quiet);
  links.push(link);
  await link.open();
  return createPipeline({ ...rest, sharedWindows: (organizationId) => createSharedWindows(link, organizationId) });
}

function history(seed: number, length: number): EventDraft[] {
  const random = seededRandom(seed);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  const start = Date.now() - 1_800_000;
  return Array.from({ length }, (_, n): EventDraft => {
    const time = start + n * 900 - Math.floor(random() * 60_000); // up to a minute late
    const login = random() < 0.7;
    const action = login ? "login" : pick(["export", "read", "read"]);
    return {
      time,
      logsource: { category: login ? "authentication" : "data" },
      action,
      category: login ? "AUTHENTICATION" : "DATA",
      outcome: random() < 0.6 ? "FAILURE" : "SUCCESS",
      actor: { name: `user${Math.floor(random() * 40)}` },
      source: { ip: `192.0.2.${Math.floor(random() * 12)}` },
      ...(action === "read" ? { target: { type: "record", patientId: `p${Math.floor(random() * 9)}` } } : {}),
      attributes: action === "read" ? { ward: pick(["north", "south", "east"]) } : {},
    };
  });
}

const cut = (drafts: readonly EventDraft[], random: () => number): EventDraft[][] => {
  const batches: EventDraft[][] = [];
  for (let from = 0; from < drafts.length; ) {
    const size = 1 + Math.floor(random() * 12);
    batches.push(drafts.slice(from, from + size));
    from += size;
  }
  return batches;
};

interface Told {
  id: string;
  count: number;
  first: number;
  last: number;
  eventIds: string[];
}

async function stored(organizationId: string): Promise<Told[]> {
  const { rows } = await test.db.query(organizationId, "SELECT * FROM detections ORDER BY id");
  return rows.map((row) => ({
    id: row.id,
    count: row.event_count,
    first: row.first_event_at.getTime(),
    last: row.last_event_at.getTime(),
    eventIds: row.event_ids,
  }));
}

/** What the stored events say, read back in the order of their ids by nobody but the engine. */
async function offline(organizationId: string): Promise<Told[]> {
  const { rules: all } = await test.db.inOrganization(organizationId, loadRules);
  const indexOf = await test.db.inOrganization(organizationId, (tx) =>
    testVault(test.db).indexer(tx, indexedColumns.subject),
  );
  const pseudonym = (value: string) => `sealed-${indexOf(value).toString("hex")}`;
  const { ruleSet } = compileRules(all, { disguise: { clearOf, pseudonym } });
  const detector = createDetector({ ruleSet });
  const told = new Map<string, Told>();
  const batches = new Map<number, SecurityEvent[]>();
  for await (const page of readEventsSince(test.db, testVault(test.db), organizationId, 0, () => undefined))
    for (const event of page) batches.set(event.receivedAt, [...(batches.get(event.receivedAt) ?? []), event]);
  for (const batch of batches.values())
    for (const one of (await detector.evaluate(batch)).detections)
      told.set(one.id, {
        id: one.id,
        count: one.eventCount,
        first: one.firstEventAt,
        last: one.lastEventAt,
        eventIds: one.eventIds,
      });
  return [...told.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

async function organization(): Promise<string> {
  const slug = `replay-${Math.random().toString(36).slice(2)}`;
  const id = await createOrganization(test.ownerUrl, slug, slug);
  await test.db.inOrganization(id, async (tx) => {
    await seedBuiltinRules(tx, Date.now());
    const { rejected } = await importRules(tx, {
      yaml: rules,
      mode: "ACTIVE",
      dryRun: false,
      actor: "tester",
      now: Date.now(),
    });
    expect(rejected).toEqual([]);
  });
  return id;
}

/** Sends the batches through the processes, at once, and does something to the whole in between. */
async function push(
  organizationId: string,
  processes: Pipeline[],
  batches: readonly EventDraft[][],
  trouble: (n: number) => Promise<void> = async () => {},
): Promise<void> {
  let next = 0;
  const lane = async (index: number): Promise<void> => {
    for (let n = next++; n < batches.length; n = next++) {
      await trouble(n);
      await (processes[index] as Pipeline).accept(organizationId, batches[n] as EventDraft[]);
    }
  };
  await Promise.all(processes.map((_, index) => lane(index)));
}

describe("replaying the stored events gives the stored detections", { timeout: 120_000 }, () => {
  it("after one process has had them", async () => {
    const id = await organization();
    await push(id, [await process(false)], cut(history(1, length), seededRandom(11)));
    const detections = await stored(id);
    expect(detections.length).toBeGreaterThan(50);
    expect(detections).toEqual(await offline(id));
  });

  it("after four processes without Redis have had them, each following the others", async () => {
    const id = await organization();
    const four = await Promise.all([1, 2, 3, 4].map(() => process(false)));
    const trouble = async (n: number) => {
      if (n === 60) four[2] = await process(false);
    };
    await push(id, four, cut(history(2, length), seededRandom(12)), trouble);
    const detections = await stored(id);
    expect(detections.length).toBeGreaterThan(50);
    expect(detections).toEqual(await offline(id));
  });

  it("after four processes that share Redis have had them, with Redis emptied and a process replaced", async () => {
    const id = await organization();
    const four = await Promise.all([1, 2, 3, 4].map(() => process(true)));
    const trouble = async (n: number) => {
      if (n % 35 === 30) await redis.client.flushall(); // four times
      if (n === 60) four[2] = await process(true);
    };
    await push(id, four, cut(history(3, length), seededRandom(13)), trouble);
    const detections = await stored(id);
    expect(detections.length).toBeGreaterThan(50);
    expect(detections).toEqual(await offline(id));
    expect(four.reduce((sum, one) => sum + one.rebuilds(), 0)).toBeGreaterThan(3);
  });
});
