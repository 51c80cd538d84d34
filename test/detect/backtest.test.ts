import { v5 as uuidv5 } from "uuid";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type BacktestRequest, runBacktest } from "../../src/detect/backtest.ts";
import { compileRules } from "../../src/detect/compile.ts";
import { createDetector } from "../../src/detect/detector.ts";
import type { SecurityEvent } from "../../src/ingest/event.ts";
import { readEventsSince } from "../../src/ingest/read.ts";
import { clearOf } from "../../src/ingest/sealing.ts";
import fc from "../support/property.ts";
import { type TestServer, testServer } from "../support/server.ts";

let server: TestServer;
const since = Date.now() - 60_000;
const sent = (n: number) => {
  const pick = <T>(...of: T[]): T => of[(n * 7 + (n >> 3)) % of.length] as T;
  return {
    action: pick("login", "Login", "record.read", "7", "ÄNDERN"),
    category: pick("authentication", "access", "web"),
    outcome: pick("success", "failure", "unknown"),
    ...(n % 3 === 0 ? { logsource: { product: pick("linux", "LINUX", "\u212Aube"), category: "webserver" } } : {}),
    ...(n % 4 !== 0 ? { actor: { name: pick("ann", "bob", "007"), roles: ["nurse"] } } : { actor: { email: "ann" } }),
    ...(n % 2 === 0 ? { source: { ip: pick("203.0.113.7", "198.51.100.1"), country: "AT" } } : {}),
    ...(n % 5 === 0 ? { http: { method: pick("GET", "get"), path: "/a", query: "q=1", status: 404, ...more(n) } } : {}),
    ...(n % 6 === 0 ? { target: { type: "record", name: "Jane Roe", patientId: `p-${n % 3}` } } : {}),
    ...(n % 11 === 0
      ? { attributes: { "http.request.body.content": "x=%3Cscript", "user.full": { name: "ann" } } }
      : {}),
    ...(n % 7 === 0 ? { attributes: { "event.action": "login", user: { name: "root" }, note: "allergic" } } : {}),
    message: pick("one failure", "two"),
  };
};
/** What groups have beside the fields that Vigil knows. */
const more = (n: number) => {
  const headers = { Cookie: "c=%3Cscript", "X-File-Name": "a.PHP", "X-App": "7" };
  if (n % 3 === 0) return { request: { method: "PUT", headers } };
  return n % 2 === 0 ? { headers, body: "cmd=c'a't+x" } : {};
};
beforeAll(async () => {
  server = await testServer({});
  const events = Array.from({ length: 300 }, (_, n) => sent(n));
  await server.app.ingest(server.ours, events);
});
afterAll(() => server.close());

const clauses = [
  "event.action: login",
  "action: [login, '7', ändern]",
  "event.action: 7",
  "event.outcome: failure",
  "user.name: [ann, root]",
  "actor.name: 7",
  "source.ip: 203.0.113.7",
  "source.ip|exists: false",
  "cs-method: GET",
  "http.request.method: get",
  "c-uri|contains: q=1",
  "target.name: Jane Roe",
  "patient.id|exists: true",
  "note: allergic",
  "user.roles: nurse",
  "message|contains: failure",
  "user.name|fieldref: user.email",
  "http.input|contains: <script",
  "http.command|contains: cat x",
  "http.uploads: a.php",
  "http.input.headers: 7",
  "http.headers.x-app: 7",
  "http.request.headers.x-app: 7",
  "http.request.method: put",
  "user.full.name: ann",
  "attributes.note: allergic",
  "attributes.http.headers.x-app: 7",
];
const logsources = [
  "{}",
  "{ product: linux }",
  "{ product: kube }",
  "{ category: webserver }",
  "{ category: authentication }",
];

const rules = (yamls: string[]) =>
  yamls.map((yaml, n) => ({ id: uuidv5(String(n), server.ours), revision: 1, mode: "ACTIVE" as const, yaml }));

const pseudonym = (value: string) => `p${value.length}`;

function backtest(yamls: string[], more: Partial<BacktestRequest> = {}, pageSize = 10_000) {
  const { db } = server.app;
  return runBacktest({
    variants: [rules(yamls)],
    placeholders: new Map(),
    timeZone: "UTC",
    from: since,
    to: Date.now() + 1_000,
    source: {
      organizationId: server.ours,
      pageSize,
      query: (text, values) => db.query(server.ours, text, values),
      open: (sealed) => server.app.openSealed(server.ours, "event", sealed),
    },
    pseudonym,
    clock: () => performance.now(),
    budgetMs: 30_000,
    ...more,
  });
}

describe("a backtest", () => {
  it("finds with narrow rows what the engine finds in whole events, whatever the rule", async () => {
    const whole: SecurityEvent[] = [];
    for await (const page of readEventsSince(server.app.db, server.app.vault, server.ours, since, () => undefined))
      whole.push(...page);
    expect(whole).toHaveLength(300);
    const selection = fc.uniqueArray(fc.constantFrom(...clauses), {
      minLength: 1,
      maxLength: 2,
      selector: (one) => one.split(":")[0],
    });
    const keywords = fc.constantFrom("[failure]", "[allergic, GET]");
    const body = fc.oneof(
      { weight: 5, arbitrary: selection.map((lines) => `{ ${lines.join(", ")} }`) },
      { weight: 1, arbitrary: keywords },
    );
    const condition = fc.constantFrom("s", "s or t", "s and not t", "not s");
    let found = 0;
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...logsources), body, body, condition, async (logsource, s, t, written) => {
        const rule = `title: t\nname: r\nlogsource: ${logsource}\ndetection:\n  s: ${s}\n  t: ${t}\n  condition: ${written}\n`;
        const many = `title: many\ncorrelation:\n  type: event_count\n  rules: [r]\n  group-by: [user.name]\n  timespan: 5m\n  condition: { gte: 2 }\n  generate: true\n`;
        const { ruleSet, errors } = compileRules(rules([rule, many]), { disguise: { clearOf, pseudonym } });
        expect(errors).toEqual([]);
        const told = (drafts: { id: string; eventCount: number }[]) =>
          drafts.map(({ id, eventCount }) => `${id} ${eventCount}`).sort();
        const engine = (await createDetector({ ruleSet }).evaluate(whole)).detections;
        const { detections, read } = await backtest([rule, many]);
        found += engine.length;
        expect(read).toBe(300);
        expect(told(detections[0] ?? [])).toEqual(told(engine));
      }),
      {
        numRuns: 60 + clauses.length,
        examples: clauses.map((one) => ["{}", `{ ${one} }`, `{ ${one} }`, "s"]),
      },
    );
    expect(found).toBeGreaterThan(100);
  });

  it("ends when its time is over, says how far it came, and goes on from there with its windows as they were", async () => {
    const yaml = `title: t\nname: r\nlogsource: {}\ndetection:\n  s: { event.outcome: failure }\n  condition: s\n`;
    const whole = await backtest([yaml]);
    let now = 0;
    const cut = await backtest([yaml], { clock: () => (now += 20_000) }, 100);
    expect(cut).toMatchObject({ cut: "TIME", read: 200 });
    const rest = await backtest([yaml], { after: cut.reached }, 100);
    expect(rest).toMatchObject({ cut: undefined, read: 100 });
    const events = ({ detections }: typeof whole) =>
      new Map((detections[0] ?? []).map(({ fingerprint, eventCount }) => [fingerprint, eventCount]));
    for (const [fingerprint, count] of events(rest)) expect(events(whole).get(fingerprint)).toBe(count);
  });
});
