import { describe, expect, it } from "vitest";
import { serviceAccountNewPlace } from "../../../../src/detect/behaviour/detectors/service-account-new-place.ts";
import { confirm, known } from "../../../../src/detect/behaviour/facets/known.ts";
import { programs } from "../../../../src/detect/behaviour/facets/programs.ts";
import {
  abroad,
  type Deed,
  day,
  hosting,
  lagos,
  laptop,
  logIn,
  otherHome,
  read,
  script,
  strange,
  workingDays,
} from "../deeds.ts";
import { drive } from "../drive.ts";

const bot: Deed = { by: "lab-sync", roles: [], agent: script, network: hosting };
const after = 21 * day;
const settled = (deed: Deed = bot) => {
  const clinic = drive([serviceAccountNewPlace]);
  expect(clinic.feed(workingDays(15, deed))).toEqual([]);
  return clinic;
};

describe("a service account from a new place", () => {
  it("is found over a new network, whoever uses it there", () => {
    const [found] = settled().feed(logIn({ ...bot, at: after, network: otherHome, agent: strange }));
    expect(found?.reason).toBe(
      "log-in of a program's account over Valley Fiber (AS64502); it is known over AS64504 only",
    );
  });

  it("is found from a new country where no network is known", () => {
    const given = (country: string, at: number) => {
      const { enrichment: _none, ...bare } = read({ by: "lab-sync", roles: ["Service Account"], at });
      return { ...bare, source: { country } };
    };
    const clinic = drive([serviceAccountNewPlace]);
    for (let n = 0; n < 10; n++) expect(clinic.feed(given("US", n * day))).toEqual([]);
    expect(clinic.feed(given("NG", 11 * day))[0]?.reason).toBe(
      "record.read of a program's account from NG; it is known from US only",
    );
  });

  it("is told by its role, or by nearly always having been used by a program; people are not judged", () => {
    const byRole = settled({ ...bot, roles: ["Bot"], agent: laptop });
    expect(byRole.feed(read({ ...bot, roles: ["Bot"], agent: laptop, at: after, network: abroad }))).toHaveLength(1);
    expect(settled({ by: "ann" }).feed(logIn({ by: "ann", at: after, network: abroad, place: lagos }))).toEqual([]);
    const other = settled({ by: "ann" });
    expect(other.feed(read({ by: "ann", agent: script, at: after, network: abroad }))).toEqual([]);
  });

  it("is not found in the same network, in the first week, or for failures", () => {
    const clinic = drive([serviceAccountNewPlace]);
    clinic.feed(workingDays(4, bot));
    expect(clinic.feed(read({ ...bot, at: 6 * day, network: otherHome }))).toEqual([]);
    expect(settled().feed(read({ ...bot, at: after }))).toEqual([]);
    expect(settled().feed(read({ ...bot, at: after, network: abroad, outcome: "FAILURE" }))).toEqual([]);
  });

  it("is new on three days, or until a person confirmed the place", () => {
    const clinic = settled();
    const moved = (n: number) => read({ ...bot, at: after + n * day, network: otherHome });
    expect([0, 1, 2, 3].map((n) => clinic.feed(moved(n)).length)).toEqual([1, 1, 1, 0]);
    const asked = settled();
    asked.change(known, moved(0), (state) => confirm(state, moved(0)));
    expect(asked.feed(moved(0))).toEqual([]);
  });

  it("tells that a program uses the account", () => {
    expect(settled().tell(programs, logIn(bot))).toBe("used by a program");
  });
});
