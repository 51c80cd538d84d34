/** A sender whose surroundings fail it: what has not set out is not on its way. */
import { v7 as uuidv7 } from "uuid";
import { afterAll, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { createSender } from "../../src/alert/deliver.ts";
import type { Message } from "../../src/alert/message.ts";
import type { Database } from "../../src/db.ts";
import { createLog } from "../../src/log.ts";
import type { Sent } from "../../src/outbound/outcome.ts";
import { setTracing } from "../../src/tracing.ts";
import { type TestDatabase, testDatabase } from "../support/database.ts";

let test: TestDatabase;
let ours: string;
let now = Date.now();
let sent = 0;
const failing = { traces: false, words: false };
let answers: Promise<unknown> = Promise.resolve();
/** Called once a claim has found nothing, before the sender hears of it. */
let onNothing: () => Promise<void> = async () => {};

beforeAll(async () => {
  test = await testDatabase();
  ours = test.organizations[0]?.id as string;
});
afterAll(() => test.close());
beforeEach(async () => {
  Object.assign(failing, { traces: false, words: false });
  sent = 0;
  await test.asOwner("DELETE FROM security_alerts");
});

function openSender() {
  const fail = (): never => {
    throw new Error("the connection was lost");
  };
  const query: Database["query"] = async (id, ...args: [never, never]) => {
    if (failing.traces && (args[0] as { name?: string }).name === "alerts_traces") fail();
    return test.db.query(id, ...args);
  };
  const kind = (more: object) => ({
    retries: [],
    perMinute: 1_000,
    async send(): Promise<Sent> {
      await answers;
      sent++;
      return { outcome: "SENT", detail: "It was taken." };
    },
    ...more,
  });
  const log = createLog("silent");
  return createSender({
    db: {
      async inOrganization(id, work) {
        const done = await test.db.inOrganization(id, work);
        if (done === undefined) await onNothing();
        return done;
      },
      query,
    },
    change: (id, work) => test.db.inOrganization(id, work),
    vault: { open: async () => [] },
    channels: { WEBHOOK: kind({}), EMAIL: kind({ waitsItsTurn: true }) } as never,
    word: async (_, asked) => (failing.words ? fail() : new Map(asked.map(({ id }) => [id, {} as Message]))),
    onFailed: async () => 0,
    onStopped: async () => {},
    onMoved: async () => {},
    wake: () => {},
    now: () => now,
    log: Object.assign(Object.create(log), { error: () => failing.words && fail() }),
  });
}

async function queue(many: number, kind = "WEBHOOK"): Promise<void> {
  await test.asOwner(
    `WITH channel AS (INSERT INTO alert_channels (organization_id, id, kind, name) VALUES ($1, $2::uuid, $3::channel_kind, $2) RETURNING id)
     INSERT INTO security_alerts (organization_id, id, kind, channel_id, recipient, status, due_at)
     SELECT $1, gen_random_uuid(), 'TEST', channel.id, '', 'QUEUED', $4 FROM channel, generate_series(1, $5) n`,
    [ours, uuidv7(), kind, new Date(now), many],
  );
}

it("sends alerts whose traces cannot be asked for", async () => {
  failing.traces = true;
  await queue(40);
  setTracing(true);
  await openSender()
    .deliver(ours)
    .finally(() => setTracing(false));
  expect(sent).toBe(40);
});

it("goes on serving a channel after what it claimed could not set out, whatever it was that failed", async () => {
  const sender = openSender();
  await queue(100);
  failing.words = true;
  for (const _ of ["32 alerts", "32 more"])
    await expect(sender.deliver(ours)).rejects.toThrow("the connection was lost");
  failing.words = false;
  now += 61_000; // the leases have ended
  await sender.deliver(ours);
  expect(sent).toBe(100);
});

it("gives a try twenty seconds; where it waits for its turn, those begin then, within the lease", async () => {
  const given = vi.spyOn(AbortSignal, "timeout");
  await queue(1, "WEBHOOK");
  await queue(1, "EMAIL");
  await openSender().deliver(ours);
  const [now, inLine] = given.mock.calls.map(([ms]) => ms).sort((a, b) => a - b);
  given.mockRestore();
  expect(now).toBe(20_000);
  expect(inLine).toBeGreaterThan(40_000);
  expect(inLine).toBeLessThanOrEqual(50_000);
});

it("goes on with a channel that was busy when it looked, and was free before it heard so", async () => {
  let answer = (): void => {};
  answers = new Promise<void>((resolve) => {
    answer = resolve;
  });
  await queue(100);
  onNothing = async () => {
    onNothing = async () => {};
    answer();
    const written = "SELECT count(*)::int AS many FROM security_alerts WHERE status IN ('SENT', 'DELIVERED')";
    await expect.poll(async () => (await test.asOwner<{ many: number }>(written))[0]?.many).toBe(32);
  };
  await openSender().deliver(ours);
  expect(sent).toBe(100);
});
