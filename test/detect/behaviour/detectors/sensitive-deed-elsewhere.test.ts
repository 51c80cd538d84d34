import { describe, expect, it } from "vitest";
import { sensitiveDeedElsewhere } from "../../../../src/detect/behaviour/detectors/sensitive-deed-elsewhere.ts";
import { confirm, known } from "../../../../src/detect/behaviour/facets/known.ts";
import {
  abroad,
  carrier,
  type Deed,
  day,
  hosting,
  lagos,
  logIn,
  otherHome,
  phone,
  script,
  strange,
  workingDays,
} from "../deeds.ts";
import { drive } from "../drive.ts";

const after = 21 * day;
const settled = (days = 15) => {
  const clinic = drive([sensitiveDeedElsewhere]);
  expect(clinic.feed(workingDays(days))).toEqual([]);
  return clinic;
};
const stranger = { agent: strange, network: hosting };
const deed = (action: string, wish: Deed = {}) => logIn({ at: after, action, ...stranger, ...wish });

describe("a sensitive deed from an unknown device and network", () => {
  it("is found for what whoever takes an account over does next, and says with what and from where", () => {
    expect(settled().feed(deed("mfa.disabled"))[0]?.reason).toBe(
      "mfa.disabled with a device that the user is not known by: Firefox on Linux (desktop), over Rack Farm (AS64504), which is new too",
    );
    const deeds = [
      deed("email.changed"),
      deed("user.email_updated"),
      deed("api_key.created", { category: "CONFIGURATION" }),
      deed("records.export", { category: "DATA" }),
      deed("role.granted", { category: "AUTHORIZATION" }),
      deed("passkey.registered", { network: abroad, place: lagos }),
    ];
    for (const each of deeds) expect(settled().feed(each), each.action).toHaveLength(1);
  });

  it("is found days later too, while the device has not become the user's own", () => {
    const clinic = settled();
    clinic.feed(deed("login"));
    expect(clinic.feed(deed("email.changed", { at: after + day }))).toHaveLength(1);
  });

  it("is not found with a known device, over a known network, by telephone, for a new password, for reading, or for a failure", () => {
    const deeds = [
      logIn({ at: after, action: "mfa.disabled", network: hosting }),
      logIn({ at: after, action: "mfa.disabled", agent: strange }),
      logIn({ at: after, action: "mfa.disabled", enrichment: { version: "test" } }),
      deed("mfa.enrolled", { agent: phone, network: carrier }),
      deed("password.reset.completed"),
      deed("password.changed"),
      deed("record.read", { category: "ACCESS" }),
      deed("token.refreshed"),
      deed("mfa.accepted"),
      deed("email.changed", { outcome: "FAILURE" }),
    ];
    for (const each of deeds) expect(settled().feed(each), each.action).toEqual([]);
  });

  it("is found whatever program does it, and not for the account of a program", () => {
    expect(settled().feed(deed("api_key.created", { agent: script }))).toHaveLength(1);
    const clinic = drive([sensitiveDeedElsewhere]);
    clinic.feed(workingDays(15, { by: "sync", agent: script }));
    expect(clinic.feed(deed("api_key.created", { by: "sync" }))).toEqual([]);
    expect(settled().feed(deed("api_key.created", { roles: ["service"] }))).toEqual([]);
  });

  it("learns for 14 days with activity on five", () => {
    expect(settled(4).feed(deed("mfa.disabled"))).toEqual([]);
    const young = drive([sensitiveDeedElsewhere]);
    young.feed(workingDays(6));
    expect(young.feed(deed("mfa.disabled", { at: 9 * day }))).toEqual([]);
  });

  it("goes by the device's id where ids last, and is quiet about what is ignored or was confirmed", () => {
    const clinic = drive([sensitiveDeedElsewhere]);
    clinic.feed(workingDays(15, { device: "d1" }));
    const changed = (device: string) => deed("email.changed", { device, network: otherHome });
    expect(clinic.feed(changed("d1"))).toEqual([]);
    expect(clinic.feed(changed("d9"))).toHaveLength(1);
    clinic.tune({ ignoredActions: ["Email.Changed"] });
    expect(clinic.feed(changed("d8"))).toEqual([]);
    const told = settled();
    told.change(known, deed("login"), (state) => confirm(state, deed("login")));
    expect(told.feed(deed("mfa.disabled"))).toEqual([]);
  });
});
