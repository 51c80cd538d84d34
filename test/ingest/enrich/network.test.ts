import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readAsnList } from "../../../src/ingest/enrich/asn-list.ts";
import { networkKind } from "../../../src/ingest/enrich/network-kind.ts";
import { kindsByNumber } from "../../../src/ingest/enrich/network-table.ts";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "vigil-asn-"));
});
afterAll(() => rm(directory, { recursive: true }));

describe("the kind of a network", () => {
  const kindOf = (name: string, asn = 4_200_000_001) => networkKind("5.5.5.5", { asn, name });

  it("is that of the table for a number in it, whatever its name", () => {
    expect(kindOf("Anything Hosting", 7922)).toBe("HOSTING"); // not in the table: by its name
    expect(kindOf("Verizon Business", 22394)).toBe("MOBILE");
    expect(kindOf("Some Telecom", 16509)).toBe("HOSTING");
    expect(kindOf("31173 Services AB", 39351)).toBe("VPN");
    expect(kindsByNumber.get(14061)).toBe("HOSTING");
    expect([...kindsByNumber.keys()].every((asn) => Number.isInteger(asn) && asn > 0)).toBe(true);
    expect(kindsByNumber.size).toBeGreaterThan(200);
  });

  it.each([
    ["HOSTING", ["Acme Web Hosting Ltd", "Best Servers GmbH", "Tiny Cloud Inc", "North Data Center AB", "VPS Mart"]],
    ["VPN", ["SuperVPN Ltd", "Anonymizer, LLC"]],
    ["MOBILE", ["T-Mobile Polska S.A.", "Union Wireless", "Telefonica Moviles Argentina", "Rakuten Mobile, Inc."]],
    [
      "RESIDENTIAL",
      ["Comcast Cable Communications, LLC", "Deutsche Telekom AG", "City Broadband", "Cable & Wireless Jamaica"],
    ],
    ["UNKNOWN", ["University of Texas at Austin", "Exxon Mobil Corporation", "Ford Motor Company", ""]],
  ])("is %s by the words of a name: %j", (kind, names) => {
    for (const name of names) expect([name, kindOf(name)]).toEqual([name, kind]);
  });

  it("is VPN in the prefixes of relays, though the network does other things too", () => {
    const cloudflare = { asn: 13335, name: "Cloudflare, Inc." };
    expect(networkKind("104.28.10.1", cloudflare)).toBe("VPN");
    expect(networkKind("2a02:26f7:d680::1", undefined)).toBe("VPN");
    expect(networkKind("104.16.10.1", cloudflare)).toBe("HOSTING");
    expect(networkKind("5.5.5.5", undefined)).toBe("UNKNOWN");
  });
});

describe("the list of autonomous systems", () => {
  it("finds the range that holds an address, at its edges too, and nothing between ranges", async () => {
    const path = join(directory, "v4.csv");
    await writeFile(
      path,
      '16777216,16777471,13335,"Cloudflare, Inc."\n16778240,16779263,38803,Gtelecom Pty Ltd\n1.0.16.0,1.0.16.255,7,"""A"" B"\n',
    );
    const list = await readAsnList(path);
    expect(list.find("1.0.0.0")).toEqual({ asn: 13335, name: "Cloudflare, Inc." });
    expect(list.find("1.0.0.255")).toEqual({ asn: 13335, name: "Cloudflare, Inc." });
    expect(list.find("1.0.1.0")).toBeUndefined();
    expect(list.find("1.0.4.0")?.asn).toBe(38803);
    expect(list.find("1.0.16.9")).toEqual({ asn: 7, name: '"A" B' });
    for (const address of ["0.255.255.255", "255.255.255.255", "nothing", ""])
      expect(list.find(address)).toBeUndefined();
  });

  it("finds IPv6 addresses by their first bits", async () => {
    const path = join(directory, "v6.csv");
    await writeFile(
      path,
      "2001:200::,2001:200:1b9:ffff:ffff:ffff:ffff:ffff,2500,WIDE\n2a02:8108::,2a02:810f:ffff:ffff:ffff:ffff:ffff:ffff,31334,V\n",
    );
    const list = await readAsnList(path);
    expect(list.find("2001:200::1")?.asn).toBe(2500);
    expect(list.find("2001:200:1b9:ffff::")?.asn).toBe(2500);
    expect(list.find("2001:200:1ba::")).toBeUndefined();
    expect(list.find("2a02:8109:1:2:3:4:5:6")?.name).toBe("V");
    expect(list.find("2a02:8110::")).toBeUndefined();
  });

  it("says which file holds no list", async () => {
    const path = join(directory, "empty.csv");
    await writeFile(path, "hello\n");
    await expect(readAsnList(path)).rejects.toThrow(path);
  });
});
