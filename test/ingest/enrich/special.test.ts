import { describe, expect, it } from "vitest";
import { placeInSpace } from "../../../src/ingest/enrich/special.ts";

describe("addresses that lie nowhere", () => {
  it.each([
    ["PRIVATE", "10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 fc00::1 fd12::1"],
    ["PRIVATE", "100.64.0.1 100.127.255.255 169.254.1.1 fe80::1"],
    ["LOOPBACK", "127.0.0.1 127.255.0.1 ::1 ::ffff:127.0.0.1"],
    ["RESERVED", "0.0.0.0 192.0.2.1 198.51.100.7 203.0.113.9 2001:db8::1 3fff::1"],
    ["RESERVED", "224.0.0.1 239.1.1.1 255.255.255.255 ff02::1 :: 198.18.0.1"],
  ])("are %s: %s", (kind, addresses) => {
    for (const address of addresses.split(" "))
      expect([address, placeInSpace(address)]).toEqual([address, { special: kind }]);
  });

  it("end where public ones begin", () => {
    const near = [
      "9.255.255.255",
      "11.0.0.0",
      "100.63.255.255",
      "100.128.0.0",
      "172.15.0.1",
      "172.32.0.1",
      "2001:db9::1",
    ];
    for (const address of near) expect(placeInSpace(address)).toEqual({ address });
  });

  it("take an address that stands inside another for what it is", () => {
    expect(placeInSpace("::ffff:8.8.8.8")).toEqual({ address: "8.8.8.8" });
    expect(placeInSpace("64:ff9b::808:808")).toEqual({ address: "8.8.8.8" });
    expect(placeInSpace("2002:a00:1::1")).toEqual({ special: "PRIVATE" });
  });

  it("are not found in what is no address", () => {
    for (const text of ["", "unknown", "10.0.0", "1.2.3.4.5", "::g", "10.0.0.1:80", "fe80::1%eth0"])
      expect(placeInSpace(text)).toBeUndefined();
  });
});
