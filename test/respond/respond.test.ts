import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { importUsers } from "../../src/detect/behaviour/import-users.ts";
import { increaseMonitoring } from "../../src/respond/actions/increase-monitoring.ts";
import { revertAction } from "../../src/respond/carry-out.ts";
import { makeDecision } from "../../src/respond/decide.ts";
import { defaultRules } from "../../src/respond/defaults.ts";
import type { Target } from "../../src/respond/target.ts";
import { type TestServer, testServer } from "../support/server.ts";
import {
  actionsOf,
  attack,
  attackRules,
  decisionsInForce,
  importRules,
  noRules,
  respondBy,
  timeline,
} from "./incidents.ts";

let server: TestServer;
let clock = Date.now();

const manyAttempts = `title: Many attempts
name: many_attempts
correlation: { type: event_count, rules: [attempted], group-by: [user.name], timespan: 5m, condition: { gte: 6 } }
level: medium
---
title: Attempted
name: attempted
logsource: { category: attempt }
detection: { s: { event.action: attempted }, condition: s }
level: informational
`;

beforeAll(async () => {
  server = await testServer({ now: () => clock });
  await attackRules(server);
  await importRules(server, manyAttempts, "ACTIVE");
});
afterAll(() => server.close());

let address = 1;
const nextAddress = (): string => `203.0.113.${address++}`;
beforeEach(async () => {
  await noRules(server);
  clock += 2 * 3_600_000;
});

describe("a change of an incident", () => {
  it("is answered by the actions that response rules choose, without being asked", async () => {
    await respondBy(server, {
      conditions: { severityAtLeast: "CRITICAL" },
      actions: [{ type: "BLOCK_IP", ttlS: 3600 }],
    });
    const ip = nextAddress();
    await attack(server, [{ ip }]);
    await vi.waitFor(
      async () => expect((await decisionsInForce(server, clock)).map(({ value }) => value)).toContain(ip),
      { timeout: 20_000, interval: 5 },
    );
    const [done] = (await actionsOf(server)).filter(({ target }) => target === ip);
    expect(done).toMatchObject({ type: "BLOCK_IP", status: "APPLIED", expires_at: new Date(clock + 3_600_000) });
    expect(await decisionsInForce(server, clock)).toContainEqual(
      expect.objectContaining({ type: "BLOCK_IP", value: ip }),
    );
    expect(await timeline(server, done?.incident_id as string)).toContainEqual(
      expect.stringMatching(`^ACTION_APPLIED The block of ${ip} until .*incident #\\d+ is CRITICAL`),
    );
  });

  it("is answered once, however often the bell rings", async () => {
    await respondBy(server, { actions: [{ type: "BLOCK_IP" }] });
    const ip = nextAddress();
    await attack(server, [{ ip }]);
    await Promise.all(Array.from({ length: 8 }, () => server.app.respond(server.ours)));
    expect((await actionsOf(server)).filter(({ target }) => target === ip)).toHaveLength(1);
  });

  it("is answered by the sweep when its bell was lost", async () => {
    const ip = nextAddress();
    await attack(server, [{ ip }]); // no rule yet: nothing is done, and the letter is put away
    await actionsOf(server);
    await respondBy(server, { actions: [{ type: "BLOCK_IP" }] });
    await server.app.db.query(
      server.ours,
      `UPDATE security_incidents SET response_entry_id = (SELECT id FROM incident_entries e WHERE e.organization_id = $1
         AND e.incident_id = security_incidents.id LIMIT 1)
       WHERE organization_id = $1 AND subjects @> $2`,
      [server.ours, JSON.stringify([{ key: ip }])],
    );
    await server.app.sweep.respond();
    expect((await actionsOf(server)).filter(({ target }) => target === ip)).toMatchObject([{ status: "APPLIED" }]);
  });

  it("R4 a rule on trial lists what it would have done, and does nothing", async () => {
    await respondBy(server, { actions: [{ type: "BLOCK_IP" }, { type: "SUSPEND_USER" }], mode: "MONITOR" });
    const ip = nextAddress();
    await attack(server, [{ ip }]);
    const [done] = (await actionsOf(server)).filter(({ target }) => target === ip);
    expect(done?.status).toBe("MONITORED");
    expect((await timeline(server, done?.incident_id as string)).at(-1)).toContain(
      "for 1 hour would have been done; the rule is on trial",
    );
    expect((await decisionsInForce(server, clock)).filter(({ value }) => value === ip)).toEqual([]);
  });

  it("R6 a destructive action, or one whose rule says so, waits for a person; nobody in time refuses it", async () => {
    await respondBy(server, { actions: [{ type: "SUSPEND_USER" }, { type: "FORCE_MFA", approval: true }] });
    await attack(server, [{ user: "mallory" }]);
    const waiting = (await actionsOf(server)).filter(({ target }) => target === "mallory");
    expect(waiting.map(({ type, status }) => `${type} ${status}`).sort()).toEqual([
      "FORCE_MFA AWAITING_APPROVAL",
      "SUSPEND_USER AWAITING_APPROVAL",
    ]);
    clock += 1_800_000;
    await server.app.sweep.respond();
    const after = (await actionsOf(server)).filter(({ target }) => target === "mallory");
    expect(after.map(({ status, ended_reason }) => `${status} ${ended_reason}`)).toEqual([
      "REFUSED Nobody approved it in time.",
      "REFUSED Nobody approved it in time.",
    ]);
  });

  it("R1 is not answered by what would hit the organization itself, and the timeline says why", async () => {
    await respondBy(server, { actions: [{ type: "BLOCK_IP" }, { type: "FORCE_MFA" }] });
    await server.database.asOwner(
      `INSERT INTO users (organization_id, id, email, name, role) VALUES ($1, gen_random_uuid(), 'boss@demo.example', 'Boss', 'ADMIN')`,
      [server.ours],
    );
    await attack(server, [{ ip: "10.0.0.7" }, { user: "boss@demo.example" }]);
    const refused = (await actionsOf(server)).filter(({ target }) =>
      ["10.0.0.7", "boss@demo.example"].includes(target),
    );
    expect(refused.map(({ status, ended_reason }) => `${status} ${ended_reason}`).sort()).toEqual([
      "REFUSED 10.0.0.7 reaches into a private range (10.0.0.0/8).",
      "REFUSED boss@demo.example is an administrator of this organization.",
    ]);
    const lines = await timeline(server, refused[0]?.incident_id as string);
    expect(lines.some((line) => line.startsWith("ACTION_REFUSED"))).toBe(true);
  });

  it("R3 ends when its time is over, and a repeat offender's block is twice as long", async () => {
    await respondBy(server, { actions: [{ type: "BLOCK_IP", ttlS: 600 }] });
    const ip = nextAddress();
    await attack(server, [{ ip }]);
    await actionsOf(server);
    clock += 600_000;
    await server.app.sweep.respond();
    expect((await actionsOf(server)).find(({ target }) => target === ip)?.status).toBe("EXPIRED");
    await server.database.asOwner(
      "UPDATE security_incidents SET status = 'RESOLVED', resolved_at = now() - interval '100 days' WHERE organization_id = $1",
      [server.ours],
    );
    clock += 600_000;
    await attack(server, [{ ip }]);
    const again = (await actionsOf(server)).filter(({ target }) => target === ip).at(-1);
    expect(again).toMatchObject({ status: "APPLIED", expires_at: new Date(clock + 1_200_000) });
  });

  it("is not answered again by what somebody took back, however the incident grows", async () => {
    await respondBy(server, { actions: [{ type: "BLOCK_IP", ttlS: 600 }] });
    const ip = nextAddress();
    await attack(server, [{ ip }]);
    const about = async () => (await actionsOf(server)).filter(({ target }) => target === ip);
    const [done] = await about();
    const back = { id: done?.id as string, actor: "ada", auditActor: "ada", reason: "Our own scanner", now: clock };
    await server.app.change(server.ours, (tx) => revertAction(tx, back));
    await server.app.db.query(
      server.ours,
      "SELECT incident_log(ARRAY[gen_random_uuid()], ARRAY[$1::uuid], '{COUNT_REACHED}', '{More}', '{vigil}', now())",
      [done?.incident_id],
    );
    expect((await about()).map(({ status }) => status)).toEqual(["REVERTED"]);
    expect((await decisionsInForce(server, clock)).filter(({ value }) => value === ip)).toEqual([]);
    expect(await timeline(server, done?.incident_id as string)).toContainEqual(
      expect.stringContaining(`The block of ${ip} was not chosen by the response rule`),
    );
    // Elsewhere it is a first offence.
    await server.database.asOwner(
      "UPDATE security_incidents SET status = 'RESOLVED', resolved_at = now() - interval '100 days' WHERE organization_id = $1",
      [server.ours],
    );
    clock += 1_200_000;
    await attack(server, [{ ip }]);
    expect((await about()).at(-1)).toMatchObject({ status: "APPLIED", expires_at: new Date(clock + 600_000) });
  });

  it("is not answered again by what somebody took back in an incident that lives on in it", async () => {
    await respondBy(server, { actions: [{ type: "BLOCK_IP" }] });
    const ip = nextAddress();
    await attack(server, [{ ip }, { ip, level: "medium" }]);
    const about = async () => (await actionsOf(server)).filter(({ target }) => target === ip);
    const [done] = await about();
    const { rows } = await server.app.db.query<{ id: string }>(
      server.ours,
      "SELECT id FROM security_incidents WHERE organization_id = $1 AND subjects @> $2 AND id <> $3",
      [server.ours, JSON.stringify([{ key: ip }]), done?.incident_id],
    );
    const [into] = rows;
    const back = { id: done?.id as string, actor: "ada", auditActor: "ada", reason: "Our own scanner", now: clock };
    await server.app.change(server.ours, (tx) => revertAction(tx, back));
    const [id, intoId] = [done?.incident_id, into?.id].map((of) => Buffer.from(`Incident:${of}`).toString("base64"));
    const { data } = await server.query(
      'mutation ($id: ID!, $intoId: ID!) { incidentMerge(id: $id, input: { intoId: $intoId, reason: "One story" }) { userErrors { message } } }' as never,
      { id, intoId } as never,
      await server.app.tokens.sign({ organizationId: server.ours, userId: "cli", name: "ada", role: "ADMIN" }, 86_400),
    );
    expect(data).toEqual({ incidentMerge: { userErrors: [] } });
    await server.app.db.query(
      server.ours,
      "SELECT incident_log(ARRAY[gen_random_uuid()], ARRAY[$1::uuid], '{COUNT_REACHED}', '{More}', '{vigil}', now())",
      [into?.id],
    );
    expect((await about()).map(({ status }) => status)).toEqual(["REVERTED"]);
    expect(await timeline(server, into?.id as string)).toContainEqual(
      expect.stringContaining(`The block of ${ip} was not chosen by the response rule`),
    );
  });

  it("tells every administrator once per incident", async () => {
    await respondBy(server, { actions: [{ type: "NOTIFY_ADMIN" }], coolDownS: 3600 });
    await attack(server, [{ ip: nextAddress() }]);
    const done = (await actionsOf(server)).filter(({ type }) => type === "NOTIFY_ADMIN").at(-1);
    expect(done?.status).toBe("APPLIED");
    const { rows } = await server.app.db.query(
      server.ours,
      "SELECT title FROM security_notifications WHERE organization_id = $1 AND incident_id = $2",
      [server.ours, done?.incident_id],
    );
    const admins = await server.database.asOwner("SELECT FROM users WHERE organization_id = $1 AND role = 'ADMIN'", [
      server.ours,
    ]);
    expect(rows).toHaveLength(admins.length);
    expect(admins.length).toBeGreaterThan(0);
  });
});

describe("INCREASE_MONITORING", () => {
  it("makes what is found about its target one step more severe, and rules on trial open incidents", async () => {
    const found = async (user: string) => {
      const { rows } = await server.app.db.query<{ mode: string; severity: string; opened: boolean }>(
        server.ours,
        `SELECT mode, severity, incident_id IS NOT NULL AS opened FROM detections
         WHERE organization_id = $1 AND subjects @> $2 ORDER BY severity_rank DESC LIMIT 1`,
        [server.ours, JSON.stringify([{ kind: "USER", key: user }])],
      );
      return rows[0];
    };
    await server.app.db.query(
      server.ours,
      "UPDATE alert_rules SET mode = 'MONITOR' WHERE organization_id = $1 AND reference = 'attack_medium_user'",
      [server.ours],
    );
    await server.app.db.query(server.ours, "UPDATE organizations SET rules_version = rules_version + 1 WHERE id = $1", [
      server.ours,
    ]);
    await attack(server, [{ user: "quiet", level: "medium" }]);
    expect(await found("quiet")).toEqual({ mode: "MONITOR", severity: "MEDIUM", opened: false });
    await respondBy(server, { actions: [{ type: "INCREASE_MONITORING", target: "USER" }] });
    await attack(server, [{ user: "eve" }]);
    await actionsOf(server);
    clock += 600_000;
    await attack(server, [{ user: "eve", level: "medium" }]);
    const { rows } = await server.app.db.query(
      server.ours,
      `SELECT d.mode, d.severity, d.incident_id IS NOT NULL AS opened FROM detections d JOIN alert_rules r ON r.organization_id = $1 AND r.id = d.rule_id
       WHERE d.organization_id = $1 AND r.reference = 'attack_medium_user' AND d.subjects @> '[{"key": "eve"}]'`,
      [server.ours],
    );
    expect(rows).toEqual([{ mode: "ACTIVE", severity: "HIGH", opened: true }]);
  });

  it("asked for under another of a user's names is about what they do under any", async () => {
    const target = { scope: "USER" as const, value: "wanda@clinic.example" };
    await server.app.db.inOrganization(server.ours, async (tx) => {
      await importUsers(tx, [{ keys: ["w-17"], aliases: [target.value] }], clock);
      const about = { type: "INCREASE_MONITORING" as const, target, ttl: 3_600_000 };
      await makeDecision(tx, { ...about, reason: "Odd", actor: "ada@clinic.example", now: clock });
    });
    clock += 600_000;
    await attack(server, [{ user: "w-17", level: "medium" }]);
    const { rows } = await server.app.db.query(
      server.ours,
      `SELECT d.severity FROM detections d JOIN alert_rules r ON r.organization_id = $1 AND r.id = d.rule_id
       WHERE d.organization_id = $1 AND r.reference = 'attack_medium_user' AND d.subjects @> '[{"key": "w-17"}]'`,
      [server.ours],
    );
    expect(rows).toEqual([{ severity: "HIGH" }]);
  });

  it("asked for about an IPv6 network is about each address in it, and is done to no wider one", async () => {
    expect(increaseMonitoring.plan("2001:db8:5::/48", "ADDRESS")).toHaveProperty("fault");
    const { target } = increaseMonitoring.plan("2001:db8:5:6::/64", "ADDRESS") as { target: Target };
    await server.app.db.inOrganization(server.ours, async (tx) => {
      const about = { type: "INCREASE_MONITORING" as const, target, ttl: 3_600_000 };
      await makeDecision(tx, { ...about, reason: "Odd", actor: "ada@clinic.example", now: clock });
    });
    clock += 600_000;
    await attack(server, [
      { ip: "2001:db8:5:6::9", level: "medium" },
      { ip: "2001:db8:5:7::9", level: "medium" },
    ]);
    const { rows } = await server.app.db.query(
      server.ours,
      `SELECT d.subjects->0->>'key' AS address, d.severity FROM detections d JOIN alert_rules r ON r.organization_id = $1 AND r.id = d.rule_id
       WHERE d.organization_id = $1 AND r.reference = 'attack_medium_address' AND d.subjects->0->>'key' LIKE '2001:%' ORDER BY 1`,
      [server.ours],
    );
    expect(rows).toEqual([
      { address: "2001:db8:5:6::9", severity: "HIGH" },
      { address: "2001:db8:5:7::9", severity: "MEDIUM" },
    ]);
  });

  const attempts = (user: string, times: number) =>
    server.ingest(
      Array.from({ length: times }, () =>
        JSON.stringify({ action: "attempted", logsource: { category: "attempt" }, actor: { name: user } }),
      ).join("\n"),
    );
  const severities = async (user: string) => {
    const { rows } = await server.app.db.query<{ severity: string; found: string }>(
      server.ours,
      `SELECT i.severity, d.severity AS found FROM security_incidents i JOIN alert_rules r ON r.organization_id = $1 AND r.id = i.rule_id
       JOIN detections d ON d.organization_id = $1 AND d.incident_id = i.id
       WHERE i.organization_id = $1 AND r.reference = 'many_attempts' AND i.subjects @> $2`,
      [server.ours, JSON.stringify([{ kind: "USER", key: user }])],
    );
    return rows;
  };

  it("makes what led to it no more severe when that goes on", async () => {
    await respondBy(server, { actions: [{ type: "INCREASE_MONITORING", target: "USER" }] });
    await attempts("ida", 6);
    expect((await actionsOf(server)).at(-1)).toMatchObject({ type: "INCREASE_MONITORING", target: "ida" });
    clock += 1_000;
    await attempts("ida", 1);
    expect(await severities("ida")).toEqual([{ severity: "MEDIUM", found: "MEDIUM" }]);
  });

  it("makes what was found at half of the threshold more severe once it passes all of it", async () => {
    const target = { scope: "USER" as const, value: "moe" };
    const about = { type: "INCREASE_MONITORING" as const, target, ttl: 3_600_000 };
    await server.app.db.inOrganization(server.ours, (tx) =>
      makeDecision(tx, { ...about, reason: "Odd", actor: "ada@clinic.example", now: clock }),
    );
    clock += 1_000;
    await attempts("moe", 3);
    expect(await severities("moe")).toMatchObject([{ severity: "MEDIUM" }]);
    await attempts("moe", 3);
    expect(await severities("moe")).toMatchObject([{ severity: "HIGH" }]);
  });

  it("lets half of a rule's threshold open an incident about its target, and about nobody else", async () => {
    await respondBy(server, { actions: [{ type: "INCREASE_MONITORING", target: "USER" }] });
    await attack(server, [{ user: "mal" }]);
    await actionsOf(server);
    await attempts("mal", 3);
    await attempts("quiet", 3);
    const { rows } = await server.app.db.query(
      server.ours,
      `SELECT d.subjects->0->>'key' AS user, d.severity, d.event_count, d.incident_id IS NOT NULL AS opened
       FROM detections d JOIN alert_rules r ON r.organization_id = $1 AND r.id = d.rule_id
       WHERE d.organization_id = $1 AND r.reference = 'many_attempts'`,
      [server.ours],
    );
    expect(rows.filter(({ user }) => user === "mal" || user === "quiet")).toEqual([
      { user: "mal", severity: "MEDIUM", event_count: 3, opened: true },
    ]);
  });
});

describe("the response rules that come with Vigil", () => {
  it("R4 act from the start only where they stand in nobody's way", () => {
    for (const { mode, actions } of defaultRules) {
      const soft = actions.every(({ type }) => type === "NOTIFY_ADMIN" || type === "INCREASE_MONITORING");
      const asks = actions.some(({ type }) => type === "ASK_USER");
      expect(mode).toBe(soft ? "ACTIVE" : asks ? "DISABLED" : "MONITOR");
    }
  });

  it("are given to an organization once: those that are removed stay away", async () => {
    const { rows } = await server.app.db.query(server.theirs, "SELECT FROM response_rules WHERE organization_id = $1", [
      server.theirs,
    ]);
    expect(rows).toHaveLength(defaultRules.length);
  });
});
