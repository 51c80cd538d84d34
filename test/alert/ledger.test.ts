import pg from "pg";
import { v7 as uuidv7 } from "uuid";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type TestDatabase, testDatabase } from "../support/database.ts";

let test: TestDatabase;
let ours: string;
const [rule, incident, channel] = [uuidv7(), uuidv7(), uuidv7()] as const;
const start = Date.parse("2026-11-24T12:00:00Z");
const at = (seconds: number): Date => new Date(start + seconds * 1000);

interface Claimed {
  id: string;
  claim: string;
  tries: number;
  priority: string;
}

beforeAll(async () => {
  test = await testDatabase();
  ours = test.organizations[0]?.id as string;
  for (const { id } of test.organizations) {
    await test.db.inOrganization(id, async (tx) => {
      await tx.query(
        `INSERT INTO alert_rules (organization_id, id, name, reference, kind, mode, severity, tags, yaml)
         VALUES ($1, $2, 'r', 'r', 'DETECTION', 'ACTIVE', 'HIGH', '{}', '')`,
        [id, rule],
      );
      await tx.query(
        `INSERT INTO security_incidents (organization_id, id, number, title, severity, status, fingerprint, threat_score,
           subjects, tags, detection_count, event_count, first_event_at, last_event_at, opened_at, created_at, updated_at)
         VALUES ($1, $2, 1, 'i', 'HIGH', 'OPEN', 'f', 0, '[]', '{}', 1, 1, now(), now(), now(), now(), now())`,
        [id, incident],
      );
      await tx.query(
        "INSERT INTO alert_channels (organization_id, id, kind, name) VALUES ($1, $2, 'EMAIL', 'post'), ($1, $3, 'SMS', 'phones')",
        [id, channel, uuidv7()],
      );
    });
  }
});
afterAll(() => test.close());

/** What the test before has left is out of the way. */
beforeEach(async () => {
  await test.db.query(ours, "UPDATE security_alerts SET status = 'SENT', claim = NULL WHERE organization_id = $1", [
    ours,
  ]);
});

async function alert(fields: { status?: string; priority?: string; due?: Date } = {}, of = ours): Promise<string> {
  const id = uuidv7();
  await test.db.query(
    of,
    `INSERT INTO security_alerts (organization_id, id, incident_id, channel_id, recipient, status, priority, due_at, created_at)
     VALUES ($1, $2::uuid, $3, $4, $2::uuid::text, $5, $6, $7, $8)`,
    [of, id, incident, channel, fields.status ?? "QUEUED", fields.priority ?? "MEDIUM", fields.due ?? null, at(0)],
  );
  return id;
}

async function claim(most: number, now: Date, of = ours): Promise<Claimed[]> {
  const { rows } = await test.db.query<Claimed>(of, "SELECT * FROM alerts_claim_due($1, $2, interval '60 s')", [
    most,
    now,
  ]);
  return rows;
}

async function record(
  { id, claim: held }: Claimed,
  now: Date,
  outcome: string,
  more: { retryAt?: Date; providerId?: string } = {},
): Promise<string | null> {
  const { rows } = await test.db.query<{ status: string | null }>(
    ours,
    "SELECT alert_attempt_record($1, $2, $3, $4, 'said so', 12, $5, $6) AS status",
    [id, held, now, outcome, more.providerId ?? null, more.retryAt ?? null],
  );
  return rows[0]?.status ?? null;
}

async function stored(id: string) {
  const { rows } = await test.db.query(
    ours,
    "SELECT status, due_at, claim, tries, sent_at, delivered_at FROM security_alerts WHERE organization_id = $1 AND id = $2",
    [ours, id],
  );
  return rows[0];
}

async function ledger(id: string): Promise<string[]> {
  const { rows } = await test.db.query<{ outcome: string }>(
    ours,
    "SELECT outcome FROM alert_attempts WHERE organization_id = $1 AND alert_id = $2 ORDER BY at, outcome",
    [ours, id],
  );
  return rows.map(({ outcome }) => outcome);
}

describe("alerts that are due", () => {
  it("are claimed the CRITICAL ones by themselves, then the most urgent and the one due longest, and none before its time", async () => {
    const late = await alert({ priority: "LOW" });
    const early = await alert({ priority: "HIGH", due: at(-9) });
    const urgent = await alert({ priority: "CRITICAL", due: at(-1) });
    const next = await alert({ priority: "HIGH", due: at(-5) });
    const future = await alert({ priority: "CRITICAL", due: at(30) });
    expect((await claim(3, at(1))).map(({ id }) => id)).toEqual([urgent]);
    expect((await claim(2, at(1))).map(({ id }) => id)).toEqual([early, next]);
    expect((await claim(10, at(1))).map(({ id }) => id)).toEqual([late]);
    expect(await claim(10, at(29))).toEqual([]);
    expect((await claim(10, at(30))).map(({ id }) => id)).toEqual([future]);
  });

  it("are never claimed by two senders, which do not wait for each other", async () => {
    const ids = await Promise.all(Array.from({ length: 60 }, () => alert()));
    const senders = await Promise.all(
      Array.from({ length: 2 }, async () => {
        const client = new pg.Client({ connectionString: test.serverUrl, statement_timeout: 5_000 });
        await client.connect();
        await client.query("BEGIN");
        await client.query("SELECT set_config('app.organization_id', $1, true)", [ours]);
        return client;
      }),
    );
    const text = "SELECT id, claim FROM alerts_claim_due(40, $1, interval '60 s')";
    // Both transactions are open while the other claims.
    const first = await senders[0]?.query(text, [at(1)]);
    const second = await senders[1]?.query(text, [at(1)]);
    for (const sender of senders) await sender.query("COMMIT").then(() => sender.end());
    expect([first?.rowCount, second?.rowCount]).toEqual([40, 20]);
    const claimed = [...(first?.rows ?? []), ...(second?.rows ?? [])].map(({ id }) => id as string);
    expect(claimed.sort()).toEqual(ids.sort());
    expect(first?.rows[0].claim).not.toBe(second?.rows[0].claim);
  });

  it("are each claimed once when twenty senders race for them", async () => {
    const ids = await Promise.all(Array.from({ length: 100 }, () => alert()));
    const claimed = (await Promise.all(Array.from({ length: 20 }, () => claim(10, at(1))))).flat();
    const rest = await claim(100, at(1));
    expect([...claimed, ...rest].map(({ id }) => id).sort()).toEqual(ids.sort());
  });

  it("come back when the lease of a sender that died has ended, and the ledger says so", async () => {
    const id = await alert();
    const [dead] = await claim(1, at(0));
    expect(await claim(1, at(59))).toEqual([]);
    const [second] = await claim(1, at(60));
    expect(second).toMatchObject({ id, tries: 2 });
    expect(second?.claim).not.toBe(dead?.claim);
    expect(await ledger(id)).toEqual(["LOST"]);
    // What the first one says after that moves nothing, and is kept.
    expect(await record(dead as Claimed, at(61), "PERMANENT")).toBe("SENDING");
    expect(await record(second as Claimed, at(62), "SENT")).toBe("SENT");
    expect(await ledger(id)).toEqual(["LOST", "PERMANENT", "SENT"]);
  });

  it("wait while their channel is suspended", async () => {
    const id = await alert();
    const suspend = "UPDATE alert_channels SET suspended_at = $3 WHERE organization_id = $1 AND id = $2";
    await test.db.query(ours, suspend, [ours, channel, at(0)]);
    expect(await claim(1, at(1))).toEqual([]);
    await test.db.query(ours, suspend, [ours, channel, null]);
    expect((await claim(1, at(1))).map((one) => one.id)).toEqual([id]);
  });

  it("are another organization's secret", async () => {
    const id = await alert();
    expect(await claim(10, at(1), test.organizations[1]?.id)).toEqual([]);
    const [own] = await claim(10, at(1));
    const { rows } = await test.db.query(
      test.organizations[1]?.id as string,
      "SELECT alert_attempt_record($1, $2, $3, 'SENT', '') AS status, ARRAY(SELECT alerts_requeue(ARRAY[$1::uuid], $3)) AS moved",
      [id, own?.claim, at(2)],
    );
    expect(rows).toEqual([{ status: null, moved: [] }]);
    expect(await stored(id)).toMatchObject({ status: "SENDING" });
  });

  it("refuse a claim of nothing or without a lease", async () => {
    await expect(claim(0, at(0))).rejects.toThrow("takes 1 to 1000 alerts, not 0");
    await expect(test.db.query(ours, "SELECT * FROM alerts_claim_due(1, $1, interval '0 s')", [at(0)])).rejects.toThrow(
      "a lease lasts longer than nothing",
    );
  });
});

describe("a try at delivering an alert", () => {
  it.each([
    ["SENT", "SENT", { sent_at: at(1), delivered_at: null, due_at: null }],
    ["DELIVERED", "DELIVERED", { sent_at: at(1), delivered_at: at(1), due_at: null }],
    ["PERMANENT", "FAILED", { sent_at: null, due_at: null }],
    ["RETRY", "FAILED", { sent_at: null, due_at: null }],
  ])("of outcome %s leaves it %s", async (outcome, status, more) => {
    const id = await alert();
    const [own] = await claim(1, at(0));
    expect(await record(own as Claimed, at(1), outcome, { providerId: "p-1" })).toBe(status);
    expect(await stored(id)).toMatchObject({ status, claim: null, tries: 1, ...more });
    const { rows } = await test.db.query(
      ours,
      "SELECT outcome, detail, latency_ms, provider_id FROM alert_attempts WHERE organization_id = $1 AND alert_id = $2",
      [ours, id],
    );
    expect(rows).toEqual([{ outcome, detail: "said so", latency_ms: 12, provider_id: "p-1" }]);
  });

  it("that may be repeated is repeated at its time", async () => {
    const id = await alert();
    const [own] = await claim(1, at(0));
    expect(await record(own as Claimed, at(1), "RETRY", { retryAt: at(20) })).toBe("RETRYING");
    expect(await claim(1, at(19))).toEqual([]);
    expect(await claim(1, at(20))).toMatchObject([{ id, tries: 2 }]);
    expect(await ledger(id)).toEqual(["RETRY"]);
    await expect(record(own as Claimed, at(30), "RETRY", { retryAt: at(30) })).rejects.toThrow("a retry is later");
  });

  it("is confirmed by its receiver later, once and for all", async () => {
    const id = await alert();
    const [own] = await claim(1, at(0));
    await record(own as Claimed, at(1), "SENT");
    const callback = { ...(own as Claimed), claim: uuidv7() };
    expect(await record(callback, at(5), "DELIVERED")).toBe("DELIVERED");
    expect(await record(callback, at(6), "PERMANENT")).toBe("DELIVERED");
    expect(await stored(id)).toMatchObject({ sent_at: at(1), delivered_at: at(5) });
  });

  it("D8 that a late sender made spares the receiver the next one", async () => {
    const id = await alert();
    const [slow] = await claim(1, at(0));
    const [second] = await claim(1, at(60));
    await record(second as Claimed, at(61), "RETRY", { retryAt: at(90) });
    expect(await record(slow as Claimed, at(62), "SENT")).toBe("SENT");
    expect(await claim(1, at(90))).toEqual([]);
    expect(await stored(id)).toMatchObject({ status: "SENT", sent_at: at(62) });
  });
});

describe("alerts that failed or are held", () => {
  it("are put back into the queue with their tries counted anew; their ledger stays, and others stay where they are", async () => {
    const failed = await alert();
    const [own] = await claim(1, at(0));
    await record(own as Claimed, at(1), "PERMANENT");
    const held = await alert({ status: "HELD" });
    const sent = await alert({ status: "SENT" });
    const { rows } = await test.db.query<{ id: string }>(ours, "SELECT alerts_requeue($1, $2) AS id", [
      [failed, held, sent, uuidv7()],
      at(100),
    ]);
    expect(rows.map(({ id }) => id).sort()).toEqual([failed, held].sort());
    expect(await stored(failed)).toMatchObject({ status: "QUEUED", due_at: at(100), tries: 0 });
    expect(await stored(sent)).toMatchObject({ status: "SENT", due_at: null });
    expect(await ledger(failed)).toEqual(["PERMANENT"]);
    expect((await claim(10, at(100))).map(({ id }) => id).sort()).toEqual([failed, held].sort());
  });
});
