import { expect, it, vi } from "vitest";
import { follow } from "../../src/client/follow.ts";
import { createClient } from "../../src/client/index.ts";
import { createLiveStore } from "../../src/client/live.ts";
import { Queue } from "../../src/client/queue.ts";
import type { Listener } from "../../src/client/socket.ts";

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

it("A question whose token does not come fails in its time, and as soon as it is given up", async () => {
  vi.useFakeTimers();
  const fetch = vi.fn();
  const token = () => new Promise<string>(() => undefined);
  const client = createClient({ url: "http://vigil.example", fetch, token, retry: { attempts: 1, timeout: 50 } });
  const late = expect(client.query("{ x }")).rejects.toMatchObject({ code: "TIMEOUT" });
  await vi.advanceTimersByTimeAsync(50);
  await late;
  const given = new AbortController();
  const left = expect(client.query("{ x }", {}, { signal: given.signal })).rejects.toMatchObject({
    name: "AbortError",
  });
  given.abort();
  await left;
  expect([fetch.mock.calls.length, vi.getTimerCount()]).toEqual([0, 0]);
  vi.useRealTimers();
});

it("What a component's own reducer throws is shown as the reason why its stream is over, and stays shown", async () => {
  const fault = new TypeError("no such field");
  const socket = {
    subscribe(_operation: unknown, { onResult }: Listener) {
      onResult({ data: { incidentEvents: { cursor: "1", kind: "CREATED" } } });
      return () => undefined;
    },
    isOffline: () => false,
    onWake: () => () => undefined,
    close: async () => undefined,
  };
  const retry = { attempts: 1, first: 1, longest: 1, timeout: 1, random: Math.random };
  const source = { query: "", variables: {}, after: "0", socket, retry, readCursor: async () => "0" };
  const states: string[] = [];
  const store = createLiveStore<unknown, number>(
    0,
    (tell) =>
      follow({
        ...source,
        onState(state) {
          tell(state);
          states.push(state.state);
        },
      }),
    () => {
      throw fault;
    },
  );
  store.subscribe(() => undefined);
  await vi.waitFor(() => expect(states.at(-1)).toBe("closed"));
  expect(store.current()).toEqual({ value: 0, state: "closed", error: fault });
});
