import { expect, test } from "vitest";
import { checkMatchers, type Matchable, type Matcher, matches } from "../../src/alert/matcher.ts";
import { judgeSilence, silenceState } from "../../src/alert/silences.ts";

const incident: Matchable = {
  severity: "HIGH",
  title: "Many failed sign-ins of ann",
  fingerprint: "rule-1 ann",
  tags: ["attack.t1110", "attack.credential-access"],
  subjects: [
    { kind: "USER", key: "ann" },
    { kind: "ADDRESS", key: "198.51.100.7" },
    { kind: "USER", key: "eve@clinic.example" },
  ],
  rule: "failed-sign-ins",
};

test.each<[Matcher["field"], Matcher["operator"], string, boolean]>([
  ["SEVERITY", "EQUALS", "HIGH", true],
  ["SEVERITY", "EQUALS", "LOW", false],
  ["SEVERITY", "AT_LEAST", "MEDIUM", true],
  ["SEVERITY", "AT_LEAST", "HIGH", true],
  ["SEVERITY", "AT_LEAST", "CRITICAL", false],
  ["SEVERITY", "NOT_EQUALS", "LOW", true],
  ["RULE", "EQUALS", "failed-sign-ins", true],
  ["RULE", "NOT_EQUALS", "failed-sign-ins", false],
  ["TITLE", "CONTAINS", "FAILED", true],
  ["TITLE", "STARTS_WITH", "many", true],
  ["TITLE", "STARTS_WITH", "failed", false],
  ["TITLE", "EQUALS", "many failed sign-ins of ann", false],
  ["TAG", "EQUALS", "attack.t1110", true],
  ["TAG", "NOT_EQUALS", "attack.t1110", false],
  ["TAG", "STARTS_WITH", "attack.cred", true],
  ["SUBJECT", "EQUALS", "ann", true],
  ["SUBJECT", "STARTS_WITH", "198.51.100.", true],
  ["SUBJECT", "EQUALS", "an", false],
  ["SUBJECT", "EQUALS", "Ann", false],
  ["SUBJECT", "EQUALS", "Eve@Clinic.Example", true],
  ["SUBJECT", "NOT_EQUALS", "Eve@Clinic.Example", false],
  ["FINGERPRINT", "EQUALS", "rule-1 ann", true],
])("a matcher %s %s %j holds of the incident: %s", (field, operator, value, expected) => {
  expect(matches([{ field, operator, value }], incident)).toBe(expected);
});

test("all matchers of a silence must hold", () => {
  const severity: Matcher = { field: "SEVERITY", operator: "EQUALS", value: "HIGH" };
  const tag: Matcher = { field: "TAG", operator: "EQUALS", value: "attack.t1078" };
  expect(matches([severity], incident)).toBe(true);
  expect(matches([severity, tag], incident)).toBe(false);
});

test("an incident that no rule opened matches no rule, and is not any rule's", () => {
  const own = { ...incident, rule: null };
  expect(matches([{ field: "RULE", operator: "STARTS_WITH", value: "f" }], own)).toBe(false);
  expect(matches([{ field: "RULE", operator: "NOT_EQUALS", value: "failed-sign-ins" }], own)).toBe(true);
});

test.each<[string, Matcher[], string[]]>([
  ["without a matcher all of them would be meant", [], ["input", "matchers"]],
  [
    'There is no severity "BAD": use INFO, LOW, MEDIUM, HIGH, CRITICAL.',
    [{ field: "SEVERITY", operator: "EQUALS", value: "BAD" }],
    ["input", "matchers", "0", "value"],
  ],
  [
    "A severity is compared by",
    [{ field: "SEVERITY", operator: "CONTAINS", value: "LOW" }],
    ["input", "matchers", "0", "operator"],
  ],
  [
    "Only SEVERITY has an order",
    [{ field: "TAG", operator: "AT_LEAST", value: "a" }],
    ["input", "matchers", "0", "operator"],
  ],
  [
    "A value has 1 to 500 characters",
    [{ field: "TAG", operator: "CONTAINS", value: " " }],
    ["input", "matchers", "0", "value"],
  ],
  [
    "[withheld] stands for what you may not read",
    [{ field: "TITLE", operator: "EQUALS", value: "Snooping: [withheld]" }],
    ["input", "matchers", "0", "value"],
  ],
])("matchers are refused, naming the place: %s", (message, matchers, path) => {
  expect(() => checkMatchers(matchers)).toThrow(
    expect.objectContaining({ message: expect.stringContaining(message), path }),
  );
});

const now = Date.parse("2026-11-24T12:00:00Z");
const at = (hours: number): Date => new Date(now + hours * 3_600_000);
const matchers: Matcher[] = [{ field: "RULE", operator: "EQUALS", value: "r" }];

test.each([
  ["A silence ends after it starts.", { startsAt: at(2), endsAt: at(1) }],
  ["A silence starts now or later.", { startsAt: at(-1), endsAt: at(1) }],
  ["It would have ended already.", { startsAt: new Date(now - 60_000), endsAt: new Date(now) }],
  ["A silence ends within 365 days", { endsAt: at(24 * 366) }],
  ["Say why in 1 to 2000 characters", { endsAt: at(1), reason: "  " }],
])("a silence is refused: %s", (message, draft) => {
  expect(() => judgeSilence({ matchers, reason: "works", ...draft }, now)).toThrow(message);
});

test("a silence is pending, then active, then expired", () => {
  const silence = { startsAt: at(1), endsAt: at(2) };
  expect([at(0), at(1), at(1.9), at(2)].map((moment) => silenceState(silence, moment.getTime()))).toEqual([
    "PENDING",
    "ACTIVE",
    "ACTIVE",
    "EXPIRED",
  ]);
});
