import { expect, it, vi } from "vitest";
import { createClient } from "../../src/client/index.ts";
import { Queue } from "../../src/client/queue.ts";

it("What nobody takes makes room for what is newer, where it is bounded", async () => {
  const queue = new Queue<number>(() => undefined, 3);
  for (let n = 0; n < 10; n++) queue.push(n);
  queue.end();
  const taken: number[] = [];
  for await (const n of queue) taken.push(n);
  expect(taken).toEqual([7, 8, 9]);
});

it("Who waited for room leaves no listener behind", async () => {
  const { signal } = new AbortController();
  const added = vi.spyOn(signal, "addEventListener");
  const removed = vi.spyOn(signal, "removeEventListener");
  const queue = new Queue<number>(() => undefined);
  for (let n = 0; n < 3; n++) {
    queue.push(n);
    const room = queue.drained(signal);
    await queue.next();
    await room;
  }
  expect([added.mock.calls.length, removed.mock.calls.length]).toEqual([3, 3]);
});

it("A question that was given up before it was sent leaves no timer behind", async () => {
  vi.useFakeTimers();
  const fetch = vi.fn();
  const client = createClient({ url: "http://vigil.example", fetch });
  await expect(client.query("{ x }", {}, { signal: AbortSignal.abort() })).rejects.toMatchObject({
    name: "AbortError",
  });
  expect([fetch.mock.calls.length, vi.getTimerCount()]).toEqual([0, 0]);
  vi.useRealTimers();
});
