/** A change of rules reaches every process with its next batch, and costs no event. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createException } from "../../src/detect/store/exceptions.ts";
import { importRules, loadRules } from "../../src/detect/store.ts";
import { type OwnRedis, ownRedis } from "../support/redis.ts";
import { type TestServer, testServer } from "../support/server.ts";

const rule = (title: string, many: number) => `
title: Odd action
name: odd_action
logsource: { category: authentication }
detection: { s: { event.action: odd }, condition: s }
---
title: ${title}
name: odd_many
level: high
correlation: { type: event_count, rules: [odd_action], group-by: [user.name], timespan: 10m, condition: { gte: ${many} } }
`;

for (const shared of [true, false])
  describe(`two servers ${shared ? "that share Redis" : "without Redis"}`, () => {
    let redis: OwnRedis | undefined;
    let first: TestServer;
    let second: TestServer;
    beforeAll(async () => {
      redis = shared ? await ownRedis() : undefined;
      const options = redis ? { redisUrl: redis.url } : {};
      first = await testServer(options);
      second = await testServer({ ...options, beside: first });
    });
    afterAll(async () => {
      await second.close();
      await first.close();
      await redis?.close();
    });

    const change = (title: string, many: number) =>
      first.app.db.inOrganization(first.ours, (tx) =>
        importRules(tx, { yaml: rule(title, many), mode: "ACTIVE", dryRun: false, actor: "ann", now: Date.now() }),
      );
    const send = async (server: TestServer, user: string, times: number, ip = "203.0.113.1") => {
      const events = Array.from({ length: times }, () => ({
        action: "odd",
        category: "authentication",
        outcome: "success",
        actor: { name: user },
        source: { ip },
      }));
      const { accepted } = await server.app.ingest(server.ours, events);
      expect(accepted).toBe(times);
    };
    const titles = async (): Promise<string[]> =>
      (await first.app.db.query(first.ours, "SELECT title FROM security_incidents ORDER BY number")).rows.map(
        ({ title }) => title,
      );

    it("evaluate the next batch by the new rules, whoever gets it", async () => {
      await send(first, "nobody", 1);
      await send(second, "nobody", 1);
      await change("First", 3);
      await send(second, "ann", 3);
      expect(await titles()).toEqual(["First: ann"]);
      await send(first, "bob", 3);
      expect(await titles()).toEqual(["First: ann", "First: bob"]);
    });

    it("keep a half-full window when the rule's title changes, and one storm one detection", async () => {
      await send(first, "cyn", 2);
      await change("Second", 3);
      await send(second, "cyn", 1);
      expect(await titles()).toContain("Second: cyn");
      await change("Third", 3);
      await send(first, "cyn", 1);
      const { rows } = await first.app.db.query(
        first.ours,
        "SELECT event_count FROM detections WHERE explanation LIKE '%cyn%'",
      );
      expect(rows).toEqual([{ event_count: 4 }]);
    });

    it("do not count what a new exception keeps out, whoever got it and knew of the exception first", async () => {
      await send(second, "dan", 1);
      await first.app.db.inOrganization(first.ours, async (tx) => {
        const ruleId = (await loadRules(tx)).rules.find(({ reference }) => reference === "odd_action")?.id as string;
        const yaml = `
logsource: { category: authentication }
filter: { selection: { source.ip: 198.51.100.9 }, condition: not selection }
`;
        const words = { name: "The scanner", reason: "It is ours", owner: "ann" };
        await createException(tx, { ruleId, yaml, ...words, now: Date.now() });
      });
      await send(first, "dan", 2, "198.51.100.9");
      await send(second, "dan", 1);
      expect((await titles()).filter((title) => title.includes("dan"))).toEqual([]);
    });

    it("lose no event to a change in the middle of a storm", async () => {
      const changes = (async () => {
        for (let n = 0; n < 5; n++) await change(`Again ${n}`, 3);
      })();
      await Promise.all([
        changes,
        ...Array.from({ length: 20 }, (_, n) => send(n % 2 === 0 ? first : second, `user${n}`, 3)),
      ]);
      expect((await titles()).filter((title) => /user\d+/.test(title))).toHaveLength(20);
    });
  });
