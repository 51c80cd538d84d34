import { describe, expect, it } from "vitest";
import { newNetwork } from "../../../../src/detect/behaviour/detectors/new-network.ts";
import { confirm, known } from "../../../../src/detect/behaviour/facets/known.ts";
import { abroad, carrier, day, hosting, lagos, logIn, otherHome, read, relay, script, workingDays } from "../deeds.ts";
import { drive } from "../drive.ts";

const after = 21 * day;
const settled = (...users: string[]) => {
  const clinic = drive([newNetwork]);
  for (const by of ["ann", ...users]) expect(clinic.feed(workingDays(15, { by }))).toEqual([]);
  return clinic;
};

describe("a new network for a user", () => {
  it("is found where it is hosting, a relay, or in a country nobody uses, and says which", () => {
    const reasons = [{ network: hosting }, { network: relay }, { network: abroad, place: lagos }].map(
      (way) => settled().feed(logIn({ at: after, ...way }))[0]?.reason,
    );
    expect(reasons).toEqual([
      "log-in over Rack Farm (AS64504), which the user never used before; it is a hosting network, where programs and relays run, not people",
      "log-in over Hidden Tunnel (AS64505), which the user never used before; it is a VPN or relay, which hides where its user is",
      "log-in over Lagoon Telecom (AS64506), which the user never used before; it is in NG, from where nobody else works",
    ]);
  });

  it("is weak where only the country is odd, of which new_country tells", () => {
    const weak = [{ network: hosting }, { network: relay }, { network: abroad, place: lagos }].map(
      (way) => settled().feed(logIn({ at: after, ...way }))[0]?.weak,
    );
    expect(weak).toEqual([false, false, true]);
    const strict = settled();
    strict.tune({ alone: true });
    expect(strict.feed(logIn({ at: after, network: abroad, place: lagos }))[0]?.weak).toBe(false);
  });

  it("is not found for another home network or carrier at home, unless any network is asked for", () => {
    const clinic = settled();
    const events = [logIn({ at: after, network: otherHome }), logIn({ at: after + 60, network: carrier })];
    expect(clinic.feed(events)).toEqual([]);
    const strict = settled();
    strict.tune({ anyNetwork: true });
    expect(strict.feed(events)).toHaveLength(2);
  });

  it("lets the user's own device be taken to another country or come over a VPN, by its id", () => {
    const clinic = drive([newNetwork]);
    clinic.feed(workingDays(15, { device: "laptop-1" }));
    const away = { network: abroad, place: lagos };
    expect(clinic.feed(logIn({ at: after, ...away, device: "laptop-1" }))).toEqual([]);
    expect(clinic.feed(logIn({ at: after + 30, network: relay, device: "laptop-1" }))).toEqual([]);
    expect(clinic.feed(logIn({ at: after + 40, network: relay, device: "laptop-2" }))).toHaveLength(1);
    expect(clinic.feed(logIn({ at: after + 60, network: hosting, device: "laptop-1" }))).toHaveLength(1);
  });

  it("is found whatever program comes over it, and not for the account of a program", () => {
    expect(settled().feed(logIn({ at: after, network: hosting, agent: script }))).toHaveLength(1);
    const clinic = drive([newNetwork]);
    const bot = { by: "sync", agent: script };
    clinic.feed(workingDays(15, bot));
    const byRole = { by: "ann", roles: ["Service"] };
    expect(clinic.feed(logIn({ ...bot, at: after, network: hosting }))).toEqual([]);
    expect(settled().feed(logIn({ ...byRole, at: after, network: hosting }))).toEqual([]);
  });

  it("is found although patients come over it, of whom everybody may be one; a patient's is then usual", () => {
    const clinic = settled();
    clinic.feed(workingDays(15, { by: "pam", roles: ["patient"] }));
    for (const by of ["pat", "pia", "pip"])
      for (const n of [0, 4, 8]) clinic.feed(logIn({ by, roles: ["Patient"], at: n * day, network: relay }));
    expect(clinic.feed(logIn({ by: "pam", roles: ["patient"], at: after, network: relay }))).toEqual([]);
    expect(clinic.feed(logIn({ at: after, network: relay }))).toHaveLength(1);
  });

  it("is not found for failures, networks without a number or name, and addresses of one's own", () => {
    const events = [
      logIn({ at: after, network: hosting, outcome: "FAILURE" }),
      logIn({ at: after, network: { kind: "HOSTING" } }),
      logIn({ at: after, network: { kind: "PRIVATE" } }),
    ];
    expect(settled().feed(events)).toEqual([]);
  });

  it("learns the relay that a user comes over from the first day", () => {
    const clinic = drive([newNetwork]);
    clinic.feed(workingDays(15, { network: relay }));
    expect(clinic.feed(logIn({ at: after, network: relay }))).toEqual([]);
    expect(clinic.feed(logIn({ at: after, network: hosting }))).toHaveLength(1);
  });

  it("is told of on its first day, or not at all where a person confirmed it", () => {
    const clinic = settled();
    const days = [0, 1, 2, 3].map((n) => clinic.feed(read({ at: after + n * day, network: relay })).length);
    expect(days).toEqual([1, 0, 0, 0]);
    const asked = settled();
    const seen = logIn({ at: after, network: relay });
    asked.change(known, seen, (state) => confirm(state, seen));
    expect(asked.feed(logIn({ at: after, network: relay }))).toEqual([]);
  });

  it("is not found where three others have come over it for a week", () => {
    const others = ["bob", "cid", "dan"];
    const clinic = settled(...others);
    for (const by of others) clinic.feed(workingDays(8, { by, network: relay }, after));
    expect(clinic.feed(logIn({ at: after + 12 * day, network: relay }))).toEqual([]);
    clinic.tune({ peers: 0 });
    expect(clinic.feed(logIn({ at: after + 12 * day, network: relay }))).toHaveLength(1);
  });
});
