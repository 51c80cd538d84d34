/** Noise is a bug: what a normal day of a clinic, and one storm, make of the whole rule pack. */
import { describe, expect, it } from "vitest";
import { builtinRules } from "../../src/detect/builtin.ts";
import { compileRules } from "../../src/detect/compile.ts";
import { createDetector } from "../../src/detect/detector.ts";
import { seededRandom } from "../generate/random.ts";
import { accepted, eventsOf } from "./cases.ts";
import { failLogin } from "./rules.ts";

const { ruleSet } = compileRules(
  builtinRules().map(({ document, yaml }) => ({ id: document.name ?? "", revision: 1, mode: "ACTIVE", yaml })),
);
const chrome =
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36";
const office = "198.51.100.20"; // all workstations stand behind one address
const day = 10 * 3_600; // seconds
const searches = ["O'Brien", "laser & peel", "price < $100", "botox or filler", "select a date; then call", "50% off"];

function normalDay(seed: number) {
  const random = seededRandom(seed);
  const between = (from: number, to: number) => from + Math.floor(random() * (to - from));
  const sent: { at: number; event: object }[] = [];
  const add = (at: number, event: object) => sent.push({ at, event });
  for (let n = 0; n < 25; n++) {
    const actor = { id: `staff${n}`, name: `staff${n}`, roles: [n % 3 ? "clinician" : "front_desk"] };
    const source = { ip: office };
    const common = { actor, source, userAgent: chrome, sessionId: `s${n}` };
    const begins = between(0, 3_000);
    const mistypes = n % 4 === 0 ? 3 : between(0, 2);
    for (let k = 0; k < mistypes; k++)
      add(begins + k * 9, { ...common, action: "login", category: "authentication", outcome: "failure" });
    add(begins + 40, { ...common, action: "login", category: "authentication", outcome: "success" });
    add(begins + 50, { ...common, action: "mfa.challenge", category: "authentication", outcome: "success" });
    const records = n % 3 ? 25 : 60;
    for (let k = 0; k < records; k++) {
      const at = between(begins + 60, day);
      const patientId = `p${between(0, 400)}`;
      add(at, {
        ...common,
        action: "record.read",
        category: "access",
        outcome: "success",
        target: { type: "patient", id: patientId, patientId },
      });
      add(at + 20, {
        ...common,
        action: "record.update",
        category: "data",
        outcome: "success",
        target: { type: "record", id: patientId, patientId },
      });
      const query = `q=${encodeURIComponent(searches[between(0, searches.length)] as string)}&page=2`;
      add(at + 5, {
        ...common,
        action: "http.request",
        category: "web",
        http: {
          method: "GET",
          path: "/api/patients",
          query,
          status: random() < 0.01 ? 404 : 200,
          durationMs: between(5, 900),
        },
      });
    }
    if (n % 8 === 0)
      add(between(begins, day), {
        ...common,
        action: "record.export",
        category: "data",
        outcome: "success",
        attributes: { count: 40 },
      });
    if (n % 5 === 0)
      add(between(begins, day), { ...common, action: "access.denied", category: "authorization", outcome: "failure" });
  }
  for (let at = 0; at < day; at += 60) {
    add(at, { action: "health.check", outcome: "success", logsource: { service: "api" } });
    add(at, {
      action: "http.request",
      category: "web",
      source: { ip: "192.0.2.9" },
      userAgent: "UptimeProbe/2.0",
      http: { method: "GET", path: "/health", status: 200 },
    });
  }
  const crawler = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";
  for (let at = 0; at < day; at += 45)
    add(at, {
      action: "http.request",
      category: "web",
      source: { ip: "192.0.2.77" },
      userAgent: crawler,
      http: { method: "GET", path: `/blog/old-${at}`, status: 404 },
    });
  // What reaches every public server: a probe or two from each of many addresses.
  for (let n = 0; n < 60; n++)
    add(between(0, day), {
      action: "http.request",
      category: "web",
      source: { ip: `203.0.113.${n}` },
      userAgent: "Mozilla/5.0",
      http: { method: "GET", path: n % 2 ? "/.env" : "/wp-login.php", status: 404 },
    });
  return sent.sort((one, other) => one.at - other.at).map(({ at, event }) => accepted(event, at));
}

describe("the whole rule pack", () => {
  it.each([1, 2, 3, 4, 5])("makes no detection of a clinic's normal day (seed %i)", async (seed) => {
    const events = normalDay(seed);
    expect(events.length).toBeGreaterThan(4_000);
    const detector = createDetector({ ruleSet });
    const found: string[] = [];
    for (let from = 0; from < events.length; from += 500)
      for (const { ruleId, explanation } of (await detector.evaluate(events.slice(from, from + 500))).detections)
        found.push(`${ruleId}: ${explanation}`);
    expect(found).toEqual([]);
  });

  it("makes one detection per rule and subject of a storm of 10,000 failed log-ins, one of them CRITICAL", async () => {
    const detector = createDetector({ ruleSet });
    const storm = Array.from({ length: 10_000 }, (_, n) => failLogin("ann", { at: n / 20 }));
    const ids = new Map<string, string>();
    for (let from = 0; from < storm.length; from += 250)
      for (const { id, ruleId, severity } of (await detector.evaluate(storm.slice(from, from + 250))).detections)
        ids.set(id, `${severity} ${ruleId}`);
    expect([...ids.values()].sort()).toEqual([
      "CRITICAL brute_force_burst",
      "HIGH brute_force_account",
      "MEDIUM brute_force_address",
    ]);
  });

  it("makes one HIGH and, as it is a program, one CRITICAL detection of an address that sprays", async () => {
    const detector = createDetector({ ruleSet });
    const { detections } = await detector.evaluate(
      Array.from({ length: 2_000 }, (_, n) => failLogin(`user${n}`, { at: n })),
    );
    const grave = detections.filter(({ severity }) => severity === "HIGH" || severity === "CRITICAL");
    expect(grave.map(({ ruleId }) => ruleId).sort()).toEqual(["brute_force_burst", "password_spraying"]);
    expect(detections.length).toBeLessThanOrEqual(3);
  });

  it("makes one detection per rule of a scanner's 10,000 requests, one of them HIGH", async () => {
    const detector = createDetector({ ruleSet });
    const event = {
      action: "http.request",
      category: "web",
      source: { ip: "203.0.113.7" },
      http: { method: "GET", path: "/q", query: "a=%27%20or%201=1--{n}", status: 200 },
    };
    const { detections } = await detector.evaluate(eventsOf([{ times: 10_000, every: 0.1, ...event }]));
    expect(detections.map(({ severity, ruleId }) => `${severity} ${ruleId}`).sort()).toEqual([
      "HIGH web_attack_campaign",
      "MEDIUM sql_injection",
    ]);
  });

  it("tells people what happened in plain words", async () => {
    const { detections } = await createDetector({ ruleSet }).evaluate(
      Array.from({ length: 11 }, (_, n) => failLogin("ann", { at: 25 * n })),
    );
    expect(detections.map(({ ruleName, explanation }) => `${ruleName}: ${explanation}`)).toEqual([
      'Brute force on one account: 11 × "Failed log-in" for user ann in 4 m 10 s; the rule fires at 10 in 5 m',
    ]);
  });
});
