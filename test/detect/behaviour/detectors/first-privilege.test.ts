import { describe, expect, it } from "vitest";
import { firstPrivilege } from "../../../../src/detect/behaviour/detectors/first-privilege.ts";
import { privileges } from "../../../../src/detect/behaviour/facets/privileges.ts";
import { type Deed, day, logIn, read, workingDays } from "../deeds.ts";
import { drive } from "../drive.ts";

const after = 21 * day;
const grant = (deed: Deed = {}) => read({ action: "role.grant", category: "AUTHORIZATION", at: after, ...deed });
const settled = (...users: string[]) => {
  const clinic = drive([firstPrivilege]);
  for (const by of ["ann", ...users]) expect(clinic.feed(workingDays(15, { by }))).toEqual([]);
  return clinic;
};

describe("the first use of a privilege", () => {
  it("is found for what changes rights or settings", () => {
    const [found] = settled().feed(grant());
    expect(found?.reason).toBe("role.grant: the first privileged action of a user active on 15 days before");
    const disabled = grant({ action: "audit.disable", category: "CONFIGURATION" });
    expect(settled().feed(disabled)).toHaveLength(1);
    expect(settled().feed(grant({ action: "admin.users.list", category: "OTHER" }))).toHaveLength(1);
    expect(settled().feed(grant({ action: "administered.dose", category: "DATA" }))).toEqual([]);
    for (const action of ["access.grant", "access_level.update", "security_profile.assign"])
      expect(settled().feed(grant({ action }))).toHaveLength(1);
  });

  it("is not found for looking, for refusals, for one's own preferences, or for administrators", () => {
    const harmless = [
      grant({ action: "access.allowed" }),
      grant({ action: "record.access" }),
      grant({ action: "access.granted" }),
      grant({ action: "profile.update", category: "CONFIGURATION" }),
      grant({ action: "settings.read", category: "CONFIGURATION" }),
      grant({ action: "user.preferences.update", category: "CONFIGURATION" }),
      grant({ outcome: "FAILURE" }),
      grant({ roles: ["Admin"] }),
    ];
    for (const event of harmless) expect(settled().feed(event)).toEqual([]);
  });

  it("is not found for who does such things anyway, nor for what three others of the role do", () => {
    const clinic = settled("bob", "cid", "dan");
    clinic.feed([3, 4, 5].map((n) => grant({ at: n * day })));
    const usual = drive([firstPrivilege]);
    usual.feed([...workingDays(5), grant({ at: 7 * day }), ...workingDays(10, {}, 14 * day)]);
    expect(usual.feed(grant({ action: "policy.update", at: 30 * day }))).toEqual([]);
    for (const by of ["bob", "cid", "dan"]) clinic.feed([0, 4, 8].map((n) => grant({ by, at: after + n * day })));
    expect(clinic.feed(workingDays(15, { by: "eve" }, after))).toEqual([]);
    expect(clinic.feed(grant({ by: "eve", at: after + 21 * day }))).toEqual([]);
    expect(clinic.feed(grant({ by: "eve", action: "policy.update", at: after + 21 * day }))).toHaveLength(1);
  });

  it("is not found in the first two weeks, nor for actions that its rule ignores", () => {
    const young = drive([firstPrivilege]);
    expect(young.feed([...workingDays(6), grant({ at: 9 * day })])).toEqual([]);
    const clinic = settled();
    clinic.tune({ ignoredActions: ["Role.*"] });
    expect(clinic.feed(grant())).toEqual([]);
    const action = "role.granted.for.one.day.to.whoever.stands.in.for.somebody.on.leave"; // profiles keep less of it
    expect(settled().feed(grant({ action }))).toHaveLength(1);
    clinic.tune({ ignoredActions: [action] });
    expect(clinic.feed(grant({ action }))).toEqual([]);
  });

  it("is told of on its first day and after a week, and usual after three days", () => {
    const clinic = settled();
    expect([0, 0.1, 1, 9, 18].map((n) => clinic.feed(grant({ at: after + n * day })).length)).toEqual([1, 1, 0, 1, 0]);
    expect(clinic.tell(privileges, logIn())).toBe("administers: role.grant");
  });
});
