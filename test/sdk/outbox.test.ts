import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Faults } from "../../src/sdk/faults.ts";
import type { Call, Connection, Reply } from "../../src/sdk/http.ts";
import { Outbox } from "../../src/sdk/outbox.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const taken: Partial<Reply> = { status: 200, body: '{"accepted":1,"rejected":[]}' };
const down: Partial<Reply> = { status: 503 };
const busy = (seconds: number): Partial<Reply> => ({ status: 429, headers: { "retry-after": String(seconds) } });
const reset = new Error("read ECONNRESET");

/** An outbox with these many events; `answer` is Vigil's to each batch, 10 ms after it came. */
function outboxWith(events: number, answer: (lines: number) => Partial<Reply> | Error) {
  const posts: { at: number; lines: number; dropped: number }[] = [];
  const began = performance.now();
  let [open, mostOpen] = [0, 0];
  const call = async ({ body }: Call): Promise<Reply> => {
    mostOpen = Math.max(mostOpen, ++open);
    const all = String(body).split("\n");
    const lines = all.length;
    posts.push({ at: performance.now() - began, lines, dropped: all.filter((line) => line === "dropped").length });
    await new Promise((resolve) => setTimeout(resolve, 10));
    open--;
    const reply = answer(lines);
    if (reply instanceof Error) throw reply;
    return { status: 0, headers: {}, body: "", ...reply };
  };
  const outbox = new Outbox({
    connection: { isLocal: true, call } as unknown as Connection,
    faults: new Faults(() => undefined),
    bufferSize: 1_000,
    bufferBytes: 100_000,
    flushDelay: 100,
    collect: () => undefined,
    droppedLine: () => "dropped",
  });
  for (let n = 0; n < events; n++) outbox.push(`{"n":${n}}`);
  return { outbox, posts, mostOpen: () => mostOpen };
}

/** Whether all was sent, and after how many ms. */
async function flushed(outbox: Outbox, ...how: Parameters<Outbox["flush"]>): Promise<[isSent: boolean, ms: number]> {
  const began = performance.now();
  const answer = outbox.flush(...how).then((isSent): [boolean, number] => [isSent, performance.now() - began]);
  await vi.advanceTimersByTimeAsync(60_000);
  return answer;
}

describe("an outbox that is emptied", () => {
  it.each(["AGAIN", "LAST"] as const)("goes on (%s) after a restart, a reset socket and a wait", async (tries) => {
    const answers = [down, reset, busy(1), taken];
    const { outbox, posts } = outboxWith(1, () => answers.shift() as Reply);
    expect((await flushed(outbox, 5_000, tries))[0]).toBe(true);
    expect(posts).toHaveLength(4);
    const gaps = posts.map(({ at }, n) => at - (posts[n - 1]?.at ?? 0));
    expect(gaps[1]).toBeGreaterThanOrEqual(250);
    expect(gaps[3]).toBeGreaterThanOrEqual(1_000); // what Vigil asked for
    expect(outbox.counts).toEqual({ sent: 1, dropped: 0, rejected: 0 });
  });

  it("sends what was too large in smaller batches at once, one at a time", async () => {
    const { outbox, posts, mostOpen } = outboxWith(10, (lines) => (lines > 3 ? { status: 413 } : taken));
    const [isSent, ms] = await flushed(outbox, 5_000, "ONCE");
    expect([isSent, outbox.counts.sent, mostOpen()]).toEqual([true, 10, 1]);
    expect(ms).toBeLessThanOrEqual(posts.length * 10);
  });

  it("is the last time tried to the end, however long Vigil was away before", async () => {
    let isDown = true;
    const { outbox } = outboxWith(1, () => (isDown ? down : taken));
    await vi.advanceTimersByTimeAsync(300_000);
    setTimeout(() => (isDown = false), 4_400);
    const [isSent, ms] = await flushed(outbox, 5_000, "LAST");
    expect(isSent).toBe(true);
    expect(ms).toBeGreaterThan(4_400);
  });

  it("is given up in its time, and as soon as it is known that nothing goes until then", async () => {
    const away = outboxWith(1, () => down);
    const [isSent, ms] = await flushed(away.outbox, 5_000, "LAST");
    expect([isSent, ms > 4_400, ms <= 5_000]).toEqual([false, true, true]);
    // It was away for a while: one try, so that a host does not wait at each of its requests.
    expect((await flushed(away.outbox, 2_000, "AGAIN"))[1]).toBeLessThan(100);
    const patient = outboxWith(1, () => busy(60));
    expect(await flushed(patient.outbox, 5_000, "LAST")).toEqual([false, 10]);
    expect(patient.outbox.size).toBe(1);
  });

  it("is tried once where the process would end otherwise", async () => {
    const { outbox, posts } = outboxWith(1, () => down);
    const answer = outbox.flush(2_000, "ONCE");
    await vi.advanceTimersByTimeAsync(10);
    expect([await answer, posts.length]).toEqual([false, 1]);
  });

  it("says once how many made room, and lets none make room for that while Vigil is away", async () => {
    let isDown = true;
    const { outbox, posts } = outboxWith(1_002, () => (isDown ? down : taken));
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(outbox.counts.dropped).toBe(2);
    isDown = false;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(posts.slice(-2)).toMatchObject([
      { lines: 1_000, dropped: 0 },
      { lines: 1, dropped: 1 },
    ]);
    expect([outbox.size, outbox.counts.sent]).toEqual([0, 1_001]);
  });

  it("sends by itself what a flush left behind", async () => {
    let isDown = true;
    const { outbox } = outboxWith(1, () => (isDown ? down : taken));
    const answer = outbox.flush(100, "AGAIN");
    await vi.advanceTimersByTimeAsync(100);
    expect([await answer, await outbox.flush(0, "AGAIN")]).toEqual([false, false]);
    isDown = false;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(outbox.size).toBe(0);
  });
});
