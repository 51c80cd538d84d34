import { describe, expect, it } from "vitest";
import { judgeSafety, neverBlocked } from "../../src/respond/safety.ts";
import { overlap, readNetwork, spanOf, type Target } from "../../src/respond/target.ts";
import fc from "../support/property.ts";

const around = {
  protectedUsers: new Set(["ada@clinic.example", "Ada"]),
  protectedTargets: ["198.51.100.0/25", "2001:db8:7::/48", "backup-service"],
  ownAddresses: ["203.0.113.250"],
  callerAddress: "203.0.113.9",
  actor: "rob@clinic.example",
  automatic: false,
  webhooks: new Map(),
};
const judge = (text: string, more: object = {}) => judgeSafety(readNetwork(text) as Target, { ...around, ...more });
const judgeUser = (value: string) => judgeSafety({ scope: "USER", value }, around);

describe("R1: what is never acted upon", () => {
  it.each([
    ["127.0.0.1", "loopback"],
    ["::1", "loopback"],
    ["10.20.30.40", "private"],
    ["192.168.1.0/24", "private"],
    ["172.31.255.255", "private"],
    ["fd00::1", "private"],
    ["169.254.169.254", "metadata"],
    ["fe80::1", "link-local"],
    ["::ffff:10.0.0.1", "private"],
    ["::ffff:127.0.0.0/104", "loopback"],
    ["0.0.0.0/0", "unspecified"],
    ["::/0", "unspecified"],
    ["8.0.0.0/5", "private"],
    ["198.51.100.7", "protected"],
    ["198.51.100.0/24", "protected"],
    ["2001:db8:7:1::5", "protected"],
    ["203.0.113.250", "Vigil"],
    ["203.0.113.9", "this request comes from"],
    ["203.0.113.0/28", "this request comes from"],
  ])("%s is refused, as it reaches what is %s", (text, what) => {
    const verdict = judge(text);
    expect(verdict).toMatchObject({ safe: false });
    expect((verdict as { reason: string }).reason).toContain(what);
  });

  it("others can be blocked by whoever asks from a link's own address, which has a zone", () => {
    expect(judge("203.0.113.77", { callerAddress: "fe80::1%eth0" })).toEqual({ safe: true });
  });

  it("an administrator by any name, who asks, and a protected user are refused, whatever the case", () => {
    for (const user of ["ada@clinic.example", "ADA", "rob@clinic.example", "Backup-Service"]) {
      expect(judgeUser(user)).toMatchObject({ safe: false });
    }
    expect(judgeUser("eve")).toEqual({ safe: true });
  });

  it("an address of the internet is not", () => {
    for (const text of ["203.0.113.7", "8.8.8.8", "2001:db8:8::1", "198.51.100.128/25"])
      expect(judge(text)).toEqual({ safe: true });
  });
});

describe("a range wider than /24 or /48", () => {
  it("R2: is blocked by a person, never by a rule", () => {
    for (const text of ["45.83.0.0/16", "2a02:6b8::/32"]) {
      expect(judge(text)).toEqual({ safe: true });
      expect(judge(text, { automatic: true })).toMatchObject({ safe: false });
    }
    for (const text of ["45.83.1.0/24", "2a02:6b8:1::/48", "45.83.1.1"])
      expect(judge(text, { automatic: true })).toEqual({ safe: true });
  });
});

describe("an address or a range", () => {
  it.each([
    ["203.0.113.77/24", { scope: "RANGE", value: "203.0.113.0/24" }],
    ["203.0.113.77/32", { scope: "IP", value: "203.0.113.77" }],
    ["2001:DB8::F/64", { scope: "RANGE", value: "2001:db8::/64" }],
    ["2001:db8::/128", { scope: "IP", value: "2001:db8::" }],
    ["::ffff:203.0.113.7", { scope: "IP", value: "203.0.113.7" }],
    ["::ffff:203.0.113.7/120", { scope: "RANGE", value: "203.0.113.0/24" }],
    [" 203.0.113.7 ", { scope: "IP", value: "203.0.113.7" }],
  ])("%s is written in one way", (text, target) => expect(readNetwork(text)).toEqual(target));

  it.each([
    "",
    "203.0.113",
    "203.0.113.7/33",
    "203.0.113.7/-1",
    "203.0.113.7/8/8",
    "0203.0.113.7",
    "example.org",
    "::/129",
  ])("%s is neither", (text) => expect(readNetwork(text)).toBeUndefined());

  it("overlaps another exactly when they share an address", () => {
    const network = fc
      .tuple(fc.ipV4(), fc.integer({ min: 1, max: 32 }))
      .map(([address, bits]) => (readNetwork(`${address}/${bits}`) as Target).value);
    fc.assert(
      fc.property(network, network, (one, other) => {
        const [a, b] = [spanOf(one), spanOf(other)];
        const within = (point: bigint, span: typeof a) => span.first <= point && point <= span.last;
        expect(overlap(one, other)).toBe(within(a.first, b) || within(b.first, a));
      }),
    );
  });

  it("whatever it is, never reaches what is never blocked and is safe", () => {
    const anything = fc.oneof(
      fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 })),
      fc.tuple(fc.ipV6(), fc.integer({ min: 0, max: 128 })),
    );
    fc.assert(
      fc.property(anything, fc.boolean(), ([address, bits], automatic) => {
        const target = readNetwork(`${address}/${bits}`);
        if (!target || !judgeSafety(target, { ...around, automatic }).safe) return;
        for (const [network] of neverBlocked) expect(overlap(target.value, network)).toBe(false);
      }),
    );
  });
});
