import { describe, expect, it } from "vitest";
import { localEngine, type SentEvent } from "../engine.ts";
import { type Scenario, translate, yamlOf } from "./bucket.ts";
import { parseExpression } from "./expression.ts";
import { filterTerm } from "./filter.ts";
import { Unsupported } from "./tokens.ts";

const start = Date.UTC(2026, 3, 1);

/** What a sender's event says in CrowdSec's names, at a second. */
function event(second: number, ip: string, names: Record<string, string | number>): SentEvent {
  return { action: "case", time: start + second * 1_000, source: { ip }, attributes: names };
}

async function sourcesOf(scenario: Omit<Scenario, "name">, events: SentEvent[]): Promise<string[]> {
  const { documents } = translate({ name: "clinic/case", groupby: "evt.Meta.source_ip", ...scenario }, "case");
  const [result] = await localEngine.run([{ yaml: yamlOf(documents), batches: [events] }]);
  if (!result || "refused" in result) throw new Error(result?.refused);
  return [...new Set(result.opened.flat().flatMap(({ subjects }) => subjects.map(({ key }) => key)))].sort();
}

const failed = { "evt.Meta.log_type": "clinic_failed" };
const bucket = { type: "leaky", filter: "evt.Meta.log_type == 'clinic_failed'", capacity: 3, leakspeed: "10s" };

/** The bucket itself, event by event: full when more than its capacity is in it. */
function overflows(seconds: readonly number[], capacity: number, leak: number): boolean {
  let level = 0;
  let last = Number.NEGATIVE_INFINITY;
  for (const second of seconds) {
    level = Math.max(0, level - (second - last) / leak) + 1;
    last = second;
    if (level > capacity + 1e-9) return true;
  }
  return false;
}

describe("a leaky bucket as Sigma", () => {
  it.each([
    ["a burst of one more than it holds", [0, 0, 0, 0]],
    ["a burst of as many as it holds", [0, 0, 0]],
    ["one more, the last as the first has leaked", [0, 0, 0, 10]],
    ["one more, the last a second before that", [0, 0, 0, 9]],
    ["a slow storm that fills it over several leaks", [0, 5, 10, 15, 20, 25, 30]],
    ["a storm as fast as the leak", [0, 10, 20, 30, 40, 50, 60, 70, 80]],
    ["two bursts, the second of which it could not hold", [0, 0, 12, 12, 12, 12]],
  ])("overflows when the bucket does: %s", async (_name, seconds) => {
    const found = await sourcesOf(
      bucket,
      seconds.map((second) => event(second, "192.0.2.1", failed)),
    );
    expect(found.length > 0).toBe(overflows(seconds, bucket.capacity, 10));
  });

  it("agrees with the bucket for any arrivals", async () => {
    let seed = 7;
    const random = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
    const rounds = Array.from({ length: 60 }, (_, n) => {
      let second = 0;
      return {
        ip: `192.0.2.${n + 1}`,
        seconds: Array.from({ length: 12 }, () => (second += Math.floor(random() * 14))),
      };
    });
    // Each from an address of its own, all at once: most of a run is making its rules.
    const arrivals = rounds.flatMap(({ ip, seconds }) => seconds.map((at) => ({ ip, at })));
    arrivals.sort((one, other) => one.at - other.at);
    const found = await sourcesOf(
      bucket,
      arrivals.map(({ ip, at }) => event(at, ip, failed)),
    );
    for (const { ip, seconds } of rounds)
      expect(found.includes(ip), seconds.join(" ")).toBe(overflows(seconds, bucket.capacity, 10));
  });

  it("tells sources apart, and counts distinct values where it is asked to", async () => {
    const users = ["ann", "bob", "cem", "dan"];
    const guesses = users.map((user, n) => event(n, "192.0.2.1", { ...failed, "evt.Meta.target_user": user }));
    const repeats = users.map((_, n) => event(n, "192.0.2.2", { ...failed, "evt.Meta.target_user": "ann" }));
    expect(await sourcesOf(bucket, [...guesses, ...repeats])).toEqual(["192.0.2.1", "192.0.2.2"]);
    const distinct = { ...bucket, distinct: "evt.Meta.target_user" };
    expect(await sourcesOf(distinct, [...guesses, ...repeats])).toEqual(["192.0.2.1"]);
  });

  it("groups by what is absent as CrowdSec does", async () => {
    const grouped = { ...bucket, groupby: "evt.Meta.source_ip + '/' + evt.Parsed.target_fqdn" };
    const hosts = ["a.example", "b.example", "a.example", "b.example"];
    const mixed = hosts.map((host) => event(0, "192.0.2.1", { ...failed, "evt.Parsed.target_fqdn": host }));
    const without = hosts.map(() => event(0, "192.0.2.2", failed));
    expect(await sourcesOf(grouped, [...mixed, ...without])).toEqual(["192.0.2.2"]);
  });

  it("waits for all that a condition on the bucket names", async () => {
    const conditional = {
      type: "conditional",
      filter: "evt.Meta.log_type == 'exec'",
      capacity: -1,
      leakspeed: "5s",
      condition: `any(queue.Queue, {.Meta.exe == "/bin/fetch"}) and any(queue.Queue, { .Meta.exe in ["/bin/a", "/bin/b"] })`,
    };
    const exec = (second: number, ip: string, exe: string) =>
      event(second, ip, { "evt.Meta.log_type": "exec", "evt.Meta.exe": exe });
    const events = [exec(0, "192.0.2.1", "/bin/fetch"), exec(1, "192.0.2.1", "/bin/b"), exec(2, "192.0.2.2", "/bin/a")];
    expect(await sourcesOf(conditional, events)).toEqual(["192.0.2.1"]);
  });
});

describe("a filter as Sigma", () => {
  const trigger = (filter: string) => ({ type: "trigger", filter });
  const at = (names: Record<string, string | number>) => [event(0, "192.0.2.1", names)];

  it.each([
    ["evt.Meta.path contains '/Admin'", { "evt.Meta.path": "/x/Admin" }, true],
    ["evt.Meta.path contains '/Admin'", { "evt.Meta.path": "/x/admin" }, false],
    ["Lower(evt.Meta.path) contains '/admin'", { "evt.Meta.path": "/x/ADMIN" }, true],
    ["Lower(evt.Meta.path) contains '/Admin'", { "evt.Meta.path": "/x/Admin" }, false],
    ["Upper(evt.Meta.path) endsWith Upper('.php')", { "evt.Meta.path": "/x.PhP" }, true],
    ["evt.Meta.path == '/a*?'", { "evt.Meta.path": "/a*?" }, true],
    ["evt.Meta.path == '/a*?'", { "evt.Meta.path": "/abc" }, false],
    ["evt.Meta.status in ['403', '404'] && evt.Meta.verb != 'GET'", { "evt.Meta.status": "404" }, true],
    ["evt.Meta.status not in ['403', '404']", { "evt.Meta.status": "404" }, false],
    ["not (evt.Meta.a == 'x' or evt.Meta.b == 'y')", { "evt.Meta.b": "y" }, false],
    ["evt.Meta.user == ''", {}, true],
    ["evt.Meta.user != ''", {}, false],
    ["evt.Parsed.score matches '^[0-9]+$' and float(evt.Parsed.score) > 5.0", { "evt.Parsed.score": "7" }, true],
    ["let p = Lower(evt.Meta.path); p startsWith '/a' or p startsWith '/b'", { "evt.Meta.path": "/Bc" }, true],
    ["any(['x', 'y'], { evt.Meta.path contains # })", { "evt.Meta.path": "/y" }, true],
    ["hasSuffix(evt.Meta.path, 'robots.txt')", { "evt.Meta.path": "/robots.txt" }, true],
    ["Upper(evt.Meta.path) == evt.Meta.path", { "evt.Meta.path": "/ABC" }, true],
    ["Upper(evt.Meta.path) == evt.Meta.path", { "evt.Meta.path": "/ABc" }, false],
  ])("%s of %j is %s", async (filter, names, expected) => {
    expect(await sourcesOf(trigger(filter), at(names))).toEqual(expected ? ["192.0.2.1"] : []);
  });

  it.each([
    "any(File('list.txt'), { evt.Meta.path contains # })",
    "evt.Unmarshaled.audit.Verb == 'create'",
    "evt.Meta.path contains evt.Meta.user",
    "Distance(1, 2, 3, 4) > 1000",
    "evt.Meta.a == 'x' ? true : false",
    "Lower(evt.Meta.path) matches '[A-Z]+'",
    "evt.Meta.a == 'x",
    "evt.Meta.a",
  ])("says that it does not know: %s", (filter) => {
    expect(() => filterTerm(parseExpression(filter))).toThrow(Unsupported);
  });
});
