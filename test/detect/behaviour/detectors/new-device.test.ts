import { describe, expect, it } from "vitest";
import { newDevice } from "../../../../src/detect/behaviour/detectors/new-device.ts";
import { devices } from "../../../../src/detect/behaviour/facets/devices.ts";
import { confirm, known } from "../../../../src/detect/behaviour/facets/known.ts";
import type { Network, Place } from "../../../../src/ingest/enrichment.ts";
import {
  abroad,
  carrier,
  dallas,
  day,
  denver,
  lagos,
  laptop,
  logIn,
  otherHome,
  phone,
  read,
  strange,
  workingDays,
} from "../deeds.ts";
import { drive } from "../drive.ts";

const after = 21 * day;
const settled = (...users: string[]) => {
  const clinic = drive([newDevice]);
  for (const by of ["ann", ...users]) expect(clinic.feed(workingDays(15, { by }))).toEqual([]);
  return clinic;
};
const stranger = { agent: strange, network: abroad, place: lagos };

describe("a new device for a user", () => {
  it("is found whatever the application calls its log-ins, and not at their end", () => {
    const found = (action: string) => settled().feed(logIn({ action, at: after, ...stranger })).length;
    expect(["backend.login", "vendor_login", "attendant.sign_in", "sessionStart"].map(found)).toEqual([1, 1, 1, 1]);
    expect(["logged-in", "UserLoggedIn", "user.signed_in"].map(found)).toEqual([1, 1, 1]);
    expect(["session.end", "sessionEnd", "sso.policy", "login.closed"].map(found)).toEqual([0, 0, 0, 0]);
    expect(["logged-out", "user.signed_out", "role.assigned_in_turn"].map(found)).toEqual([0, 0, 0]);
  });

  it("is found where network or place are new too, and told with what the user has otherwise", () => {
    const [found] = settled().feed(logIn({ at: after, ...stranger }));
    expect(found?.reason).toBe(
      "log-in with a device that the user never used: Firefox on Linux (desktop), over Lagoon Telecom (AS64506), which is new too, from Lagos, NG, where the user never was; the user is known with Chrome on Windows (desktop)",
    );
    const [other] = settled().feed(logIn({ at: after, agent: strange, place: denver }));
    expect(other?.reason).toContain("from Denver, US, where the user never was");
  });

  it("is weak by itself, and not where device, network and place are all new for a well known user or the user is at work elsewhere", () => {
    const [cafe] = settled().feed(logIn({ at: after, agent: strange, network: otherHome }));
    expect(cafe?.weak).toBe(true);
    const away = (network: Network, place: Place, days: number) =>
      settled().feed(logIn({ at: days * day, agent: strange, network, place }))[0]?.weak;
    const ways = (days: number) => [
      away(otherHome, denver, days),
      away(otherHome, dallas, days),
      away(abroad, lagos, days),
    ];
    expect(ways(23)).toEqual([false, false, true]);
    expect(ways(20)).toEqual([true, true, true]); // of a user known for less than three weeks too little is known
    const meanwhile = (minutes: number) => {
      const clinic = settled();
      clinic.feed(read({ at: after, sessionId: "s1" }));
      return clinic.feed(logIn({ at: after + minutes * 60, agent: strange, network: otherHome, sessionId: "s2" }))[0];
    };
    expect(meanwhile(10)).toMatchObject({
      weak: false,
      reason: expect.stringContaining("while the user was at work with Chrome on Windows (desktop) over AS64501"),
    });
    expect(meanwhile(40)?.weak).toBe(true);
    const strict = settled();
    strict.tune({ alone: true });
    expect(strict.feed(logIn({ at: after, agent: strange, network: otherHome }))[0]?.weak).toBe(false);
  });

  it("is not found at the usual place, unless any device is asked for", () => {
    const clinic = settled();
    expect(clinic.feed(logIn({ at: after, agent: phone }))).toEqual([]);
    const strict = settled();
    strict.tune({ anyDevice: true });
    expect(strict.feed(logIn({ at: after, agent: phone }))).toHaveLength(1);
  });

  it("is not found for the same kind of browser elsewhere, for what is no log-in, or over a network that others use or a carrier", () => {
    const clinic = settled("bob", "cid", "dan");
    for (const by of ["bob", "cid", "dan"]) clinic.feed(workingDays(8, { by, network: otherHome }, after));
    const later = after + 12 * day;
    expect(
      clinic.feed([
        logIn({ at: later, place: dallas, network: abroad }),
        read({ at: later, ...stranger }),
        logIn({ at: later + day, ...stranger, outcome: "FAILURE" }),
        logIn({ at: later + day, agent: phone, network: otherHome }),
        logIn({ at: later + day, agent: phone, network: carrier, place: denver }),
      ]),
    ).toEqual([]);
  });

  it("goes by the device's id where there is one, and by the family where ids are new to the application", () => {
    const clinic = settled();
    const away = { network: abroad, place: lagos };
    expect(clinic.feed(logIn({ at: after, ...away, device: "first-id" }))).toEqual([]);
    clinic.feed(workingDays(5, { device: "d1" }, after));
    expect(clinic.feed(logIn({ at: after + 20 * day, ...away, device: "d1", agent: strange }))).toEqual([]);
    expect(clinic.feed(logIn({ at: after + 20 * day, ...away, device: "d9", agent: laptop }))).toHaveLength(1);
  });

  it("goes by ids that last, however many were made up in between", () => {
    const clinic = drive([newDevice]);
    clinic.feed(workingDays(15, { device: "d1" }));
    const away = { network: abroad, place: lagos };
    for (let n = 0; n < 15; n++) clinic.feed(logIn({ at: after + n * 60, ...away, device: `made-up-${n}` }));
    expect(clinic.feed(logIn({ at: after + day, ...away, device: "d9", agent: laptop }))).toHaveLength(1);
    expect(clinic.feed(logIn({ at: after + day, ...away, device: "d1", agent: strange }))).toEqual([]);
  });

  it("does not go by ids that an application makes anew each time", () => {
    const clinic = drive([newDevice]);
    for (let n = 0; n < 15; n++) clinic.feed(workingDays(1, { device: `once-${n}` }, n * day));
    expect(clinic.feed(logIn({ at: after, network: abroad, place: lagos, device: "once-more" }))).toEqual([]);
  });

  it("takes the devices of the first two weeks for the user's own", () => {
    const clinic = drive([newDevice]);
    expect(
      clinic.feed([...workingDays(6), logIn({ at: 8 * day, ...stranger }), ...workingDays(6, {}, 9 * day)]),
    ).toEqual([]);
    expect(clinic.feed(logIn({ at: after, ...stranger }))).toEqual([]);
  });

  it("is quiet about a device that a person confirmed", () => {
    const clinic = settled();
    const seen = logIn({ at: after, ...stranger });
    clinic.change(known, seen, (state) => confirm(state, seen));
    expect(clinic.feed(logIn({ at: after, ...stranger }))).toEqual([]);
  });

  it("tells which devices there are", () => {
    const clinic = settled();
    clinic.feed(workingDays(5, { device: "d1", agent: phone }, after));
    expect(clinic.tell(devices, logIn())).toBe("with 1 device: Chrome on Windows (desktop) and Safari on iOS (phone)");
  });
});
