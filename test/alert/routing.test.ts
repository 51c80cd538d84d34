/** Alerts in the transaction of the change, over the real server: what is routed, held, told later, escalated. */
import { v7 as uuidv7 } from "uuid";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ensureUser } from "../../src/access/users.ts";
import { acknowledgeAll } from "../../src/alert/acknowledge.ts";
import { deleteChannel } from "../../src/alert/channel-change.ts";
import { escalateDue, onUndeliverable } from "../../src/alert/escalate.ts";
import { groupId } from "../../src/alert/ids.ts";
import { retryAlerts } from "../../src/alert/retry.ts";
import { routeAlerts } from "../../src/alert/route-alerts.ts";
import { repeatDue } from "../../src/alert/route-later.ts";
import type { Tx } from "../../src/db.ts";
import { riskBySeverity } from "../../src/detect/risk.ts";
import { acknowledgeIncident, reopenIncident, resolveIncident } from "../../src/incident/change.ts";
import { addEntries, entriesOf } from "../../src/incident/entry.ts";
import { mergeIncident } from "../../src/incident/merge.ts";
import { lockIncident } from "../../src/incident/move.ts";
import { gradeIncident } from "../../src/incident/work.ts";
import { createSweep } from "../../src/sweep.ts";
import { attack, attackRules } from "../respond/incidents.ts";
import { quiet } from "../support/database.ts";
import { type TestServer, testServer } from "../support/server.ts";
import { somebodyWaits } from "../support/waiting.ts";

let server: TestServer;
let now = Date.now();
let ours: string;
let ip = 0;

beforeAll(async () => {
  server = await testServer({ now: () => now });
  ours = server.ours;
  await attackRules(server);
});
afterAll(() => server.close());
beforeEach(async () => {
  await sql(
    "UPDATE escalations SET state = 'ENDED', due_at = NULL, ended_at = now() WHERE organization_id = $1 AND state <> 'ENDED'",
  );
  await sql("UPDATE alert_routes SET removed_at = now(), name = id::text WHERE organization_id = $1");
  await sql("UPDATE alert_channels SET removed_at = now(), name = id::text WHERE organization_id = $1");
});

const sql = async <R extends object>(text: string, values: unknown[] = []): Promise<R[]> =>
  (await server.app.db.query(ours, text, [ours, ...values])).rows as R[];

async function channel(name: string, more: { kind?: string; to?: string[] } = {}): Promise<string> {
  const id = uuidv7();
  // It waits for ever, so that what is routed stays as it was.
  const text = `INSERT INTO alert_channels (organization_id, id, kind, name, config, wait_until) VALUES ($1, $2, $3, $4, $5, '9999-12-31')`;
  await sql(text, [id, more.kind ?? "WEBHOOK", name, JSON.stringify(more.to ? { to: more.to } : {})]);
  return id;
}

async function incident(level = "critical"): Promise<{ id: string; ip: string }> {
  const address = `203.0.113.${++ip}`;
  await attack(server, [{ ip: address, level }]);
  const [row] = await sql<{ id: string }>(
    "SELECT id FROM security_incidents WHERE organization_id = $1 AND subjects @> $2 ORDER BY number DESC LIMIT 1",
    [JSON.stringify([{ kind: "ADDRESS", key: address }])],
  );
  if (!row) throw new Error(`no incident about ${address}`);
  return { id: row.id, ip: address };
}

const alerts = (incidentId: string) =>
  sql<{
    id: string;
    kind: string;
    status: string;
    priority: string;
    channel_id: string;
    recipient: string;
    group_key: string;
    held_by: { kind: string; reason: string }[];
    due_at: Date | null;
  }>(
    "SELECT * FROM security_alerts WHERE organization_id = $1 AND incident_id = $2 ORDER BY created_at, kind, recipient",
    [incidentId],
  );

async function policy(
  steps: unknown[],
  more: { repeats?: number; timeoutS?: number; fallback?: string } = {},
): Promise<string> {
  const id = uuidv7();
  await sql(
    `INSERT INTO escalation_policies (organization_id, id, name, steps, repeats, acknowledge_timeout_s, fallback_channel_id)
     VALUES ($1, $2::uuid, $2, $3, $4, $5, $6)`,
    [id, JSON.stringify(steps), more.repeats ?? 0, more.timeoutS ?? null, more.fallback ?? null],
  );
  return id;
}

async function routeTo(
  channels: string[],
  more: { mute?: unknown[]; repeatS?: number; policyId?: string; resolved?: boolean } = {},
) {
  const id = uuidv7();
  await sql(
    `INSERT INTO alert_routes (organization_id, id, name, position, matchers, group_by, mute_times, repeat_interval_s, escalation_policy_id, tells_resolved)
     VALUES ($1, $2::uuid, $2, 1, '[]', '{}', $3, $4, $5, $6)`,
    [id, JSON.stringify(more.mute ?? []), more.repeatS ?? null, more.policyId ?? null, more.resolved ?? true],
  );
  for (const one of channels)
    await sql("INSERT INTO alert_route_channels (organization_id, route_id, channel_id) VALUES ($1, $2, $3)", [
      id,
      one,
    ]);
  return id;
}

const minutes = 60_000;
const kinds = async (id: string): Promise<string[]> =>
  (await alerts(id)).map(({ kind, status }) => `${kind} ${status}`);
const acknowledge = (id: string) =>
  server.app.change(ours, (tx) => acknowledgeIncident(tx, { id, actor: "ann@clinic.example", now }));
const escalate = () => server.app.sweep.escalate();
/** The sender, which is another room: everything that is queued has been taken. */
const send = (id: string) =>
  sql(
    "UPDATE security_alerts SET status = 'SENT', sent_at = $3 WHERE organization_id = $1 AND incident_id = $2 AND status = 'QUEUED'",
    [id, new Date(now)],
  );

it("N1: an incident is there with its alerts or not at all, wherever its transaction fails, at the commit too", async () => {
  await routeTo([await channel("pager")]);
  const counts = () =>
    sql(`SELECT (SELECT count(*)::int FROM security_incidents WHERE organization_id = $1) AS incidents,
      (SELECT count(*)::int FROM security_alerts WHERE organization_id = $1) AS alerts`);
  const before = await counts();
  await server.database.asOwner(
    "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'for the test'; END $$",
  );
  const address = `203.0.113.${++ip}`;
  for (const table of ["detections", "security_incidents", "incident_entries", "security_alerts"]) {
    for (const when of ["TRIGGER fail BEFORE INSERT", "CONSTRAINT TRIGGER fail AFTER INSERT"]) {
      const late = when.startsWith("CONSTRAINT") ? "DEFERRABLE INITIALLY DEFERRED" : "";
      await server.database.asOwner(`CREATE ${when} ON ${table} ${late} FOR EACH ROW EXECUTE FUNCTION fail()`);
      expect((await attack(server, [{ ip: address }])).status).toBe(503);
      expect(await counts()).toEqual(before);
      await server.database.asOwner(`DROP TRIGGER fail ON ${table}`);
    }
  }
  await attack(server, [{ ip: address }]);
  const [row] = before as { incidents: number; alerts: number }[];
  expect(await counts()).toEqual([{ incidents: (row?.incidents ?? 0) + 1, alerts: (row?.alerts ?? 0) + 1 }]);
});

describe("routing", () => {
  it("tells every channel when nothing is configured, in the transaction of the batch", async () => {
    const hook = await channel("hook");
    await channel("mail", { kind: "EMAIL", to: ["a@clinic.example", "b@clinic.example"] });
    const { id } = await incident();
    const told = await alerts(id);
    expect(told.map(({ recipient }) => recipient)).toEqual(["", "a@clinic.example", "b@clinic.example"]);
    expect(told[0]).toMatchObject({ kind: "OPENED", status: "QUEUED", priority: "CRITICAL", channel_id: hook });
  });

  it("holds by a mute time with its name, tells it once when that is over, and never twice", async () => {
    const day = new Date(now).toISOString().slice(0, 10);
    const hook = await channel("hook");
    await routeTo([hook], { mute: [{ name: "Holiday", dates: [day], timeZone: "UTC" }] });
    const { id } = await incident();
    expect(await alerts(id)).toMatchObject([
      { status: "HELD", due_at: null, held_by: [{ kind: "MUTE_TIME", reason: "Holiday" }] },
    ]);
    await server.app.sweep.routes();
    expect(await kinds(id)).toEqual(["OPENED HELD"]);
    now += 24 * 60 * minutes;
    await server.app.sweep.routes();
    await server.app.sweep.routes();
    expect(await kinds(id)).toEqual(["OPENED QUEUED"]);
  });

  it("keeps for ever what it holds for a channel that was removed, or for an address that is no longer told", async () => {
    const day = new Date(now).toISOString().slice(0, 10);
    const [hook, pager] = [await channel("hook"), await channel("pager")];
    const mail = await channel("mail", { kind: "EMAIL", to: ["a@clinic.example", "b@clinic.example"] });
    await routeTo([hook, mail], { mute: [{ dates: [day], timeZone: "UTC" }] });
    const { id } = await incident();
    await sql("UPDATE alert_routes SET removed_at = now() WHERE organization_id = $1");
    await routeTo([pager]);
    const { id: pending } = await incident();
    await server.app.change(ours, async (tx) => {
      for (const one of [hook, pager]) await deleteChannel(tx, one, now);
    });
    await sql("UPDATE alert_channels SET config = $3 WHERE organization_id = $1 AND id = $2", [
      mail,
      JSON.stringify({ to: ["a@clinic.example"] }),
    ]);
    now += 24 * 60 * minutes;
    await server.app.sweep.routes();
    const told = async () => (await alerts(id)).map(({ recipient, status }) => `${recipient} ${status}`);
    expect(await told()).toEqual([" HELD", "a@clinic.example QUEUED", "b@clinic.example HELD"]);
    const [removed] = await alerts(pending);
    expect(removed).toMatchObject({
      status: "HELD",
      held_by: [{ kind: "CHANNEL", reason: "The channel was removed." }],
    });
    // Nor can anybody have it sent.
    expect(await server.app.change(ours, (tx) => retryAlerts(tx, [removed?.id as string], now))).toEqual([]);
    expect(await kinds(pending)).toEqual(["OPENED HELD"]);
  });

  it("holds for good what was made for a channel in the moment in which it was removed", async () => {
    const pager = await channel("pager");
    await routeTo([pager]);
    let made = Promise.resolve({ id: "", ip: "" });
    await server.app.change(ours, async (tx) => {
      await deleteChannel(tx, pager, now);
      made = incident();
      await somebodyWaits(server.database);
    });
    const { id } = await made;
    await server.app.sweep.routes();
    const held = [{ kind: "CHANNEL", reason: "The channel was removed." }];
    expect(await alerts(id)).toMatchObject([{ status: "HELD", held_by: held, due_at: null }]);
    await server.app.sweep.routes();
    expect(await alerts(id)).toMatchObject([{ status: "HELD", held_by: held }]);
  });

  it("lets a group wait for its interval at most, though its last message went out by a clock that was ahead", async () => {
    const hook = await channel("hook");
    const routeId = await routeTo([hook]);
    const grouped = "UPDATE alert_routes SET group_by = '{RULE}' WHERE organization_id = $1 AND id = $2";
    await sql(grouped, [routeId]);
    const first = await incident("medium");
    const groupKey = (await alerts(first.id))[0]?.group_key as string;
    await sql("INSERT INTO alert_groups (organization_id, id, channel_id, last_sent_at) VALUES ($1, $2, $3, $4)", [
      groupId({ groupKey, channelId: hook, recipient: "" }),
      hook,
      new Date(now + 24 * 60 * minutes),
    ]);
    const [next] = await alerts((await incident("medium")).id);
    expect(next?.group_key).toBe(groupKey);
    expect(Number(next?.due_at)).toBeLessThan(now + 6 * minutes);
  });

  it("tells nobody later of what was acknowledged while it was held", async () => {
    const day = new Date(now).toISOString().slice(0, 10);
    await routeTo([await channel("hook")], { mute: [{ dates: [day], timeZone: "UTC" }] });
    const { id } = await incident();
    await acknowledge(id);
    now += 24 * 60 * minutes;
    await server.app.sweep.routes();
    expect(await kinds(id)).toEqual(["OPENED HELD"]);
  });

  it("tells that it is over to those who were told that it began, and to nobody else", async () => {
    const first = await channel("first");
    await routeTo([first]);
    const { id } = await incident();
    await channel("later");
    await sql("UPDATE alert_routes SET removed_at = now() WHERE organization_id = $1");
    await server.app.vault.reserve(ours, 10);
    await server.app.change(ours, (tx) =>
      resolveIncident(tx, server.app.vault, { id, actor: "ann", resolution: "BENIGN", reason: "a test", now }),
    );
    const told = await alerts(id);
    expect(told.map(({ kind, channel_id }) => [kind, channel_id])).toEqual([
      ["OPENED", first],
      ["RESOLVED", first],
    ]);
  });

  it("makes no incident without its alerts, wherever in the transaction it dies, with no query for what is not told and two for what is", async () => {
    await channel("hook");
    let statements = 0;
    const dying = (tx: Tx, at: number): Tx => ({
      ...tx,
      query: ((...args: Parameters<Tx["query"]>) => {
        if (++statements === at) throw new Error("died");
        return tx.query(...args);
      }) as Tx["query"],
    });
    const id = uuidv7();
    let routed = 0;
    const run = (at: number) => {
      statements = 0;
      return server.app.db.inOrganization(ours, async (real) => {
        const tx = dying(real, at);
        await tx.query(
          `INSERT INTO security_incidents (organization_id, id, number, title, severity, fingerprint, threat_score, subjects, tags,
             detection_count, event_count, first_event_at, last_event_at, opened_at)
           VALUES ($1, $2::uuid, 9000, 'i', 'HIGH', 'dying', 0, '[]', '{}', 1, 1, now(), now(), now())`,
          [ours, id],
        );
        await addEntries(tx, [{ incidentId: id, kind: "DETECTED", message: "m", actor: "vigil" }], now);
        const before = statements;
        await routeAlerts(tx, entriesOf(tx), now);
        expect(statements).toBe(before);
        await addEntries(tx, [{ incidentId: id, kind: "OPENED", message: "m", actor: "vigil" }], now);
        const begin = statements;
        await routeAlerts(tx, entriesOf(tx), now);
        routed = statements - begin;
        await tx.query("SELECT 1");
      });
    };
    for (let at = 1; ; at++) {
      const died = await run(at).then(
        () => false,
        (error: Error) => error.message === "died",
      );
      const [{ incidents, told }] = (await sql(
        `SELECT (SELECT count(*)::int FROM security_incidents WHERE organization_id = $1 AND id = $2) AS incidents,
           (SELECT count(*)::int FROM security_alerts WHERE organization_id = $1 AND incident_id = $2) AS told`,
        [id],
      )) as [{ incidents: number; told: number }];
      expect([at, incidents, told]).toEqual([at, died ? 0 : 1, died ? 0 : 1]);
      if (!died) break;
    }
    expect(routed).toBe(2);
  });
});

describe("escalation", () => {
  const steps = (one: string, two: string) => [
    { delayS: 300, tell: [{ kind: "CHANNEL", id: one }] },
    { delayS: 600, tell: [{ kind: "CHANNEL", id: two }] },
  ];
  async function escalating(more: Parameters<typeof policy>[1] = {}, level?: string) {
    const [one, two] = [await channel("one"), await channel("two")];
    await routeTo([], { policyId: await policy(steps(one, two), more) });
    const { id } = await incident(level);
    return { id, one, two };
  }
  const called = async (id: string) => (await alerts(id)).map(({ channel_id }) => channel_id).sort(); // ids are in order of age
  const state = async (id: string) =>
    (
      await sql<{ state: string; ended_reason: string | null }>(
        "SELECT * FROM escalations WHERE organization_id = $1 AND incident_id = $2",
        [id],
      )
    )[0];

  it("goes from step to step and round to round, then to the fallback, each told once", async () => {
    const fallback = await channel("fallback");
    const { id, one, two } = await escalating({ repeats: 1, fallback });
    await escalate();
    expect(await called(id)).toEqual([]);
    for (let minute = 0; minute < 60; minute += 5) {
      now += 5 * minutes;
      await Promise.all([escalate(), escalate()]);
    }
    expect(await called(id)).toEqual([one, two, one, two, fallback].sort());
    expect(await state(id)).toMatchObject({ state: "ENDED", ended_reason: "EXHAUSTED" });
  });

  it("begins again where all steps are over and the incident becomes more severe, and not beside one that goes on", async () => {
    const { id, one, two } = await escalating({}, "medium");
    const lives = () =>
      sql("SELECT state FROM escalations WHERE organization_id = $1 AND incident_id = $2 ORDER BY started_at", [id]);
    const grade = async (severity: "LOW" | "HIGH" | "CRITICAL") => {
      now += minutes;
      await server.app.vault.reserve(ours, 10);
      const change = { id, actor: "ann@clinic.example", severity, reason: "a test", now };
      await server.app.change(ours, (tx) => gradeIncident(tx, server.app.vault, change));
    };
    const pass = async () => {
      now += 10 * minutes;
      await escalate();
    };
    await grade("HIGH");
    expect(await lives()).toEqual([{ state: "RUNNING" }]);
    for (const _ of [1, 2]) await pass();
    expect(await lives()).toEqual([{ state: "ENDED" }]);
    await grade("LOW");
    expect(await lives()).toEqual([{ state: "ENDED" }]);
    for (const severity of ["HIGH", "CRITICAL"] as const) await grade(severity);
    expect(await lives()).toEqual([{ state: "ENDED" }, { state: "RUNNING" }]);
    for (const _ of [1, 2]) await pass();
    expect(await called(id)).toEqual([one, one, two, two]);
  });

  it("stops when somebody acknowledges, resumes when that has lasted too long, and ends with the incident", async () => {
    const { id, one } = await escalating({ timeoutS: 1_800 });
    await acknowledge(id);
    now += 29 * minutes;
    await escalate();
    expect(await state(id)).toMatchObject({ state: "ACKNOWLEDGED" });
    expect(await called(id)).toEqual([]);
    now += 2 * minutes;
    await escalate();
    expect(await called(id)).toEqual([one]);
    await server.app.vault.reserve(ours, 10);
    await server.app.change(ours, (tx) =>
      resolveIncident(tx, server.app.vault, { id, actor: "ann", resolution: "BENIGN", reason: "a test", now }),
    );
    expect(await state(id)).toMatchObject({ state: "ENDED", ended_reason: "RESOLVED" });
  });

  it("goes on at once where a step cannot be delivered", async () => {
    const { id, one, two } = await escalating();
    now += 5 * minutes;
    await escalate();
    await sql("UPDATE security_alerts SET status = 'FAILED' WHERE organization_id = $1 AND incident_id = $2", [id]);
    const failed = (await alerts(id)).map((alert) => alert.id);
    expect(await server.app.change(ours, (tx) => onUndeliverable(tx, failed, now))).toBe(1);
    await escalate();
    expect(await called(id)).toEqual([one, two]);
  });

  it("goes on at once where the channel of a step is removed before it was told", async () => {
    const { id, one, two } = await escalating();
    now += 5 * minutes;
    await escalate();
    expect(await kinds(id)).toEqual(["ESCALATED QUEUED"]);
    await server.app.change(ours, (tx) => deleteChannel(tx, one, now));
    await escalate();
    expect(await called(id)).toEqual([one, two]);
  });

  it("of a channel that is being removed waits for whoever resolves the incident and tells of it there", async () => {
    const { id, one } = await escalating();
    now += 5 * minutes;
    await escalate();
    let removed: Promise<unknown> = Promise.resolve();
    await server.app.change(ours, async (tx) => {
      await tx.query("SELECT FROM escalations WHERE organization_id = $1 AND incident_id = $2 FOR UPDATE", [ours, id]);
      removed = server.app.change(ours, (other) => deleteChannel(other, one, now));
      await somebodyWaits(server.database);
      await tx.query("SELECT FROM alert_channels WHERE organization_id = $1 AND id = $2 FOR KEY SHARE NOWAIT", [
        ours,
        one,
      ]);
    });
    await removed;
    expect(await kinds(id)).toEqual(["ESCALATED HELD"]);
  });

  it("skips a step that reaches nobody", async () => {
    const two = await channel("two");
    const nobody = { delayS: 0, tell: [{ kind: "USER", id: uuidv7() }] };
    await routeTo([], { policyId: await policy([nobody, { delayS: 900, tell: [{ kind: "CHANNEL", id: two }] }]) });
    const { id } = await incident();
    await escalate();
    expect(await called(id)).toEqual([two]);
  });

  it("N9 is paged by the auditor when no worker has done a step for five minutes, once", async () => {
    const { id } = await escalating();
    now += 9 * minutes;
    await server.app.sweep.overdue();
    expect(await called(id)).toEqual([]);
    now += 2 * minutes;
    await server.app.sweep.overdue();
    await server.app.sweep.overdue();
    expect((await called(id)).length).toBe(2); // every channel
    expect(await alerts(id)).toMatchObject([{ priority: "CRITICAL", status: "QUEUED" }, { status: "QUEUED" }]);
    await escalate();
    expect((await called(id)).length).toBe(3); // the step itself is not lost
  });

  it("N9 leaves what was due while Vigil was down to the workers for the first minute", async () => {
    const { id, one } = await escalating();
    now += 11 * minutes;
    const started = createSweep(server.app.db, { log: quiet, now: () => now } as Parameters<typeof createSweep>[1]);
    await started.overdue();
    await escalate();
    now += minutes;
    await started.overdue();
    expect(await called(id)).toEqual([one]);
    now += 30 * minutes;
    await started.overdue();
    expect((await called(id)).length).toBe(3); // every channel
  });

  it("N9 is paged by the auditor, too, when an acknowledgement has run out and no worker calls again, each time once", async () => {
    const { id } = await escalating({ timeoutS: 1_800 });
    await acknowledge(id);
    for (const paged of [2, 4]) {
      now += 34 * minutes;
      await server.app.sweep.overdue();
      expect((await called(id)).length).toBe(paged - 2);
      now += 2 * minutes;
      for (const _ of [1, 2]) await server.app.sweep.overdue();
      expect((await called(id)).length).toBe(paged); // every channel
      await sql("UPDATE escalations SET due_at = $3 WHERE organization_id = $1 AND incident_id = $2", [
        id,
        new Date(now + 30 * minutes), // somebody acknowledges again
      ]);
    }
  });

  it("calls nobody any more to what somebody has by then, nor when it is open again, and knows who has it", async () => {
    const { id } = await escalating();
    now += 5 * minutes;
    await escalate();
    expect(await kinds(id)).toEqual(["ESCALATED QUEUED"]); // its channel waits
    await acknowledge(id);
    expect(await alerts(id)).toMatchObject([{ status: "HELD", due_at: null, held_by: [{ kind: "ACKNOWLEDGED" }] }]);
    await server.app.vault.reserve(ours, 20);
    const who = { id, actor: "ann@clinic.example", reason: "a test", now };
    await server.app.change(ours, (tx) => resolveIncident(tx, server.app.vault, { ...who, resolution: "BENIGN" }));
    now += minutes;
    await server.app.change(ours, (tx) => reopenIncident(tx, server.app.vault, { ...who, now }));
    await server.app.sweep.routes();
    expect(await kinds(id)).toEqual(["ESCALATED HELD"]);
    // Ann saw it first; it is Bob who has it now.
    now += minutes;
    await server.app.change(ours, (tx) => acknowledgeIncident(tx, { id, actor: "bob@clinic.example", now }));
    const again = { actor: "eve@clinic.example", way: "LINK" as const };
    expect(await server.app.change(ours, (tx) => acknowledgeAll(tx, [id], again, now))).toMatchObject([
      { outcome: "ALREADY", by: "bob@clinic.example" },
    ]);
    const lives = "SELECT acknowledged_by FROM escalations WHERE incident_id = $1 ORDER BY started_at";
    expect(await server.database.asOwner(lives, [id])).toEqual([
      { acknowledged_by: "ann@clinic.example" },
      { acknowledged_by: "bob@clinic.example" },
    ]);
  });

  it("calls for what became more severe by taking another in, whose own calls end with it", async () => {
    const [one, two] = [await channel("one"), await channel("two")];
    const routeId = await routeTo([one], { policyId: await policy(steps(one, two)) });
    await sql("UPDATE alert_routes SET matchers = $3 WHERE organization_id = $1 AND id = $2", [
      routeId,
      JSON.stringify([{ field: "SEVERITY", operator: "EQUALS", value: "CRITICAL" }]),
    ]);
    const [severe, mild] = [await incident(), await incident("medium")];
    expect(await state(mild.id)).toBeUndefined();
    await server.app.vault.reserve(ours, 10);
    now += minutes;
    const merge = { id: severe.id, intoId: mild.id, actor: "ann", reason: "One story", weights: riskBySeverity, now };
    await server.app.change(ours, (tx) => mergeIncident(tx, server.app.vault, merge));
    expect(await state(severe.id)).toMatchObject({ state: "ENDED", ended_reason: "MERGED" });
    expect(await state(mild.id)).toMatchObject({ state: "RUNNING" });
    const told = (await alerts(mild.id)).filter(({ channel_id }) => channel_id === one);
    expect(told.map(({ kind, priority }) => `${kind} ${priority}`)).toEqual(["OPENED MEDIUM", "RAISED CRITICAL"]);
  });

  it("tells nobody later who was suspended while quiet hours held what calls them", async () => {
    await channel("mail", { kind: "EMAIL", to: ["desk@clinic.example"] });
    const person = { email: "quinn@clinic.example", name: "Quinn", role: "RESPONDER" as const, now };
    const quinn = await server.app.db.inOrganization(ours, (tx) => ensureUser(tx, person));
    const set = (columns: string) => server.database.asOwner(`UPDATE users SET ${columns} WHERE id = $1`, [quinn]);
    await set("quiet_hours = '[{}]'");
    await routeTo([], { policyId: await policy([{ delayS: 0, tell: [{ kind: "USER", id: quinn }] }]) });
    const { id } = await incident("medium");
    now += minutes;
    await escalate();
    expect(await kinds(id)).toEqual(["ESCALATED HELD"]);
    await set("suspended_at = now()");
    await server.app.sweep.routes();
    expect(await kinds(id)).toEqual(["ESCALATED HELD"]);
    await set("suspended_at = NULL, quiet_hours = '[]'");
    await server.app.sweep.routes();
    expect(await kinds(id)).toEqual(["ESCALATED QUEUED"]);
  });

  it("calls when quiet hours end whom they held when an acknowledgement had run out, and not to what somebody has", async () => {
    await channel("mail", { kind: "EMAIL", to: ["desk@clinic.example"] });
    const person = { email: "night@clinic.example", name: "Night", role: "RESPONDER" as const, now };
    const night = await server.app.db.inOrganization(ours, (tx) => ensureUser(tx, person));
    const quiet = (hours: string) =>
      server.database.asOwner("UPDATE users SET quiet_hours = $2 WHERE id = $1", [night, hours]);
    await quiet("[{}]");
    const policyId = await policy([{ delayS: 0, tell: [{ kind: "USER", id: night }] }], { timeoutS: 1_800 });
    await routeTo([], { policyId });
    const [ranOut, has] = [await incident("medium"), await incident("medium")];
    await acknowledge(ranOut.id);
    now += minutes;
    await escalate();
    await acknowledge(has.id);
    now += 30 * minutes;
    await escalate();
    await server.app.sweep.routes();
    for (const { id } of [ranOut, has]) expect(await kinds(id)).toEqual(["ESCALATED HELD"]);
    await quiet("[]");
    await server.app.sweep.routes();
    expect(await kinds(ranOut.id)).toEqual(["ESCALATED QUEUED"]);
    expect(await kinds(has.id)).toEqual(["ESCALATED HELD"]);
  });

  it("tells that it is over whom it has called, but nobody who was suspended or taken off the channel since", async () => {
    const mail = await channel("mail", { kind: "EMAIL", to: ["a@clinic.example", "left@clinic.example"] });
    const [max, rex] = await Promise.all(
      ["max", "rex"].map((name) => {
        const person = { email: `${name}@clinic.example`, name, role: "RESPONDER" as const, now };
        return server.app.db.inOrganization(ours, (tx) => ensureUser(tx, person));
      }),
    );
    const tell = [max, rex].map((one) => ({ kind: "USER", id: one }));
    await routeTo([mail], { policyId: await policy([{ delayS: 0, tell }]) });
    const { id } = await incident();
    await escalate();
    await send(id);
    await server.database.asOwner("UPDATE users SET suspended_at = now() WHERE id = $1", [max]);
    const to = JSON.stringify({ to: ["a@clinic.example"] });
    await sql("UPDATE alert_channels SET config = $3 WHERE organization_id = $1 AND id = $2", [mail, to]);
    await server.app.vault.reserve(ours, 10);
    now += minutes;
    const reason = { resolution: "BENIGN" as const, reason: "a test" };
    await server.app.change(ours, (tx) =>
      resolveIncident(tx, server.app.vault, { id, actor: "ann@clinic.example", ...reason, now }),
    );
    const told = async (kind: string) =>
      (await alerts(id)).filter((one) => one.kind === kind).map(({ recipient }) => recipient);
    expect(await told("ESCALATED")).toEqual(["max@clinic.example", "rex@clinic.example"]);
    expect(await told("RESOLVED")).toEqual(["a@clinic.example", "rex@clinic.example"]);
  });

  it("lets a step and an acknowledgement of the same moment both come through", async () => {
    const { id } = await escalating();
    now += 5 * minutes;
    let step: Promise<unknown> = Promise.resolve();
    await server.app.change(ours, async (tx) => {
      await lockIncident(tx, { id });
      step = escalate();
      await somebodyWaits(server.database);
      await acknowledgeIncident(tx, { id, actor: "ann@clinic.example", now });
    });
    await step;
    expect(await state(id)).toMatchObject({ state: "ACKNOWLEDGED" });
    expect(await called(id)).toEqual([]);
  });

  it("gives a due escalation to one of two that ask", async () => {
    await escalating();
    now += 5 * minutes;
    const both = await Promise.all([1, 2].map(() => server.app.change(ours, (tx) => escalateDue(tx, now))));
    expect(both.reduce((a, b) => a + b)).toBe(1);
  });
});

/** Last: its clock runs past the days that have partitions for events. */
describe("repetition", () => {
  it("goes to whom the route tells by then, new ones too, and to nobody who was taken off", async () => {
    const [before, after] = [await channel("before"), await channel("after")];
    const mail = await channel("mail", { kind: "EMAIL", to: ["a@clinic.example", "b@clinic.example"] });
    const routeId = await routeTo([before, mail], { repeatS: 3_600 });
    const { id } = await incident();
    await send(id);
    await sql("UPDATE alert_channels SET config = $3 WHERE organization_id = $1 AND id = $2", [
      mail,
      JSON.stringify({ to: ["a@clinic.example", "c@clinic.example"] }),
    ]);
    const instead =
      "UPDATE alert_route_channels SET channel_id = $4 WHERE organization_id = $1 AND route_id = $2 AND channel_id = $3";
    await sql(instead, [routeId, before, after]);
    const repeated = async () =>
      (await alerts(id))
        .filter(({ kind, status }) => kind === "REPEATED" && status === "QUEUED")
        .map(({ channel_id, recipient }) => `${channel_id} ${recipient}`);
    await server.app.sweep.routes();
    expect(await repeated()).toEqual([]);
    for (const _ of ["once", "again"]) {
      now += 61 * minutes;
      await Promise.all([server.app.sweep.routes(), server.app.sweep.routes()]);
      await server.app.sweep.routes();
      expect(await repeated()).toEqual([`${after} `, `${mail} a@clinic.example`, `${mail} c@clinic.example`]);
      await send(id);
    }
    await acknowledge(id);
  });

  it("is made once where the clock of whoever wrote the alert is ahead of its sender's", async () => {
    await routeTo([await channel("hook")], { repeatS: 60 });
    const { id } = await incident();
    await send(id);
    const ahead = "UPDATE security_alerts SET created_at = created_at + interval '10 minutes' WHERE incident_id = $1";
    await server.database.asOwner(ahead, [id]);
    now += 2 * minutes;
    const repeated = () => server.app.change(ours, (tx) => repeatDue(tx, now));
    expect([await repeated(), await repeated()]).toEqual([1, 0]);
    await acknowledge(id);
  });

  it("goes on after one that was given up was sent by hand, later than those that came after it", async () => {
    await routeTo([await channel("hook")], { repeatS: 3_600 });
    const { id } = await incident();
    const first = (await alerts(id))[0]?.id as string;
    await sql("UPDATE security_alerts SET status = 'FAILED' WHERE organization_id = $1 AND id = $2", [first]);
    now += 61 * minutes;
    const repeated = () => server.app.change(ours, (tx) => repeatDue(tx, now));
    expect(await repeated()).toBe(1);
    await send(id);
    now += minutes;
    await server.app.change(ours, (tx) => retryAlerts(tx, [first], now));
    await send(id);
    for (const times of [2, 3]) {
      now += 61 * minutes;
      expect([await repeated(), await repeated()]).toEqual([1, 0]);
      expect((await kinds(id)).filter((kind) => kind.startsWith("REPEATED"))).toHaveLength(times);
      await send(id);
    }
    await acknowledge(id);
  });

  it("N13: repeats from stored rows until somebody acknowledges, once per interval, and never as new, whatever was forgotten", async () => {
    await routeTo([await channel("hook")], { repeatS: 3_600 });
    const { id, ip: address } = await incident();
    await send(id);
    now += 61 * minutes;
    await Promise.all([server.app.sweep.routes(), server.app.sweep.routes()]);
    expect(await kinds(id)).toEqual(["OPENED SENT", "REPEATED QUEUED"]);
    await send(id);
    // Six days on, and all that is written of it is older than what is kept; so is what is written of another, which is over.
    const over = await incident();
    await send(over.id);
    await server.app.change(ours, (tx) => {
      const reason = { resolution: "BENIGN" as const, reason: "a test" };
      return resolveIncident(tx, server.app.vault, { id: over.id, actor: "ann@clinic.example", ...reason, now });
    });
    await send(over.id);
    now += 6 * 24 * 60 * minutes;
    const [byOwner, values] = [server.database.asOwner, [ours]];
    await byOwner("SELECT ensure_event_partitions((now() AT TIME ZONE 'UTC')::date - 1, 16)"); // the clock is far ahead
    await byOwner(
      "UPDATE security_alerts SET created_at = created_at - interval '500 days' WHERE organization_id = $1",
      values,
    );
    await byOwner("UPDATE alert_attempts SET at = at - interval '500 days' WHERE organization_id = $1", values);
    await byOwner(
      "UPDATE alert_groups SET last_sent_at = last_sent_at - interval '500 days' WHERE organization_id = $1",
      values,
    );
    await server.app.sweep.cleanup();
    expect(await alerts(over.id)).toEqual([]);
    expect(await kinds(id)).toEqual(["OPENED SENT", "REPEATED SENT"]);
    await attack(server, [{ ip: address, level: "critical" }]); // more of the same
    for (const sweep of ["routes", "escalate", "deliver"] as const) await server.app.sweep[sweep]();
    expect(await kinds(id)).toEqual(["OPENED SENT", "REPEATED SENT", "REPEATED QUEUED"]);
    await send(id);
    await acknowledge(id);
    now += 61 * minutes;
    await server.app.sweep.routes();
    expect((await kinds(id)).length).toBe(3);
    // Not even where somebody has lost the whole ledger.
    const { id: open, ip: there } = await incident();
    await byOwner("DELETE FROM security_alerts WHERE organization_id = $1", values);
    await attack(server, [{ ip: there, level: "critical" }]);
    now += 61 * minutes;
    for (const sweep of ["routes", "escalate", "deliver"] as const) await server.app.sweep[sweep]();
    expect(await kinds(open)).toEqual([]);
  });
});
