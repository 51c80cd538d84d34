import { describe, expect, it } from "vitest";
import { slowSpraying } from "../../../../src/detect/behaviour/detectors/slow-spraying.ts";
import { day, hour, logIn } from "../deeds.ts";
import { drive } from "../drive.ts";

const from = (ip: string, by: string, at: number, wish = {}) => logIn({ by, at, source: { ip }, ...wish });
const fail = (ip: string, by: string, at: number, wish = {}) => from(ip, by, at, { outcome: "FAILURE", ...wish });
const thief = "203.0.113.9";
/** One account each so many seconds. */
const spray = (accounts: number, every: number, { ip = (_: number): string => thief, begins = 0 } = {}) =>
  Array.from({ length: accounts }, (_, n) => fail(ip(n), `user${n}`, begins + n * every));

describe("slow spraying", () => {
  it("is found from the fifteenth account on that one address tries in vain within a day, and where it gets in then", () => {
    const clinic = drive([slowSpraying]);
    clinic.feed(logIn({ by: "user14", at: -day }));
    const found = clinic.feed([...spray(16, 1.5 * hour), from(thief, "ann", day)]);
    expect(
      found.map(({ weak }) => weak === true),
      "nobody's name is no incident",
    ).toEqual([false, true, false]);
    expect(found.map(({ event, reason, subjects }) => [event.actor?.name, reason, subjects])).toEqual([
      ["user14", "log-ins of 15 accounts failed from one address within a day", [{ kind: "ADDRESS", key: thief }]],
      ["user15", "log-ins of 16 accounts failed from one address within a day", [{ kind: "ADDRESS", key: thief }]],
      [
        "ann",
        "log-in from an address from which those of 15 other accounts failed within a day",
        [
          { kind: "ADDRESS", key: thief },
          { kind: "USER", key: "ann" },
        ],
      ],
    ]);
    expect(clinic.feed([fail(thief, "user15", day + 60), fail(thief, "USER14 ", day + 90)]), "known accounts").toEqual(
      [],
    );
  });

  it("is found where creating a session is the log-in", () => {
    const clinic = drive([slowSpraying]);
    const tries = spray(15, hour).map((each) => ({ ...each, action: "sessions.create" }));
    expect(clinic.feed(tries)).toHaveLength(1);
    expect(clinic.feed(from(thief, "ann", 16 * hour, { action: "session.created" }))).toHaveLength(1);
  });

  it("is found over the addresses of one IPv6 network, though others fail meanwhile from everywhere", () => {
    const clinic = drive([slowSpraying]);
    const tries = spray(15, hour, { ip: (n) => `2001:db8:1:2::${n + 1}` });
    const found = tries.flatMap((each, n) => [
      ...clinic.feed(each),
      ...clinic.feed(Array.from({ length: 12 }, (_, m) => fail(`198.51.${n}.${m}`, `pat${n}-${m}`, n * hour + m * 60))),
    ]);
    expect(found.map(({ subjects }) => subjects?.[0]?.key)).toEqual(["2001:db8:1:2::/64"]);
  });

  it("is not found for an office whose people mistype and get in, or where more get in than fail", () => {
    const clinic = drive([slowSpraying]);
    const mistyped = Array.from({ length: 60 }, (_, n) => [
      fail("192.0.2.1", `nurse${n}`, n * 60),
      from("192.0.2.1", `nurse${n}`, n * 60 + 20),
    ]);
    expect(clinic.feed(mistyped.flat())).toEqual([]);
    const given = Array.from({ length: 40 }, (_, n) => [
      from("192.0.2.1", `nurse${n}`, day + n * 60),
      from("192.0.2.1", `doctor${n}`, day + n * 60 + 10),
      fail("192.0.2.1", `nrse${n}`, day + n * 60 + 20),
    ]);
    expect(clinic.feed([fail("192.0.2.1", "nobody", day), ...given.flat()])).toEqual([]);
  });

  it("is not found over more than a day, for one account however it is typed, or for second factors", () => {
    const clinic = drive([slowSpraying]);
    expect(clinic.feed(spray(40, 2 * hour))).toEqual([]);
    const names = Array.from({ length: 20 }, (_, n) => fail("203.0.113.8", n % 2 ? "Ann" : ` ANN`, n * 60));
    const codes = spray(20, 60, { ip: () => "203.0.113.7" }).map((each) => ({ ...each, action: "mfa.challenge" }));
    expect(clinic.feed([...names, ...codes])).toEqual([]);
  });

  it("takes no log that comes days late for today's", () => {
    const clinic = drive([slowSpraying]);
    const late = spray(16, hour).map((each) => ({ ...each, receivedAt: each.receivedAt + 9 * day * 1_000 }));
    expect(clinic.feed([fail(thief, "bob", 9 * day), ...late])).toEqual([]);
    expect(clinic.feed(spray(16, 60, { begins: 10 * day }))).toHaveLength(2);
  });
});
