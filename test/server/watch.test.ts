import { afterEach, expect, it, vi } from "vitest";
import type { Viewer } from "../../src/access/viewer.ts";
import type { Log } from "../../src/log.ts";
import { watchCredential } from "../../src/server/watch.ts";
import { quiet } from "../support/database.ts";

afterEach(() => {
  vi.useRealTimers();
});

it("says once that a stream's credential cannot be checked, for as long as it cannot", async () => {
  vi.useFakeTimers();
  const viewer: Viewer = {
    organizationId: "01900000-0000-7000-8000-000000000001",
    kind: "USER",
    id: "u1",
    name: "ada@clinic.example",
    role: "ADMIN",
    expiresAt: undefined,
  };
  let isAway = true;
  let looks = 0;
  const warn = vi.fn();
  const authenticator = {
    async authenticate() {
      looks++;
      if (isAway) throw new Error("connect ECONNREFUSED");
      return viewer;
    },
  };
  const stop = watchCredential(
    { authenticator, log: { ...quiet, warn } as unknown as Log, now: Date.now },
    "credential",
    viewer,
    () => expect.unreachable(),
  );
  await vi.advanceTimersByTimeAsync(20_000);
  expect([looks, warn.mock.calls.length]).toEqual([10, 1]);
  isAway = false;
  await vi.advanceTimersByTimeAsync(2_000);
  isAway = true;
  await vi.advanceTimersByTimeAsync(20_000);
  expect(warn).toHaveBeenCalledTimes(2);
  stop();
});
