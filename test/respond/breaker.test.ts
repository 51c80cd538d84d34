import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { judgeBreaker, type Load, type Traffic } from "../../src/respond/breaker.ts";
import type { ActionType } from "../../src/respond/rule.ts";
import { type TestServer, testServer } from "../support/server.ts";
import { actionsOf, attack, attackRules, decisionsInForce, noRules, respondBy } from "./incidents.ts";

const load = (more: Partial<Load> = {}): Load => ({ actions: 0, soft: 0, users: new Set(), ...more });
const traffic = (more: Partial<Traffic> = {}): Traffic => ({
  activeUsers: 0,
  requests: 0,
  blockedRequests: 0,
  ...more,
});
const users = (count: number): Set<string> => new Set(Array.from({ length: count }, (_, index) => `u${index}`));

describe("the circuit breaker", () => {
  it.each<[string, ActionType, string | undefined, Load, Traffic, boolean, boolean]>([
    ["lets the 20th action through", "BLOCK_IP", undefined, load({ actions: 19 }), traffic(), true, false],
    ["opens at the 21st", "BLOCK_IP", undefined, load({ actions: 20 }), traffic(), false, true],
    ["lets 10 soft actions through", "NOTIFY_ADMIN", undefined, load({ actions: 9, soft: 9 }), traffic(), true, false],
    [
      "holds the 11th without opening",
      "NOTIFY_ADMIN",
      undefined,
      load({ actions: 10, soft: 10 }),
      traffic(),
      false,
      false,
    ],
    [
      "lets five users of a few be touched",
      "FORCE_MFA",
      "new",
      load({ users: users(4) }),
      traffic({ activeUsers: 30 }),
      true,
      false,
    ],
    [
      "opens at a sixth of fewer than 600",
      "FORCE_MFA",
      "new",
      load({ users: users(5) }),
      traffic({ activeUsers: 599 }),
      false,
      true,
    ],
    [
      "lets a sixth of 600 through",
      "FORCE_MFA",
      "new",
      load({ users: users(5) }),
      traffic({ activeUsers: 600 }),
      true,
      false,
    ],
    ["counts a user once", "FORCE_MFA", "u0", load({ users: users(5) }), traffic({ activeUsers: 30 }), true, false],
    [
      "lets 0.5 % of the traffic be blocked",
      "BLOCK_IP",
      undefined,
      load(),
      traffic({ requests: 1000, blockedRequests: 5 }),
      true,
      false,
    ],
    ["opens above", "BLOCK_IP", undefined, load(), traffic({ requests: 1000, blockedRequests: 6 }), false, true],
    [
      "does not judge by little traffic",
      "BLOCK_IP",
      undefined,
      load(),
      traffic({ requests: 999, blockedRequests: 900 }),
      true,
      false,
    ],
  ])("R5 %s", (_, type, user, soFar, seen, may, opens) => {
    const verdict = judgeBreaker({ type, user }, { cap: 20, load: soFar, traffic: seen });
    expect(verdict.may).toBe(may);
    if (!verdict.may) expect(verdict.opens).toBe(opens);
  });
});

describe("a flood", () => {
  let server: TestServer;
  let clock = Date.now();
  beforeAll(async () => {
    server = await testServer({ now: () => clock });
    await attackRules(server, ["critical"]);
    await noRules(server);
    await respondBy(server, { actions: [{ type: "BLOCK_IP" }, { type: "NOTIFY_ADMIN" }] });
  });
  afterAll(() => server.close());

  it("R5 of 10,000 events by 1,000 attacking addresses has exactly 20 actions done; people are paged, and resume it with one call", async () => {
    const events = Array.from({ length: 10_000 }, (_, n) => ({ ip: `2001:db8:${((n % 1_000) + 1).toString(16)}::1` }));
    for (let start = 0; start < events.length; start += 2_000) await attack(server, events.slice(start, start + 2_000));
    const done = await actionsOf(server);
    const applied = done.filter(({ status }) => status === "APPLIED");
    expect(applied).toHaveLength(20);
    expect(await decisionsInForce(server, clock)).toHaveLength(
      applied.filter(({ type }) => type === "BLOCK_IP").length,
    );
    expect(new Set(done.flatMap(({ type, target }) => (type === "BLOCK_IP" ? [target] : []))).size).toBe(1_000);
    const stops = async () =>
      (
        await server.app.db.query(
          server.ours,
          `SELECT severity, status, (SELECT count(*)::int FROM incident_entries e WHERE e.organization_id = $1 AND e.incident_id = i.id
             AND e.kind = 'OPENED') AS told FROM security_incidents i
           WHERE organization_id = $1 AND open_fingerprint LIKE 'vigil:response-breaker:%'`,
          [server.ours],
        )
      ).rows;
    const stop = { severity: "CRITICAL", status: "OPEN", told: 1 };
    await expect.poll(stops).toEqual([stop]);
    const { rows: told } = await server.app.db.query(
      server.ours,
      "SELECT FROM security_notifications WHERE organization_id = $1 AND kind = 'response.breaker'",
      [server.ours],
    );
    const admins = await server.database.asOwner("SELECT FROM users WHERE organization_id = $1 AND role = 'ADMIN'", [
      server.ours,
    ]);
    expect(told).toHaveLength(admins.length);

    const ask = async (text: string) => {
      const { data, errors } = await server.query(text as never, {} as never, await server.token("ADMIN"));
      expect(errors).toBeUndefined();
      return data as never;
    };
    const breaker = "{ responseBreaker { isOpen openedAt reason cap } }";
    expect(await ask(breaker)).toMatchObject({ responseBreaker: { isOpen: true, cap: 20 } });
    clock += 3_600_000;
    await attack(server, [{ ip: "198.51.100.1" }]); // an hour later it is open still
    expect((await actionsOf(server)).at(-1)?.status).toBe("REFUSED");
    const resume =
      'mutation { responseBreakerResume(reason: "It was a test") { breaker { isOpen } userErrors { message } } }';
    expect(await ask(resume)).toEqual({ responseBreakerResume: { breaker: { isOpen: false }, userErrors: [] } });
    await attack(server, [{ ip: "198.51.100.2" }]);
    const after = (await actionsOf(server)).filter(({ target }) => target === "198.51.100.2");
    expect(after).toMatchObject([{ status: "APPLIED" }]);
    // That nobody has resolved the first incident keeps nobody from being told of the second time.
    clock += 60_000;
    const addresses = Array.from({ length: 40 }, (_, n) => ({ ip: `198.51.100.${n + 3}` }));
    await attack(server, addresses);
    await actionsOf(server);
    expect(await ask(breaker)).toMatchObject({ responseBreaker: { isOpen: true } });
    await expect.poll(stops).toEqual([stop, stop]);
  }, 120_000);
});
