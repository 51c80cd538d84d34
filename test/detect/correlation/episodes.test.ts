import { describe, expect, it } from "vitest";
import type { DetectionDraft } from "../../../src/detect/detection.ts";
import { detectorFor, event, failedLogin, failLogin, selectionRule, start, threeFailures } from "../rules.ts";

const day = 86_400;
const ids = (drafts: DetectionDraft[]) => [...new Set(drafts.map(({ id }) => id))];

async function each(rules: string[], events: Parameters<ReturnType<typeof detectorFor>["evaluate"]>[0]) {
  const detector = detectorFor(...rules);
  const drafts: DetectionDraft[] = [];
  for (const one of events) drafts.push(...(await detector.evaluate([one])).detections);
  return drafts;
}

describe("an episode of a correlation", () => {
  const rules = [failedLogin, threeFailures];

  it("opens with the events of the window that fired, and grows by every further one", async () => {
    const events = [0, 10, 20, 30].map((at) => failLogin("ann", { at }));
    const [opened, grown] = await each(rules, events);
    expect(opened).toMatchObject({ opened: true, eventCount: 3, eventIds: events.slice(0, 3).map(({ id }) => id) });
    expect(grown).toMatchObject({ id: opened?.id, opened: false, eventCount: 4, eventIds: events.map(({ id }) => id) });
    expect(grown?.firstEventAt).toBe(events[0]?.time);
    expect(grown?.lastEventAt).toBe(events[3]?.time);
  });

  it("is one draft per batch, as it stands at the end of the batch", async () => {
    const { detections } = await detectorFor(...rules).evaluate([0, 1, 2, 3, 4].map((at) => failLogin("ann", { at })));
    expect(detections).toMatchObject([{ opened: true, eventCount: 5 }]);
  });

  it("holds every window that fires no further than the timespan from another, and no event that is in none", async () => {
    const at = (...times: number[]) => times.map((time) => failLogin("ann", { at: time }));
    const near = await each(rules, at(0, 1, 2, 61, 62, 121, 121.5));
    expect(near.map(({ opened }) => opened)).toEqual([true, false]);
    expect(near.at(-1)).toMatchObject({ eventCount: 6, firstEventAt: start, lastEventAt: start + 121_500 });
    const far = await each(rules, at(0, 1, 2, 63, 64, 65, 66));
    expect(far.map(({ opened }) => opened)).toEqual([true, true, false]);
    expect(far.at(-1)).toMatchObject({ eventCount: 4 });
    expect(new Set(far.map(({ fingerprint }) => fingerprint)).size).toBe(1);
  });

  it("is one draft where it was given up for eight others within the batch, and opened again by a late event", async () => {
    const bursts = Array.from({ length: 9 }, (_, burst) => [0, 1, 2].map((n) => burst * 600 + n)).flat();
    const events = [...bursts, 3].map((at, arrives) => failLogin("ann", { at, arrives }));
    const { detections } = await detectorFor(...rules).evaluate(events);
    expect(detections).toHaveLength(9);
    expect(new Set(ids(detections)).size).toBe(9);
    expect(detections[0]).toMatchObject({ opened: true, eventCount: 4 });
  });

  it("goes on undisturbed by old events that are imported meanwhile, and old storms have one of their own", async () => {
    const events = Array.from({ length: 40 }, (_, n) =>
      failLogin("ann", n % 2 ? { at: n - 400 * day, arrives: n } : { at: n }),
    );
    const lone = failLogin("ann", { at: -800 * day, arrives: 41 });
    const drafts = await each(rules, [...events, lone, failLogin("ann", { at: 42 })]);
    expect(ids(drafts)).toHaveLength(2);
    expect(drafts.at(-1)).toMatchObject({ opened: false, eventCount: 21 });
  });

  it("keeps the first nineteen event ids and the newest", async () => {
    const events = Array.from({ length: 30 }, (_, at) => failLogin("ann", { at }));
    const last = (await each(rules, events)).at(-1);
    expect(last?.eventIds).toEqual([...events.slice(0, 19), ...events.slice(29)].map(({ id }) => id));
  });
});

describe("an episode of a plain rule", () => {
  const rule = selectionRule("s: { event.action: export }\ncondition: s");
  const exported = (at: number, wish = {}) =>
    event({ at, action: "export", source: { ip: "192.0.2.1" }, actor: { name: "ann" }, ...wish });

  it("goes on while matches lie at most five minutes apart in event time", async () => {
    const drafts = await each(
      [rule],
      [0, 300, 600.001, 900].map((at) => exported(at)),
    );
    expect(drafts.map(({ opened, eventCount }) => [opened, eventCount])).toEqual([
      [true, 1],
      [false, 2],
      [true, 1],
      [false, 2],
    ]);
  });

  it("is gathered by address, and names every subject", async () => {
    const drafts = await each(
      [rule],
      [exported(0), exported(1, { actor: { name: "bob" } }), exported(2, { source: { ip: "192.0.2.2" } })],
    );
    expect(ids(drafts)).toHaveLength(2);
    expect(drafts[1]?.subjects).toEqual([
      { kind: "ADDRESS", key: "192.0.2.1" },
      { kind: "USER", key: "ann" },
      { kind: "USER", key: "bob" },
    ]);
  });

  it("is gathered by user, host or logsource where there is no address", async () => {
    const subjects = async (wish: object) => (await each([rule], [event({ action: "export", ...wish })]))[0]?.subjects;
    expect(await subjects({ actor: { id: "7" } })).toEqual([{ kind: "USER", key: "7" }]);
    expect(await subjects({ attributes: { host: { name: "web-1" } } })).toEqual([{ kind: "HOST", key: "web-1" }]);
    expect(await subjects({ logsource: { product: "app", service: "api" } })).toEqual([
      { kind: "OTHER", key: "logsource=app/api" },
    ]);
  });
});

describe("identity", () => {
  it("is the same for the same rule, group and first event, however often it is computed", async () => {
    const events = [0, 1, 2].map((at) => failLogin("ann", { at }));
    const [one] = await each([failedLogin, threeFailures], events);
    const [other] = await each([failedLogin, threeFailures], events);
    expect(one).toEqual(other);
    expect(one?.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5/);
    expect(one?.fingerprint).toMatch(/^[0-9a-f]{32}$/);
  });
});
