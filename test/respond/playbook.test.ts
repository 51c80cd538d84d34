import { describe, expect, it } from "vitest";
import { isWhen } from "../../src/respond/conditions.ts";
import { choose, grown, type IncidentFacts, type PastAction } from "../../src/respond/playbook.ts";
import { type ResponseRule, readRule } from "../../src/respond/rule.ts";
import fc from "../support/property.ts";

const now = Date.UTC(2026, 10, 24, 12, 30); // a Tuesday
const incident: IncidentFacts = {
  id: "i1",
  number: 7,
  severity: "CRITICAL",
  threatScore: 60,
  ruleId: "r1",
  ruleReference: "brute_force_account",
  tags: ["attack.t1110.001"],
  subjects: [
    { kind: "ADDRESS", key: "203.0.113.9" },
    { kind: "USER", key: "ann" },
  ],
  earlierIncidents: 2,
};
const rule = (more: Partial<ResponseRule> = {}): ResponseRule => ({
  id: "p1",
  name: "Block",
  mode: "ACTIVE",
  conditions: {},
  actions: [{ type: "BLOCK_IP", ttlS: 3600 }],
  coolDownS: 0,
  ...more,
});
const past = (more: Partial<PastAction> = {}): PastAction => ({
  incidentId: "i0",
  ruleId: "p1",
  type: "BLOCK_IP",
  target: "203.0.113.9",
  done: true,
  at: now - 2 * 3_600_000,
  inForceUntil: null,
  ...more,
});
const codes = (one: ResponseRule, history: PastAction[] = [], facts = incident): string[] =>
  choose(facts, [one], history, now).notChosen.map(({ code }) => code);

describe("the playbook", () => {
  it("chooses the action of a rule whose conditions all hold, and says why", () => {
    const conditions = {
      severityAtLeast: "HIGH" as const,
      scoreAtLeast: 50,
      rules: ["brute_force_account"],
      tags: ["attack.t1110"],
      subjectKinds: ["ADDRESS"],
      times: { days: ["TUE" as const], from: "12:00", to: "13:00" },
      earlierIncidentsAtLeast: 2,
    };
    const { chosen, notChosen } = choose(incident, [rule({ conditions })], [], now);
    expect(chosen).toMatchObject([{ type: "BLOCK_IP", target: "203.0.113.9", kind: "ADDRESS", ttl: 3_600_000 }]);
    expect(chosen[0]?.reason).toBe('Response rule "Block": incident #7 is CRITICAL.');
    expect(notChosen).toEqual([]);
  });

  it.each([
    ["RULE_DISABLED", rule({ mode: "DISABLED" })],
    ["SEVERITY_DIFFERS", rule({ conditions: { severityAtMost: "MEDIUM" } })],
    ["SCORE_DIFFERS", rule({ conditions: { scoreAtLeast: 61 } })],
    ["SCORE_DIFFERS", rule({ conditions: { scoreAtMost: 59 } })],
    ["RULE_DIFFERS", rule({ conditions: { rules: ["impossible_travel"] } })],
    ["TAG_MISSING", rule({ conditions: { tags: ["attack.t11"] } })],
    ["SUBJECT_MISSING", rule({ conditions: { subjectKinds: ["SESSION"] } })],
    ["OUTSIDE_TIMES", rule({ conditions: { times: { from: "22:00", to: "06:00" } } })],
    ["TOO_FEW_INCIDENTS", rule({ conditions: { earlierIncidentsAtLeast: 3 } })],
    ["NO_TARGET", rule({ actions: [{ type: "SUSPEND_USER", target: "SESSION" }] })],
  ] as const)("names %s as the reason for not acting", (code, one) => {
    expect(choose(incident, [one], [], now)).toMatchObject({ chosen: [], notChosen: [{ code }] });
  });

  it("does not do again what is in force, whoever did it", () => {
    expect(codes(rule(), [past({ ruleId: null, inForceUntil: now + 1 })])).toEqual(["IN_FORCE"]);
    expect(codes(rule(), [past({ ruleId: null, inForceUntil: now })])).toEqual([]);
  });

  it("acts once per target in its cool-down, and tells administrators once per incident", () => {
    expect(codes(rule({ coolDownS: 3 * 3600 }), [past()])).toEqual(["COOLING_DOWN"]);
    expect(codes(rule({ coolDownS: 2 * 3600 }), [past()])).toEqual([]);
    const notify = rule({ actions: [{ type: "NOTIFY_ADMIN" }], coolDownS: 86_400 });
    const told = past({ type: "NOTIFY_ADMIN", target: "administrators" });
    expect(codes(notify, [told])).toEqual([]);
    expect(codes(notify, [{ ...told, incidentId: "i1" }])).toEqual(["COOLING_DOWN"]);
  });

  it("does not do again what somebody took back in the incident, nor counts as an offence what was taken back", () => {
    const back = past({ incidentId: "i1", at: now - 60_000, takenBack: true });
    expect(codes(rule(), [back])).toEqual(["TAKEN_BACK"]);
    const { chosen } = choose(incident, [rule()], [{ ...back, incidentId: "i0" }], now);
    expect(chosen).toMatchObject([{ ttl: 3_600_000 }]);
    // Somebody did it again.
    expect(codes(rule(), [back, past({ ruleId: null, inForceUntil: now + 1 })])).toEqual(["IN_FORCE"]);
    const told = { ...back, type: "NOTIFY_ADMIN" as const, target: "administrators" };
    expect(codes(rule({ actions: [{ type: "NOTIFY_ADMIN" }] }), [told])).toEqual([]);
  });

  it("doubles the time for a repeat offender, up to 7 days", () => {
    const history = [
      past({ at: now - 2 * 86_400_000 }),
      past({ at: now - 5 * 86_400_000 }),
      past({ at: now - 31 * 86_400_000 }),
    ];
    expect(choose(incident, [rule()], history, now).chosen[0]?.ttl).toBe(4 * 3_600_000);
    fc.assert(
      fc.property(fc.integer({ min: 10_000, max: 7 * 86_400_000 }), fc.nat({ max: 5_000 }), (ttl, repeats) => {
        expect(grown(ttl, repeats)).toBeLessThanOrEqual(7 * 86_400_000);
        expect(grown(ttl, repeats + 1)).toBeGreaterThanOrEqual(grown(ttl, repeats));
      }),
    );
  });

  it("gives every rule and target exactly one verdict, and the same one each time", () => {
    const kinds = fc.constantFrom("ADDRESS", "USER", "SESSION", "SERVICE");
    const someRule = fc.record({
      mode: fc.constantFrom("ACTIVE" as const, "MONITOR" as const, "DISABLED" as const),
      conditions: fc.record({ scoreAtLeast: fc.option(fc.nat({ max: 100 }), { nil: undefined }) }),
      type: fc.constantFrom("BLOCK_IP" as const, "SUSPEND_USER" as const, "NOTIFY_ADMIN" as const),
      coolDownS: fc.nat({ max: 10_000 }),
    });
    const subject = fc.record({ kind: kinds, key: fc.constantFrom("a", "b", "c", "d") });
    const some = fc.record({
      rules: fc.array(someRule, { maxLength: 6 }),
      subjects: fc.array(subject, { maxLength: 14 }),
      history: fc.array(
        fc.record({
          ruleId: fc.constantFrom("p0", "p1", null),
          type: fc.constantFrom("BLOCK_IP" as const, "SUSPEND_USER" as const),
          target: fc.constantFrom("a", "b"),
          at: fc.integer({ min: now - 90 * 86_400_000, max: now }),
          inForceUntil: fc.option(fc.integer({ min: now - 1_000, max: now + 1_000 })),
        }),
        { maxLength: 8 },
      ),
    });
    fc.assert(
      fc.property(some, ({ rules, subjects, history }) => {
        const given = rules.map(({ type, ...more }, index) => rule({ ...more, id: `p${index}`, actions: [{ type }] }));
        const facts = { ...incident, subjects };
        const before = history.map((one) => past(one));
        const plan = choose(facts, given, before, now);
        expect(choose(facts, given, before, now)).toEqual(plan);
        for (const one of given) {
          const verdicts = [...plan.chosen, ...plan.notChosen].filter((verdict) => verdict.rule === one);
          expect(verdicts.length).toBeGreaterThan(0);
          expect(new Set(verdicts.map(({ target }) => target)).size).toBe(verdicts.length);
          if (one.mode === "DISABLED") expect(plan.chosen.filter((chosen) => chosen.rule === one)).toEqual([]);
        }
        for (const { ttl, kind } of plan.chosen)
          expect(kind === null ? ttl : ttl >= 10_000 && ttl <= 604_800_000 ? 0 : 1).toBe(0);
      }),
    );
  });
});

describe("the times of a rule", () => {
  it("may go over midnight, and then belong to the day they began on", () => {
    const night = { days: ["MON" as const], from: "22:00", to: "06:00" };
    expect(isWhen(night, Date.UTC(2026, 10, 23, 23))).toBe(true);
    expect(isWhen(night, Date.UTC(2026, 10, 24, 5, 59))).toBe(true);
    expect(isWhen(night, Date.UTC(2026, 10, 24, 6))).toBe(false);
    expect(isWhen(night, Date.UTC(2026, 10, 24, 23))).toBe(false);
  });

  it("are those of the organization's time zone, in summer and in winter", () => {
    const morning = { days: ["MON" as const], from: "08:00", to: "09:00" };
    const zone = "America/Chicago";
    expect(isWhen(morning, Date.UTC(2026, 10, 23, 14), zone)).toBe(true); // Central Standard Time
    expect(isWhen(morning, Date.UTC(2026, 10, 23, 13), zone)).toBe(false);
    expect(isWhen(morning, Date.UTC(2026, 6, 20, 13), zone)).toBe(true); // Central Daylight Time
    const sunday = { days: ["SUN" as const] };
    expect(isWhen(sunday, Date.UTC(2026, 10, 23, 5, 59), zone)).toBe(true); // 23:59 there
    expect(isWhen(sunday, Date.UTC(2026, 10, 23, 6), zone)).toBe(false);
    const late = rule({ conditions: { times: { from: "22:00", to: "06:00" } }, timeZone: zone });
    const reason = "It is TUE 6:30 in America/Chicago, outside the rule's times.";
    const { notChosen } = choose(incident, [late], [], Date.UTC(2026, 10, 24, 12, 30));
    expect(notChosen).toMatchObject([{ code: "OUTSIDE_TIMES", reason }]);
  });
});

describe("a response rule", () => {
  it("is refused with every fault and its place", () => {
    const given = { conditions: { severityAtLeast: "BAD", other: 1 }, actions: [{ type: "BLOCK_IP", ttlS: 1 }] };
    expect(() => readRule(given)).toThrow(/conditions/);
    expect(() => readRule({ conditions: {}, actions: [{ type: "BLOCK_IP", target: "USER" }] })).toThrow(
      "BLOCK_IP is not done to a USER",
    );
  });
});
