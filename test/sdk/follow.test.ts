import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Faults } from "../../src/sdk/faults.ts";
import { Follower } from "../../src/sdk/follow.ts";
import type { Call, Connection, Reply } from "../../src/sdk/http.ts";
import { DecisionList } from "../../src/sdk/list.ts";
import { readSpared } from "../../src/sdk/never-blocked.ts";
import { blocking } from "./hosts.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("An enforcer whose acknowledgement is refused says it less and less often, says why, and says it when it is taken", async () => {
  const lists = blocking();
  let refuses = true;
  const [said, told]: [string[], string[]] = [[], []];
  const call = async ({ path, body, onPart }: Call): Promise<Reply> => {
    if (path === "/enforce/acknowledge") {
      said.push(String(body));
      const why = JSON.stringify({ error: { message: "Another has this name" } });
      return refuses ? { status: 409, headers: {}, body: why } : { status: 204, headers: {}, body: "" };
    }
    const after = new URLSearchParams(path.split("?")[1]).get("after");
    if (after !== null) await new Promise((resolve) => setTimeout(resolve, 25_000));
    onPart?.(JSON.stringify(lists.answer(after === null ? undefined : Number(after), Date.now())));
    return { status: 200, headers: {}, body: "" };
  };
  const follower = new Follower({
    connection: { call } as unknown as Connection,
    list: new DecisionList({
      spared: readSpared([]),
      clock: { now: Date.now, elapsed: () => performance.now() },
    }),
    faults: new Faults(({ message }) => told.push(message)),
    name: "host",
    onRefused: () => undefined,
    onSpared: () => undefined,
    onApplied: () => undefined,
  });
  await vi.advanceTimersByTimeAsync(300_000);
  expect(said.length).toBeGreaterThan(5);
  expect(said.length).toBeLessThan(40);
  expect(told).toEqual(["nothing was acknowledged: HTTP 409: Another has this name"]);
  refuses = false;
  await vi.advanceTimersByTimeAsync(31_000);
  const [last, tries] = [said.at(-1) as string, said.length];
  expect(JSON.parse(last)).toMatchObject({ applied: [expect.any(String)] });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(said.length).toBe(tries);
  follower.close();
});
