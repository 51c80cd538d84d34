import { describe, expect, it } from "vitest";
import { attacks as knownAttacks } from "../../bench/clinic/attacks/campaign.ts";
import type { Label } from "../../bench/clinic/event.ts";
import {
  type FoundDetection,
  judge,
  median,
  meets,
  month,
  type Run,
  recallOf,
  recallOfRule,
  together,
} from "../../bench/evaluate/judge.ts";
import { meantFor as kindsMeant } from "../../bench/evaluate/meant-for.ts";
import { tablesOf } from "../../bench/evaluate/report.ts";

const kinds = new Set(knownAttacks.map(({ kind }) => kind));
const minute = 60_000;
const hour = 60 * minute;

const attack = (over: Partial<Label> = {}): Label => ({
  id: "a1",
  kind: "brute_force",
  clarity: "CLEAR",
  story: "",
  users: ["ann"],
  addresses: ["203.0.113.7"],
  services: [],
  from: 100 * hour,
  to: 101 * hour,
  eventIds: ["e1", "e2"],
  ...over,
});

const detection = (over: Partial<FoundDetection> = {}): FoundDetection => ({
  id: "d1",
  rule: "guessing",
  subjects: ["ann"],
  firstEventAt: 100 * hour,
  lastEventAt: 100 * hour + 5 * minute,
  firedAt: 100 * hour + 5 * minute,
  incident: 1,
  eventIds: [],
  explanation: "",
  ...over,
});

const run = (labels: Label[], detections: FoundDetection[]): Run => ({
  seed: 1,
  users: 10,
  from: 0,
  to: month,
  attacksFrom: 50 * hour,
  labels,
  detections,
});

describe("judging a run", () => {
  it("finds an attack caught by a detection of the same subject within its time, and says after how long", () => {
    const { attacks, falseIncidents, trueIncidents } = judge(run([attack()], [detection()]));
    expect(attacks[0]).toMatchObject({ rules: ["guessing"], delay: 5 * minute });
    expect(falseIncidents).toEqual([]);
    expect(trueIncidents).toBe(1);
  });

  it.each([
    ["of another subject", { subjects: ["bob"] }],
    ["before the attack", { firstEventAt: 90 * hour, lastEventAt: 91 * hour, firedAt: 91 * hour }],
    ["long after the attack", { firstEventAt: 120 * hour, lastEventAt: 120 * hour, firedAt: 120 * hour }],
  ])("takes an incident %s for a false alarm, and the attack for missed", (_, over) => {
    const { attacks, falseIncidents } = judge(run([attack()], [detection(over)]));
    expect(attacks[0]).toMatchObject({ rules: [], delay: undefined });
    expect(falseIncidents).toHaveLength(1);
  });

  it("knows an attack by one of its events, whoever is the subject", () => {
    const { attacks, falseIncidents } = judge(run([attack()], [detection({ subjects: ["s-1"], eventIds: ["e2"] })]));
    expect(attacks[0]?.rules).toEqual(["guessing"]);
    expect(falseIncidents).toEqual([]);
  });

  it("knows an attack on a log source by its name", () => {
    const label = attack({ users: [], addresses: [], services: ["clinic/ehr"], eventIds: [] });
    expect(judge(run([label], [detection({ subjects: ["clinic/ehr"] })])).attacks[0]?.delay).toBe(5 * minute);
  });

  it("takes what follows from an attack within half a day for no false alarm, and for no catch either", () => {
    const later = { firstEventAt: 105 * hour, lastEventAt: 105 * hour, firedAt: 105 * hour };
    const { attacks, falseIncidents } = judge(run([attack()], [detection(later)]));
    expect(attacks[0]?.rules).toEqual([]);
    expect(falseIncidents).toEqual([]);
  });

  it("does not count what opened no incident", () => {
    const silent = { incident: undefined };
    const { attacks, falseIncidents } = judge(
      run([attack()], [detection(silent), detection({ ...silent, subjects: ["bob"] })]),
    );
    expect(attacks[0]?.rules).toEqual([]);
    expect(falseIncidents).toEqual([]);
  });

  it("counts an incident once, and as true when one of its detections is", () => {
    const { falseIncidents, trueIncidents } = judge(
      run(
        [attack()],
        [
          detection(),
          detection({ id: "d2", subjects: ["bob"] }),
          detection({ id: "d3", subjects: ["eve"], incident: 2 }),
        ],
      ),
    );
    expect(trueIncidents).toBe(1);
    expect(falseIncidents.map(({ subjects }) => subjects)).toEqual([["eve"]]);
  });

  it("marks what came while nothing but learning was to be done", () => {
    const early = { firstEventAt: hour, lastEventAt: hour, firedAt: hour };
    const judged = judge(run([], [detection(early)]));
    expect(judged.falseIncidents[0]?.learning).toBe(true);
    expect(meets(judged).map(({ met }) => met)).toEqual([true, false, false]);
  });

  it("reckons recall by clarity and false incidents by user and month, over several runs", () => {
    const subtle = attack({ id: "a2", clarity: "SUBTLE", users: ["bob"], addresses: [], eventIds: [] });
    const noise = detection({ id: "d2", subjects: ["eve"], incident: 2 });
    const all = together([judge(run([attack(), subtle], [detection(), noise])), judge(run([attack()], []))]);
    expect(recallOf(all.attacks, "CLEAR")).toEqual({ caught: 1, of: 2 });
    expect(recallOf(all.attacks, "SUBTLE")).toEqual({ caught: 0, of: 1 });
    expect(all.userMonths).toBeCloseTo(20);
    expect(meets(all)).toMatchObject([
      { value: 0.5, met: false },
      { value: 1 / 20, met: true },
      { value: 0, met: true },
    ]);
    const text = tablesOf(all);
    expect(text).toMatch(/brute_force +CLEAR +1\/2 +5\.0 min +guessing/);
    expect(text).toMatch(/recall on clear attacks +0\.500 +>= 0\.95 +MISSED/);
  });

  it("counts a detector's own recall over the attacks that it is there for", () => {
    const travel = attack({ id: "a3", kind: "dormant_account", users: ["eve"], addresses: [], eventIds: [] });
    const rule = "dormant_account (behaviour)";
    const { attacks } = judge(run([attack(), travel], [detection(), detection({ rule, subjects: ["eve"] })]));
    expect(recallOfRule(attacks, rule, ["dormant_account"], "CLEAR")).toEqual({ caught: 1, of: 1 });
    expect(recallOfRule(attacks, rule, ["brute_force"], "CLEAR")).toEqual({ caught: 0, of: 1 });
    for (const kind of Object.values(kindsMeant).flat()) expect(kinds.has(kind), kind).toBe(true);
  });

  it("counts what opened no incident and only scored, by rule, and as no alarm", () => {
    const rule = "unusual_hour (behaviour)";
    const sign = (id: string) => detection({ id, rule, incident: undefined });
    const all = together([judge(run([attack()], [sign("d1"), sign("d2")])), judge(run([], [sign("d3"), detection()]))]);
    expect(all.onlyScored).toEqual({ [rule]: 3 });
    expect(all.falseIncidents).toHaveLength(1);
    expect(all.attacks[0]?.rules).toEqual([]);
    expect(tablesOf(all)).toMatch(/unusual_hour +0\/0 +0\/0 +0 +0\.000 +3/);
  });

  it("has medians of even and odd numbers, and none of nothing", () => {
    expect([median([3, 1, 2]), median([4, 1, 2, 3]), median([])]).toEqual([2, 2.5, undefined]);
  });
});
