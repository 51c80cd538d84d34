import { describe, expect, it } from "vitest";
import { compileRules } from "../../../src/detect/compile.ts";
import { createDetector } from "../../../src/detect/detector.ts";
import type { SecurityEvent } from "../../../src/ingest/event.ts";
import { event, failedLogin, failLogin, minute, selectionRule, threeFailures } from "../rules.ts";

const plain = selectionRule("s: { event.action: export }\ncondition: s");

async function detections(yamls: string[], throttleMs: number | undefined, events: SecurityEvent[]) {
  const stored = yamls.map((yaml, n) => {
    const rule = { id: `rule-${n}`, revision: 1, mode: "ACTIVE" as const, yaml };
    return throttleMs === undefined ? rule : { ...rule, throttleMs };
  });
  const detector = createDetector({ ruleSet: compileRules(stored).ruleSet });
  const last = new Map<string, number>();
  for (const one of events)
    for (const { id, eventCount } of (await detector.evaluate([one])).detections) last.set(id, eventCount);
  return [...last.values()];
}

describe("the throttle of a rule", () => {
  const exports = [0, 20, 40, 101].map((at) => event({ at: 60 * at, action: "export", actor: { name: "ann" } }));

  it("gathers the matches of a plain rule that lie no further apart; without it five minutes part them", async () => {
    expect(await detections([plain], undefined, exports)).toEqual([1, 1, 1, 1]);
    expect(await detections([plain], 60 * minute, exports)).toEqual([3, 1]);
    expect(
      await detections(
        [plain],
        minute,
        [0, 4].map((at) => event({ at: 60 * at, action: "export" })),
      ),
    ).toEqual([2]);
  });

  it("gathers the storms of a correlation; what lies between them and does not fire is not counted", async () => {
    const storms = [0, 600, 1_200, 6_000].flatMap((at) => [0, 1, 2].map((n) => failLogin("ann", { at: at + n })));
    const lone = [300, 900].map((at) => failLogin("ann", { at }));
    const all = [...storms, ...lone].sort((one, other) => one.time - other.time);
    expect(await detections([failedLogin, threeFailures], undefined, all)).toEqual([3, 3, 3, 3]);
    expect(await detections([failedLogin, threeFailures], 30 * minute, all)).toEqual([9, 3]);
  });

  it("is for each fingerprint", async () => {
    const two = ["ann", "bob"].flatMap((name, n) =>
      [0, 10].map((at) => event({ at: 60 * at + n, action: "export", actor: { name } })),
    );
    expect(await detections([plain], 60 * minute, two)).toEqual([2, 2]);
  });
});
