import { describe, expect, it } from "vitest";
import { sessionMoved } from "../../../../src/detect/behaviour/detectors/session-moved.ts";
import { confirm, known } from "../../../../src/detect/behaviour/facets/known.ts";
import { abroad, type Deed, day, hosting, otherHome, phone, read, script, strange, workingDays } from "../deeds.ts";
import { drive } from "../drive.ts";

const use = (at: number, deed: Deed = {}) => read({ at, sessionId: "s-1", ...deed });
const thief: Deed = { network: abroad, agent: strange };

describe("a session that moved", () => {
  it("is found with another device over another network, each time, and not for its owner meanwhile", () => {
    const clinic = drive([sessionMoved]);
    const found = clinic.feed([use(0), use(600, thief), use(660), use(700, thief)]);
    expect(found.map(({ event }) => event.enrichment?.agent?.os)).toEqual(["Linux", "Linux"]);
    expect(found[0]?.reason).toBe(
      "record.read with Firefox on Linux (desktop) over Lagoon Telecom (AS64506), in a session used with Chrome on Windows (desktop) over AS64501, 10 min apart",
    );
  });

  it("is found with a browser of the same name, by the id of the device", () => {
    const clinic = drive([sessionMoved]);
    clinic.feed(workingDays(15, { device: "laptop-1" }));
    const at = 21 * day;
    const same = { network: abroad, device: "laptop-2" };
    const found = clinic.feed([
      use(at, { device: "laptop-1" }),
      use(at + 60, same),
      use(at + 90, { device: "laptop-1" }),
      use(at + 120, same),
    ]);
    expect(found.map(({ event }) => event.device)).toEqual(["laptop-2", "laptop-2"]);
    expect(found[0]?.reason).toBe(
      "record.read with another Chrome on Windows (desktop) over Lagoon Telecom (AS64506), in a session used with Chrome on Windows (desktop) over AS64501, 60 s apart",
    );
  });

  it("is not found by ids that are other ones each time, or that one of the two does not tell", () => {
    const clinic = drive([sessionMoved]);
    for (const [n, deed] of workingDays(15).entries()) clinic.feed({ ...deed, device: `made-up-${n}` });
    const at = 21 * day;
    const moved = use(at + 60, { network: otherHome, device: "made-up-b" });
    expect(clinic.feed([use(at, { device: "made-up-a" }), moved])).toEqual([]);
    const untold = drive([sessionMoved]);
    untold.feed(workingDays(15, { device: "laptop-1" }));
    expect(untold.feed([use(at), use(at + 60, { network: otherHome, device: "laptop-2" })])).toEqual([]);
    expect(untold.feed(use(at + 120, { network: abroad }))).toEqual([]);
  });

  it("is not found where only the network or only the device changed, or in another session", () => {
    const clinic = drive([sessionMoved]);
    const quiet = [use(0), use(60, { network: otherHome }), use(120, { network: otherHome, agent: phone })];
    expect(clinic.feed([...quiet, use(180, { ...thief, sessionId: "s-2" })])).toEqual([]);
  });

  it("is not found for failures, after a day, or without knowing the network", () => {
    const clinic = drive([sessionMoved]);
    const events = [use(0), use(60, { ...thief, outcome: "FAILURE" }), use(2 * day, thief)];
    expect(clinic.feed([...events, use(60, { ...thief, network: { kind: "UNKNOWN" } })])).toEqual([]);
  });

  it("is not found for a back end that calls for the sessions of several users", () => {
    const clinic = drive([sessionMoved]);
    for (const by of ["bob", "cid", "dan"])
      for (const n of [0, 4, 8]) clinic.feed(read({ by, at: n * day, agent: script, network: hosting }));
    const called = [use(9 * day), use(9 * day + 60, { agent: script, network: hosting })];
    expect(clinic.feed(called)).toEqual([]);
  });

  it("is quiet about a network that a person confirmed", () => {
    const clinic = drive([sessionMoved]);
    clinic.change(known, use(0), (state) => confirm(state, use(0, thief)));
    expect(clinic.feed([use(0), use(60, thief)])).toEqual([]);
  });
});
