import { isIP } from "node:net";
import { describe, expect, it } from "vitest";
import { canonicalAddress, networkOf } from "../src/address.ts";
import fc from "./support/property.ts";

describe("an address", () => {
  it.each([
    ["192.0.2.1", "192.0.2.1"],
    ["2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["::FFFF:c000:201", "192.0.2.1"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
    ["::", "::"],
  ])("%s is written %s", (sent, canonical) => {
    expect(canonicalAddress(sent)).toBe(canonical);
  });

  it.each(["192.0.2", "192.0.2.01", "192.0.2.256", "192.0.2.1:80", "fe80::1%eth0", "[::1]", "1::2::3", "", "::g"])(
    "%j is none",
    (sent) => {
      expect(canonicalAddress(sent)).toBeUndefined();
    },
  );

  it.each([
    ["2001:db8:0:1:2:3:4:5", "2001:db8:0:1::/64"],
    ["2001:db8::1", "2001:db8::/64"],
    ["::1", "::/64"],
    ["192.0.2.1", undefined],
  ])("%s is of the network %s", (address, network) => {
    expect(networkOf(address)).toBe(network);
  });

  it("is accepted exactly where Node accepts one, zones apart, and is written as a URL writes it", () => {
    const address = fc.oneof(fc.ipV4(), fc.ipV6(), fc.stringMatching(/^[0-9a-f:.]{0,24}$/));
    fc.assert(
      fc.property(address, (sent) => {
        const canonical = canonicalAddress(sent);
        expect(canonical !== undefined).toBe(isIP(sent) !== 0);
        if (canonical?.includes(":")) expect(`[${canonical}]`).toBe(new URL(`http://[${sent}]/`).hostname);
      }),
      { numRuns: 2_000 },
    );
  });
});
