import { expect, it } from "vitest";
import { Faults } from "../../src/sdk/faults.ts";

/** Faults whose clock the test holds. */
function faultsAt() {
  const told: string[] = [];
  const clock = { at: 0 };
  const faults = new Faults(
    ({ message }) => told.push(message),
    () => clock.at,
  );
  return { faults, told, clock };
}

it("tells again after a minute of a hook that fails, whatever it says each time, and counts every failure", () => {
  const { faults, told, clock } = faultsAt();
  for (let n = 0; n <= 120; n++) {
    clock.at = n * 1_000;
    faults.note("HOOK", `identify failed: no user ${n}`);
  }
  expect(told).toEqual([0, 60, 120].map((n) => `identify failed: no user ${n}`));
  expect(faults.count).toBe(121);
});

it("tells of each thing that fails, though another of its kind was told", () => {
  const { faults, told } = faultsAt();
  for (const what of ["identify failed", "onMfaRequired failed", "identify failed"]) faults.note("HOOK", `${what}: no`);
  faults.note("INTERNAL", "an event is not sent: no");
  expect(told).toEqual(["identify failed: no", "onMfaRequired failed: no", "an event is not sent: no"]);
});

it("tells once that Vigil is away, however long, until it was back", () => {
  const { faults, told, clock } = faultsAt();
  for (const message of ["HTTP 502", "HTTP 503"]) {
    faults.note("SEND", message);
    clock.at += 3_600_000;
  }
  faults.clear("SEND");
  faults.note("SEND", "HTTP 504");
  expect(told).toEqual(["HTTP 502", "HTTP 504"]);
});
