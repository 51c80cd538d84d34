import { describe, expect, it } from "vitest";
import { confirm, forget, known, knowsDevice, knowsHour } from "../../../../src/detect/behaviour/facets/known.ts";
import type { SecurityEvent } from "../../../../src/ingest/event.ts";
import { abroad, day, homeNetwork, hour, lagos, logIn, toronto } from "../deeds.ts";

/** An incident of many events, some minutes apart. */
const many = (wish: Parameters<typeof logIn>[0] & { at: number }): SecurityEvent[] =>
  Array.from({ length: 40 }, (_, n) => logIn({ ...wish, at: wish.at + n * 60 }));

describe("what a person has confirmed", () => {
  const journey = logIn({ place: toronto, at: 3 * hour });
  const busy = many({ place: lagos, network: abroad, at: 9 * day + 12 * hour });

  it("is not forgotten for an incident of many events, which says one thing many times", () => {
    const state = known.empty();
    confirm(state, journey);
    for (const event of busy) confirm(state, event);
    expect(new Set(state.countries)).toEqual(new Set(["CA", "NG"]));
    expect(new Set(state.networks)).toEqual(new Set([`AS${homeNetwork.asn}`, `AS${abroad.asn}`]));
    expect(new Set(state.places.map(({ lat }) => lat))).toEqual(new Set([43.7, 6.5]));
    for (const event of [journey, busy[0], busy[39]])
      expect(knowsHour(state, event?.time as number, "America/Chicago")).toBe(true);
    for (const list of Object.values(state)) expect(list.length).toBeLessThanOrEqual(16);
    for (const event of busy) forget(state, event);
    expect(state).toMatchObject({ countries: ["CA"], networks: [`AS${homeNetwork.asn}`], hours: [journey.time] });
  });

  it("is cut between characters: PostgreSQL takes no half of one", () => {
    const event = {
      ...logIn({}),
      device: `${"d".repeat(63)}\u{1f600}`,
      source: { country: "u\u{1f600}" },
      enrichment: {
        network: { name: `${"n".repeat(39)}\u{1f600}` },
        agent: { browser: `${"b".repeat(23)}\u{1f600}`, os: `${"o".repeat(23)}\u{1f600}`, device: "OTHER" },
      },
    } as SecurityEvent;
    const state = known.empty();
    confirm(state, event);
    expect(state).toMatchObject({
      countries: ["U"],
      networks: ["n".repeat(39)],
      devices: ["d".repeat(63), `${"b".repeat(23)} on ${"o".repeat(23)} (other)`],
    });
    expect(knowsDevice(state, event)).toBe(true);
    forget(state, event);
    expect(state).toEqual(known.empty());
  });

  it("is bounded: of many different ones the oldest goes", () => {
    const state = known.empty();
    for (let asn = 1; asn <= 20; asn++) confirm(state, logIn({ network: { ...abroad, asn } }));
    expect(state.networks).toEqual(Array.from({ length: 16 }, (_, n) => `AS${n + 5}`));
  });
});
