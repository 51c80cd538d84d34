import { describe, expect, it } from "vitest";
import type { DetectionDraft } from "../../src/detect/detection.ts";
import { type Sign, settleHomes, togetherMs, weighWeak } from "../../src/incident/weak.ts";

const at = Date.parse("2026-03-02T09:00:00Z");
const hour = 3_600_000;

function draft(ruleId: string, wish: Partial<DetectionDraft> = {}): DetectionDraft {
  const time = wish.lastEventAt ?? at;
  const user = wish.subjects?.[0]?.key ?? "ann";
  return {
    ...{ id: `${ruleId} ${user} ${time}`, ruleId, ruleRevision: 1, ruleName: ruleId, mode: "ACTIVE", severity: "LOW" },
    ...{ tags: [], fingerprint: `${ruleId} ${user}`, subjects: [{ kind: "USER", key: user }], opened: true },
    ...{ firstEventAt: time, lastEventAt: time, eventCount: 1, eventIds: [], explanation: ruleId, weak: true },
    ...wish,
  };
}

const sign = (ruleId: string, wish: Partial<Sign> = {}): Sign => ({
  ...{ detectionId: `stored ${ruleId}`, ruleId, at: at - hour, openFingerprint: null, loose: true },
  ...wish,
});
const about = (signs: Sign[]) => new Map([["ann", signs]]);
const homes = (drafts: DetectionDraft[], signs: Sign[] = []) => [...settleHomes(drafts, about(signs)).values()];

describe("a weak sign", () => {
  it("alone, or again and again by one rule, opens nothing", () => {
    expect(weighWeak(draft("hour"), [])).toEqual({ kind: "ALONE" });
    expect(weighWeak(draft("hour"), [sign("hour"), sign("hour", { detectionId: "another" })])).toEqual({
      kind: "ALONE",
    });
    expect(homes([draft("hour"), draft("hour", { lastEventAt: at + hour })])).toEqual([]);
  });

  it("of another rule within a day opens an incident; a day later, about another user, or dealt with, it does not", () => {
    expect(weighWeak(draft("hour"), [sign("device")])).toEqual({ kind: "OPENS" });
    expect(weighWeak(draft("hour"), [sign("device", { at: at - togetherMs - 1 })])).toEqual({ kind: "ALONE" });
    expect(weighWeak(draft("hour"), [sign("device", { loose: false })])).toEqual({ kind: "ALONE" });
    const bob = draft("device", { subjects: [{ kind: "USER", key: "bob" }] });
    expect(homes([draft("hour"), bob])).toEqual([]);
  });

  it("joins the latest incident about the user that is open", () => {
    const signs = [sign("travel", { openFingerprint: "f1", loose: false, at: at - 3 * hour }), sign("device")];
    expect(weighWeak(draft("hour"), signs)).toEqual({ kind: "JOINS", fingerprint: "f1" });
    signs.push(sign("country", { openFingerprint: "f2", loose: false }));
    expect(weighWeak(draft("hour"), signs)).toEqual({ kind: "JOINS", fingerprint: "f2" });
  });

  it("is taken in by what comes after it in its batch, as it would be if that came in the next one", () => {
    const device = draft("device", { lastEventAt: at - hour });
    expect(homes([device, draft("hour")])).toEqual(["hour ann", "hour ann"]);
    expect(homes([draft("hour")], [sign("device")])).toEqual(["hour ann"]);
    const strong = draft("travel", { weak: false, lastEventAt: at + hour });
    expect(homes([draft("hour"), strong])).toEqual(["travel ann", "travel ann"]);
  });

  it("in MONITOR counts for nobody", () => {
    expect(homes([draft("hour"), draft("device", { mode: "MONITOR" })])).toEqual([]);
    expect(homes([draft("travel", { mode: "MONITOR", weak: false })])).toEqual([]);
  });
});
