/** N12: three senders of the same alerts, killed while they send: none is missed, and whatever comes twice has one id. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { v7 as uuidv7 } from "uuid";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type TestDatabase, testDatabase } from "../support/database.ts";

const [channels, each] = [6, 60];
const later = 61_000; // ms: a lease has ended
let test: TestDatabase;
let ours: string;
let sink: Server;
let senders: ChildProcess[] = [];
const calls: string[] = [];
let heard: (() => void) | undefined;

beforeAll(async () => {
  test = await testDatabase();
  ours = test.organizations[0]?.id as string;
  sink = createServer((request, response) => {
    request.resume().once("end", () => {
      calls.push(request.headers["webhook-id"] as string);
      response.writeHead(204).end();
      heard?.();
    });
  }).listen(0, "127.0.0.1");
  await once(sink, "listening");
});
afterAll(async () => {
  for (const sender of senders) sender.kill("SIGKILL");
  sink.close();
  await test.close();
});

it("N12: misses no alert when senders are killed, sends each under one id, and has a ledger that says so", async () => {
  const url = `http://127.0.0.1:${(sink.address() as AddressInfo).port}/`;
  const incident = uuidv7();
  await test.asOwner(
    `INSERT INTO security_incidents (organization_id, id, number, title, severity, fingerprint, threat_score, subjects, tags,
       detection_count, event_count, first_event_at, last_event_at, opened_at)
     VALUES ($1, $2, 1, 'i', 'HIGH', 'f', 0, '[]', '{}', 1, 1, now(), now(), now())`,
    [ours, incident],
  );
  for (let n = 0; n < channels; n++) {
    await test.asOwner(
      `WITH channel AS (INSERT INTO alert_channels (organization_id, id, kind, name, config, sealed_secrets, per_minute)
         VALUES ($1, $2, 'WEBHOOK', $3, $4, 'x', 10000) RETURNING id)
       INSERT INTO security_alerts (organization_id, id, incident_id, channel_id, recipient, status, due_at, group_key)
       SELECT $1, gen_random_uuid(), $5, channel.id, '', 'QUEUED', now(), $3 || ' ' || n FROM channel, generate_series(1, $6) n`,
      [ours, uuidv7(), `channel ${n}`, JSON.stringify({ url }), incident, each],
    );
  }
  const secret = `whsec_${Buffer.alloc(24, 7).toString("base64")}`;
  const start = (ahead = 0): ChildProcess =>
    fork(join(import.meta.dirname, "sender-child.ts"), [test.serverUrl, ours, String(ahead), secret], {
      execArgv: ["--import", "tsx"],
    });
  const left = async (statuses: string[]): Promise<number> => {
    const count = "SELECT count(*)::int AS n FROM security_alerts WHERE status::text = ANY ($1)";
    return (await test.asOwner<{ n: number }>(count, [statuses]))[0]?.n as number;
  };
  /** The next call of a sender has come. */
  const nextCall = () => new Promise<void>((resolve) => void (heard = resolve));
  senders = [start(), start(), start()];
  await Promise.all(senders.map((sender) => once(sender, "message")));
  // Each in the middle of its work: a call was answered just now, and others are on their way.
  for (const sender of senders) {
    await nextCall();
    sender.kill("SIGKILL");
  }
  await Promise.all(senders.map((sender) => sender.exitCode ?? sender.signalCode ?? once(sender, "exit")));
  const inHand = await left(["SENDING"]); // by the dead
  expect(inHand).toBeGreaterThan(0);
  senders = [start(later)]; // a process start is most of what this costs
  await expect.poll(() => left(["QUEUED", "SENDING", "RETRYING"]), { timeout: 60_000, interval: 100 }).toBe(0);
  const rows = await test.asOwner<{ message_id: string; sent: number; lost: number }>(
    `SELECT a.message_id, count(t.id) FILTER (WHERE t.outcome = 'SENT')::int AS sent, count(t.id) FILTER (WHERE t.outcome = 'LOST')::int AS lost
     FROM security_alerts a LEFT JOIN alert_attempts t ON t.alert_id = a.id GROUP BY a.id, a.message_id`,
  );
  const ids = new Set(rows.map(({ message_id }) => message_id));
  expect(ids.size).toBe(channels * each); // each alert is a message of its own
  expect(rows.filter(({ sent }) => sent !== 1)).toEqual([]);
  expect([...ids].filter((id) => !calls.includes(id))).toEqual([]); // misses
  expect(calls.filter((id) => !ids.has(id))).toEqual([]); // whatever came again, came under the id that the ledger has
  // Nothing came again but what a killed sender had in its hands, and that is in the ledger too.
  expect(rows.reduce((sum, { lost }) => sum + lost, 0)).toBe(inHand);
  expect(calls.length - ids.size).toBeLessThanOrEqual(inHand);
}, 120_000);
