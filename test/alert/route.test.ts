/** Routing, mute times and on-call turns as pure functions. */
import { describe, expect, it, vi } from "vitest";
import { fire } from "../../src/alert/escalation.ts";
import { localAt, momentOf } from "../../src/alert/local-time.ts";
import { isWithin } from "../../src/alert/mute-times.ts";
import { type Layer, onCallAt, onCallBetween } from "../../src/alert/on-call.ts";
import { type IncidentFacts, route, type Settings } from "../../src/alert/route.ts";
import { askTree, effective, type Route } from "../../src/alert/route-tree.ts";
import { checkSchedule } from "../../src/alert/schedule-check.ts";
import { changesOf } from "../../src/alert/told.ts";

const incident: IncidentFacts = {
  id: "0198b2f0-0000-7000-8000-000000000001",
  number: 1,
  status: "OPEN",
  severity: "HIGH",
  title: "t",
  fingerprint: "f",
  tags: ["attack.t1110"],
  subjects: [{ kind: "USER", key: "ann" }],
  rule: "brute",
  since: 0,
};
const node = (id: string, more: Partial<Route> = {}): Route => ({
  id,
  name: id,
  parentId: null,
  position: 1,
  matchers: [],
  goesOn: false,
  groupBy: [],
  groupWaitS: null,
  groupIntervalS: null,
  repeatIntervalS: null,
  muteTimes: [],
  tellsResolved: true,
  escalationPolicyId: null,
  channelIds: [],
  ...more,
});
const settings = (more: Partial<Settings> = {}): Settings => ({
  routes: [],
  channels: [{ id: "c1", name: "c1", recipients: ["ann@x.example"], suspended: false }],
  silences: [],
  inhibitions: [],
  open: [],
  quiet: [],
  told: [],
  ...more,
});
const opened = { incidentId: incident.id, entryId: "e1", kind: "OPENED" as const };
const high = [{ field: "SEVERITY", operator: "AT_LEAST", value: "HIGH" }] as const;
const low = [{ field: "SEVERITY", operator: "EQUALS", value: "LOW" }] as const;

/** Numbers that are the same in every run. */
function randomOf(seed: number): (below: number) => number {
  let state = seed + 1;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

describe("the tree", () => {
  it("asks children before their parent, and stops at the first that matches unless it goes on", () => {
    const routes = [
      node("a", { position: 1, matchers: low }),
      node("b", { position: 2, goesOn: true }),
      node("b1", { parentId: "b", matchers: high, position: 1 }),
      node("b2", { parentId: "b", position: 2 }),
      node("c", { position: 3 }),
      node("d", { position: 4 }),
    ];
    const { tells, verdicts } = askTree(routes, incident);
    expect(tells.map(({ id }) => id)).toEqual(["b1", "c"]);
    expect(verdicts.map(({ route: { id }, verdict }) => `${id} ${verdict}`)).toEqual([
      "a NO_MATCH",
      "b PASSED_ON",
      "b1 TELLS",
      "b2 NOT_ASKED",
      "c TELLS",
      "d NOT_ASKED",
    ]);
    expect(verdicts[0]?.reason).toBe("SEVERITY EQUALS LOW does not hold.");
  });

  it("takes from those above what a route does not say", () => {
    const routes = [
      node("a", { groupBy: ["RULE"], repeatIntervalS: 60, channelIds: ["c1"], escalationPolicyId: "p" }),
      node("b", { parentId: "a", groupWaitS: 5 }),
    ];
    expect(effective(routes[1] as Route, routes)).toMatchObject({
      groupBy: ["RULE"],
      waitS: 5,
      intervalS: 300,
      repeatS: 60,
      channelIds: ["c1"],
      escalationPolicyId: "p",
    });
  });

  it("ends every change in alerts or in why not, the same in any order and every time", () => {
    for (let seed = 0; seed < 300; seed++) {
      const random = randomOf(seed);
      const routes = Array.from({ length: random(8) }, (_, index) =>
        node(`r${index}`, {
          parentId: index > 0 && random(2) ? `r${random(index)}` : null,
          position: random(3),
          goesOn: random(2) === 1,
          matchers: ([[], high, low] as const)[random(3)] ?? [],
          channelIds: random(2) ? ["c1"] : [],
        }),
      );
      const kind = (["OPENED", "RAISED", "REOPENED", "BREACHED", "RESOLVED"] as const)[random(5)] ?? "OPENED";
      const severity = ["INFO", "LOW", "HIGH", "CRITICAL"][random(4)] ?? "LOW";
      const status = ["OPEN", "ACKNOWLEDGED", "RESOLVED", "MERGED"][random(4)] ?? "OPEN";
      const decide = (all: Route[]) =>
        route({ ...opened, kind }, { ...incident, severity, status }, settings({ routes: all }), 0);
      const one = decide(routes);
      expect(one.alerts.length + one.escalations.length > 0).toBe(one.notTold === null);
      expect(decide([...routes].reverse())).toEqual(one);
      expect(new Set(one.alerts.map(({ id }) => id)).size).toBe(one.alerts.length);
    }
  });
});

describe("what holds an alert", () => {
  it("names silence and inhibition, and lets CRITICAL break quiet hours only", () => {
    const ann = { id: "u", name: "Ann", email: "ann@x.example", phone: null, hours: [{}], timeZone: "UTC" };
    const around = settings({
      silences: [{ author: "bob", reason: "pentest", matchers: high }],
      inhibitions: [
        { name: "idp", source: [{ field: "RULE", operator: "EQUALS", value: "down" }], target: high, equal: [] },
      ],
      open: [incident, { ...incident, id: "2", number: 2, rule: "down", severity: "LOW" }],
      quiet: [ann],
    });
    const held = (severity: string) =>
      route(opened, { ...incident, severity }, around, 0).alerts[0]?.heldBy.map(
        ({ kind, reason }) => `${kind} ${reason}`,
      );
    const always = ["SILENCE bob: pentest", "INHIBITION idp: incident #2 is open"];
    expect(held("HIGH")).toEqual([...always, "QUIET_HOURS Ann has quiet hours."]);
    expect(held("CRITICAL")).toEqual(always);
  });

  it("knows whose quiet hours they are, in whichever letters an address is written", () => {
    const ann = { id: "u", name: "Ann", email: "ann@x.example", phone: null, hours: [{}], timeZone: "UTC" };
    const channels = [{ id: "c1", name: "c1", recipients: ["Ann@X.example"], suspended: false }];
    const { alerts } = route(opened, incident, settings({ quiet: [ann], channels }), 0);
    expect(alerts).toMatchObject([{ userId: "u", heldBy: [{ kind: "QUIET_HOURS" }] }]);
  });

  it("keeps mute times over midnight and by the wall's clock", () => {
    const night = { days: ["FRI" as const], from: "22:00", to: "06:00" };
    const zone = "America/Chicago";
    expect(isWithin(night, zone, momentOf(zone, "2026-10-30", 22 * 60))).toBe(true);
    expect(isWithin(night, zone, momentOf(zone, "2026-10-31", 5 * 60 + 59))).toBe(true);
    expect(isWithin(night, zone, momentOf(zone, "2026-10-31", 6 * 60))).toBe(false);
    expect(isWithin(night, zone, momentOf(zone, "2026-10-31", 23 * 60))).toBe(false);
  });

  it("tells of an incident that was opened and raised that it was opened", () => {
    const line = (id: string, kind: string, rises?: boolean) => ({ id, kind, rises, incidentId: "i" });
    expect(changesOf([line("1", "OPENED"), line("2", "SEVERITY_RAISED")]).map(({ kind }) => kind)).toEqual(["OPENED"]);
    expect(changesOf([line("1", "SEVERITY_CHANGED", false)])).toEqual([]);
    expect(changesOf([line("1", "SEVERITY_CHANGED", true)]).map(({ kind }) => kind)).toEqual(["RAISED"]);
  });
});

describe("the fallback", () => {
  it("is told five minutes after whoever is called at once, and alone", () => {
    const steps = [{ delayS: 0, tell: [] }];
    const policy = { name: "p", steps, repeats: 0, acknowledgeTimeoutS: null, fallbackChannelId: "c1" };
    const around = { reach: () => ["ann"], fallback: () => ["boss"], reaches: () => true };
    const at = (step: number) => fire(policy, { step, round: 0 }, around);
    expect(at(0)).toMatchObject({ told: [{ alerts: ["ann"] }], next: { step: 1, round: 0, dueInS: 300 } });
    expect(at(1)).toMatchObject({ told: [{ alerts: ["boss"] }], next: null });
  });
});

describe("on call", () => {
  const zone = "America/Chicago";
  const layer = (more: Partial<Layer> = {}): Layer => ({
    name: "first",
    users: ["ann", "bob", "eve"],
    startsOn: "2026-01-01",
    handOver: "09:00",
    turnDays: 1,
    hours: [],
    ...more,
  });

  it("has no gap and no overlap over both changes of the clock, whatever the time of hand-over", () => {
    for (const handOver of ["00:00", "01:30", "02:30", "09:00"]) {
      for (const [first, last] of [
        ["2026-03-06", "2026-03-11"],
        ["2026-10-30", "2026-11-04"],
      ] as const) {
        const schedule = { timeZone: zone, layers: [layer({ handOver })] };
        const from = momentOf(zone, first, 600);
        const to = momentOf(zone, last, 600);
        const shifts = onCallBetween(schedule, [], { from, to });
        expect(shifts[0]?.from).toBe(from);
        expect(shifts.at(-1)?.to).toBe(to);
        shifts.slice(1).forEach((shift, index) => {
          expect(shift.from).toBe(shifts[index]?.to);
          expect(shift.userId).not.toBe(shifts[index]?.userId);
          expect(shift.to - shift.from).toBeLessThanOrEqual(25 * 3_600_000);
        });
        expect(shifts.length).toBe(6);
        for (let at = from; at < to; at += 600_000) {
          const shift = shifts.find((one) => one.from <= at && at < one.to);
          expect(onCallAt(schedule, [], at)).toBe(shift?.userId);
          expect(shift?.userId).not.toBeNull();
        }
      }
    }
  });

  it("reads the clock once for all hours of a schedule, of which there are at most a hundred", () => {
    const nights = Array.from({ length: 20 }, () => ({ from: "22:00", to: "06:00" }));
    const of = (layers: number) => ({ timeZone: zone, layers: Array(layers).fill(layer({ hours: nights })) });
    const reads = vi.spyOn(Intl.DateTimeFormat.prototype, "formatToParts");
    expect(onCallAt(of(5), [], Date.UTC(2026, 0, 15, 18))).toBeNull();
    const times = reads.mock.calls.length;
    reads.mockRestore();
    expect(times).toBe(1);
    checkSchedule(of(5));
    expect(() => checkSchedule(of(6))).toThrow("at most 100 hours together, not 120");
  });

  it("lets the later layer win in its hours, and an override over all", () => {
    const nights = layer({ users: ["zoe"], hours: [{ from: "22:00", to: "06:00" }] });
    const schedule = { timeZone: zone, layers: [layer({ turnDays: 7 }), nights] };
    const at = momentOf(zone, "2026-01-02", 23 * 60);
    expect(onCallAt(schedule, [], at)).toBe("zoe");
    expect(onCallAt(schedule, [], at - 2 * 3_600_000)).toBe("ann");
    expect(onCallAt(schedule, [{ userId: "max", startsAt: at, endsAt: at + 1 }], at)).toBe("max");
    expect(onCallAt(schedule, [], momentOf(zone, "2025-12-31", 720))).toBeNull();
    expect(localAt(zone, at)).toEqual({ date: "2026-01-02", day: "FRI", minute: 1380 });
  });
});
