import { describe, expect, it } from "vitest";
import type { DetectionDraft } from "../../../src/detect/detection.ts";
import type { SecurityEvent } from "../../../src/ingest/event.ts";
import fc from "../../support/property.ts";
import { correlation, detectorFor, failedLogin, failLogin, idAt, second, selectionRule, start } from "../rules.ts";

const exported = selectionRule("s: { event.action: export }\ncondition: s", {}, "Export").replace(
  "title:",
  "name: export\ntitle:",
);
const named = (name: string, lines: string, rules = "failed_login") =>
  `name: ${name}\n${correlation(lines).replace("[failed_login]", `[${rules}]`)}`.replace("Many", name);

/** Every type, and two that count another. */
const rules = [
  failedLogin,
  exported,
  named("burst", "type: event_count\ngroup-by: [user.name]\ntimespan: 30s\ncondition: { gte: 3 }"),
  named("spray", "type: value_count\ngroup-by: [source.ip]\ntimespan: 40s\ncondition: { field: user.name, gte: 3 }"),
  named("both", "type: temporal\ngroup-by: [user.name]\ntimespan: 20s", "failed_login, export"),
  named("order", "type: temporal_ordered\ngroup-by: [user.name]\ntimespan: 20s", "export, failed_login"),
  named("volume", "type: value_sum\ngroup-by: [source.ip]\ntimespan: 20s\ncondition: { field: bytes, gt: 40 }"),
  named("then", "type: temporal_ordered\ngroup-by: [user.name]\ntimespan: 40s", "burst, export"),
];

/** What happened, each with when it arrives in one world and in another, both within the lateness. */
const happened = fc.array(
  fc.record({
    user: fc.constantFrom("ann", "bob", "cyn"),
    from: fc.constantFrom("192.0.2.1", "192.0.2.2"),
    at: fc.integer({ min: 0, max: 400 }),
    bytes: fc.integer({ min: 0, max: 30 }),
    action: fc.constantFrom("login", "login", "export"),
    late: fc.tuple(fc.integer({ min: 0, max: 800 }), fc.integer({ min: 0, max: 800 })),
  }),
  { maxLength: 60 },
);

function arriving(
  wishes: typeof happened extends fc.Arbitrary<infer T> ? T : never,
  lateOf: (late: number[]) => number,
) {
  return wishes
    .map(({ user, late, bytes, ...wish }) =>
      failLogin(user, { ...wish, attributes: { bytes }, arrives: wish.at + lateOf(late) }),
    )
    .sort((one, other) => one.receivedAt - other.receivedAt)
    .map((event) => ({ ...event, id: idAt(event.receivedAt) }));
}

function cut(events: SecurityEvent[], sizes: number[]): SecurityEvent[][] {
  const batches: SecurityEvent[][] = [];
  for (let from = 0, n = 0; from < events.length; n++) {
    const size = sizes[n % sizes.length] ?? 1;
    batches.push(events.slice(from, from + size));
    from += size;
  }
  return batches;
}

async function lastTold(yamls: string[], batches: SecurityEvent[][]): Promise<DetectionDraft[]> {
  const detector = detectorFor(...yamls);
  const last = new Map<string, DetectionDraft>();
  for (const batch of batches)
    for (const draft of (await detector.evaluate(batch)).detections) last.set(draft.id, { ...draft, opened: true });
  return [...last.values()].sort((one, other) => (one.id < other.id ? -1 : 1));
}

/** Without those that another took in. */
function standing(drafts: DetectionDraft[]) {
  return drafts
    .filter(
      (one) =>
        !drafts.some(
          (other) =>
            other.id !== one.id &&
            other.fingerprint === one.fingerprint &&
            other.firstEventAt <= one.firstEventAt &&
            other.lastEventAt >= one.lastEventAt,
        ),
    )
    .map(({ ruleName, subjects, firstEventAt, lastEventAt, eventCount }) =>
      [ruleName, subjects[0]?.key, (firstEventAt - start) / second, (lastEventAt - start) / second, eventCount].join(
        " ",
      ),
    )
    .sort();
}

const sizes = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 5 });

describe("every type of correlation", () => {
  it("comes to the same detections, ids included, however the events are cut into batches", async () => {
    await fc.assert(
      fc.asyncProperty(happened, sizes, async (wishes, by) => {
        const events = arriving(wishes, ([late = 0]) => late);
        expect(await lastTold(rules, cut(events, by))).toEqual(await lastTold(rules, [events]));
      }),
      { numRuns: 150 },
    );
  });

  it("D11, F24 comes to the same first and last event and count of every episode, in whichever order events arrive", async () => {
    await fc.assert(
      fc.asyncProperty(happened, async (wishes) => {
        const inTime = standing(await lastTold(rules, [arriving(wishes, () => 0)]));
        expect(standing(await lastTold(rules, [arriving(wishes, ([late = 0]) => late)]))).toEqual(inTime);
        expect(standing(await lastTold(rules, [arriving(wishes, ([, late = 0]) => late)]))).toEqual(inTime);
      }),
      { numRuns: 150 },
    );
  });

  it("is taken back whole by an undo, through all depths", async () => {
    await fc.assert(
      fc.asyncProperty(happened, happened, happened, async (one, two, three) => {
        const [before, lost, after] = [one, two, three].map((wishes) => arriving(wishes, ([late = 0]) => late));
        if (!before || !lost || !after) return;
        const [never, undone] = [detectorFor(...rules), detectorFor(...rules)];
        await never.evaluate(before);
        await undone.evaluate(before);
        const first = await undone.evaluate(lost);
        first.undo();
        first.undo();
        const again = await undone.evaluate(lost);
        expect(again.detections).toEqual(first.detections);
        again.undo();
        expect((await undone.evaluate(after)).detections).toEqual((await never.evaluate(after)).detections);
      }),
      { numRuns: 100 },
    );
  });
});
