import { describe, expect, it } from "vitest";
import { inWords } from "../../src/incident/breach.ts";
import { clockKinds, clocksOf, responseTimes } from "../../src/incident/clocks.ts";
import { incidentMoves, incidentStatuses, isOpen, judgeMove } from "../../src/incident/state.ts";
import fc from "../support/property.ts";

const openedAt = new Date("2026-11-24T08:00:00Z");
const fresh = {
  severity: "CRITICAL" as const,
  status: "OPEN" as const,
  openedAt,
  reopenedAt: null,
  acknowledgedAt: null,
  containedAt: null,
  resolvedAt: null,
};
const later = (minutes: number): Date => new Date(openedAt.getTime() + minutes * 60_000);
const statesOf = (incident: Parameters<typeof clocksOf>[0], at: Date) =>
  clocksOf(incident, responseTimes({}), at.getTime()).map(({ state }) => state);

describe("the clocks of an incident", () => {
  it("run, are met, breached, or met late", () => {
    expect(statesOf(fresh, later(14))).toEqual(["RUNNING", "RUNNING", "RUNNING"]);
    expect(statesOf(fresh, later(16))).toEqual(["BREACHED", "RUNNING", "RUNNING"]);
    expect(statesOf({ ...fresh, acknowledgedAt: later(20) }, later(30))).toEqual(["LATE", "RUNNING", "RUNNING"]);
    expect(statesOf({ ...fresh, resolvedAt: later(10) }, later(9_000))).toEqual(["MET", "MET", "MET"]);
  });

  it("are none for INFO and for what was merged, and 0 switches one off", () => {
    expect(statesOf({ ...fresh, severity: "INFO" }, later(1))).toEqual([]);
    expect(statesOf({ ...fresh, status: "MERGED" }, later(1))).toEqual([]);
    const times = responseTimes({ CRITICAL: { CONTAIN: 0 } });
    expect(clocksOf(fresh, times, openedAt.getTime()).map(({ kind }) => kind)).toEqual(["ACKNOWLEDGE", "RESOLVE"]);
  });

  it("never say that something is done in time when it was done after it was due", () => {
    const moment = fc.option(fc.integer({ min: 0, max: 100_000 }).map(later));
    fc.assert(
      fc.property(
        moment,
        moment,
        moment,
        fc.integer({ min: 0, max: 200_000 }),
        (acknowledgedAt, containedAt, resolvedAt, at) => {
          const incident = { ...fresh, acknowledgedAt, containedAt, resolvedAt };
          for (const { dueAt, doneAt, state } of clocksOf(incident, responseTimes({}), later(at).getTime())) {
            if (doneAt) expect(state).toBe(doneAt <= dueAt ? "MET" : "LATE");
            else expect(state).toBe(later(at) <= dueAt ? "RUNNING" : "BREACHED");
          }
        },
      ),
    );
  });

  it("are told in whole units", () => {
    expect([900, 3_600, 90_000, 86_400, 61].map(inWords)).toEqual([
      "15 minutes",
      "1 hour",
      "25 hours",
      "1 day",
      "61 seconds",
    ]);
    expect(clockKinds).toHaveLength(3);
  });
});

describe("any moves in any order", () => {
  it("lead only where the table says: nothing leaves CLOSED but reopening, nothing leaves MERGED, and no refusal moves", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...incidentMoves), { maxLength: 30 }), (moves) => {
        let status: (typeof incidentStatuses)[number] = "OPEN";
        for (const move of moves) {
          const verdict = judgeMove(status, move);
          if (!verdict.allowed) expect(verdict.reason).toContain(status);
          else {
            expect(status).not.toBe("MERGED");
            if (status === "CLOSED") expect(move).toBe("REOPEN");
            if (!isOpen(status) && isOpen(verdict.to)) expect(move).toBe("REOPEN");
            if (verdict.to === "CLOSED") expect(status).toBe("RESOLVED");
            status = verdict.to;
          }
          expect(incidentStatuses).toContain(status);
        }
      }),
    );
  });
});
