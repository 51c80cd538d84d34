import { mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openEnricher } from "../../../src/ingest/enrich/enricher.ts";
import type { Log } from "../../../src/log.ts";
import { quiet } from "../../support/database.ts";
import fc from "../../support/property.ts";
import { cityRecord, writeMmdb } from "./mmdb-file.ts";

let directory: string;
let clock = Date.UTC(2026, 10, 24);
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "vigil-geo-"));
});
afterAll(() => rm(directory, { recursive: true }));

const enricher = (own: { city?: string; asn?: string } = {}, log: Log = quiet) =>
  openEnricher({ own, log, now: () => clock });

async function look(ip: string, own: { city?: string; asn?: string } = {}) {
  const opened = await enricher(own);
  await opened.ready([{ source: { ip } }]);
  return opened.of({ source: { ip } });
}

describe("the installed data", () => {
  it.each([
    ["8.8.8.8", "US", 15169, "HOSTING"],
    ["3.5.140.2", "KR", 16509, "HOSTING"],
    ["73.1.2.3", "US", 7922, "RESIDENTIAL"],
    ["172.58.1.1", "US", 21928, "MOBILE"],
    ["87.123.1.1", "DE", 8881, "RESIDENTIAL"],
    ["185.220.101.1", undefined, 60729, "VPN"],
    ["104.28.1.1", undefined, 13335, "VPN"],
    ["2a02:8108::1", "DE", undefined, "RESIDENTIAL"],
  ])("knows where %s is and what it is", async (ip, country, asn, kind) => {
    const found = await look(ip);
    if (country) expect(found?.place?.country).toBe(country);
    if (asn) expect(found?.network?.asn).toBe(asn);
    expect(found?.network?.kind).toBe(kind);
    const { lat = 999, lon = 999, radiusKm = 0 } = found?.place ?? {};
    expect(Math.abs(lat)).toBeLessThanOrEqual(90);
    expect(Math.abs(lon)).toBeLessThanOrEqual(180);
    expect(radiusKm).toBeGreaterThan(0);
    expect(found?.version).toMatch(/^city \d{8}, asn \d{8}, kinds \d+, agent \d/);
  });

  it("is not opened for addresses that lie nowhere", async () => {
    expect(await look("203.0.113.7")).toEqual({
      version: expect.stringMatching(/^kinds \d+, agent /),
      network: { kind: "RESERVED" },
    });
    expect((await look("10.1.2.3"))?.place).toBeUndefined();
  });

  it("takes an IPv4 address in IPv6 clothes for itself", async () => {
    const plain = await look("8.8.8.8");
    expect(await look("::ffff:8.8.8.8")).toEqual(plain);
    expect(await look("64:ff9b::808:808")).toEqual(plain);
  });

  it("gives the same object for the same address and user agent, so that nothing is made per event", async () => {
    const opened = await enricher();
    const event = { source: { ip: "8.8.8.8" }, userAgent: "curl/8.5.0" };
    await opened.ready([event]);
    expect(opened.of(event)).toBe(opened.of({ source: { ip: "8.8.8.8", port: 5 }, userAgent: "curl/8.5.0" }));
    expect(opened.of(event)).not.toBe(opened.of({ source: { ip: "8.8.8.8" } }));
  });

  it("leaves the sender's place alone and still looks the network up", async () => {
    const opened = await enricher();
    const event = { source: { ip: "8.8.8.8", country: "FR", city: "Lyon", lat: 45.76, lon: 4.84 } };
    await opened.ready([event]);
    expect(opened.of(event)).toMatchObject({
      place: { country: "FR", city: "Lyon", lat: 45.76, lon: 4.84 },
      network: { kind: "HOSTING", asn: 15169 },
    });
  });

  it("never fails, whatever an event holds", async () => {
    const opened = await enricher();
    const text = fc.oneof(
      fc.string(),
      fc.ipV4(),
      fc.ipV6(),
      fc.ipV4Extended(),
      fc.constantFrom("__proto__", "::ffff:1.2.3.4"),
    );
    const source = fc.record(
      { ip: text, country: fc.string(), city: fc.string(), lat: fc.double(), lon: fc.double() },
      { requiredKeys: [] },
    );
    const event = fc.record({ source, userAgent: fc.string() }, { requiredKeys: [] });
    await fc.assert(
      fc.asyncProperty(event, async (one) => {
        await opened.ready([one]);
        const found = opened.of(one);
        if (found) expect(found.version).not.toBe("");
        expect(opened.of(one)).toEqual(found);
      }),
    );
  });

  it("adds nothing to an event without an address, a place and a user agent", async () => {
    const opened = await enricher();
    expect(opened.of({})).toBeUndefined();
    expect(opened.of({ source: { ip: "nonsense" }, userAgent: "" })).toBeUndefined();
  });
});

describe("a file of the user's own", () => {
  it("stands in for the installed data, with its accuracy and its day", async () => {
    const city = join(directory, "city.mmdb");
    await writeMmdb(city, {
      "8.8.8.0/24": cityRecord("NZ", "Nelson", -41.27, 173.28, 5),
      "2a02:8108::/32": cityRecord("PT", "Porto", 41.15, -8.61),
    });
    const asn = join(directory, "asn.mmdb");
    await writeMmdb(asn, {
      "8.8.8.0/24": { autonomous_system_number: 64_500, autonomous_system_organization: "Kiwi Broadband" },
    });
    expect(await look("8.8.8.8", { city, asn })).toEqual({
      version: expect.stringMatching(/^city 20261101, asn 20261101, kinds/),
      place: { country: "NZ", city: "Nelson", lat: -41.27, lon: 173.28, radiusKm: 5 },
      network: { kind: "RESIDENTIAL", asn: 64_500, name: "Kiwi Broadband" },
    });
    expect((await look("2a02:8108::7", { city }))?.place).toMatchObject({ country: "PT", radiusKm: 50 });
    expect((await look("9.9.9.9", { city }))?.place).toBeUndefined();
    expect((await look("9.9.9.9", { city }))?.network?.asn).toBe(19281);
  });

  it("is read again when it has changed, within a minute", async () => {
    const city = join(directory, "changing.mmdb");
    await writeMmdb(city, { "8.8.8.0/24": cityRecord("NZ", "Nelson", -41.27, 173.28) });
    const opened = await enricher({ city });
    const event = { source: { ip: "8.8.8.8" } };
    await opened.ready([event]);
    expect(opened.of(event)?.place?.city).toBe("Nelson");
    await writeMmdb(city, { "8.8.8.0/24": cityRecord("NZ", "Napier", -39.49, 176.91) }, Date.UTC(2026, 11, 1));
    await utimes(city, new Date(clock / 1_000), new Date(clock / 1_000 + 5_000));
    await opened.ready([event]);
    expect(opened.of(event)?.place?.city).toBe("Nelson");
    clock += 61_000;
    await opened.ready([event]);
    expect(opened.of(event)).toMatchObject({
      place: { city: "Napier" },
      version: expect.stringMatching(/^city 20261201/),
    });
  });

  it("that breaks while the server runs leaves what was read before", async () => {
    const city = join(directory, "breaking.mmdb");
    await writeMmdb(city, { "8.8.8.0/24": cityRecord("NZ", "Nelson", -41.27, 173.28) });
    const faults: unknown[] = [];
    const log = {
      ...quiet,
      error: (fault: unknown) => void faults.push(fault),
      info: () => undefined,
    } as unknown as Log;
    const opened = await enricher({ city }, log);
    const event = { source: { ip: "8.8.8.8" } };
    await opened.ready([event]);
    await writeFile(city, "half a file");
    clock += 61_000;
    await opened.ready([event]);
    expect(opened.of(event)?.place?.city).toBe("Nelson");
    expect(faults).toHaveLength(1);
    await rm(city);
    clock += 61_000;
    await opened.ready([event]);
    expect(opened.of(event)?.place?.city).toBe("Nelson");
  });

  it("that is missing or something else is refused at the start, by the variable's name", async () => {
    const wrong = join(directory, "wrong.mmdb");
    await writeFile(wrong, "hello");
    await expect(enricher({ city: join(directory, "no.mmdb") })).rejects.toThrow(
      /VIGIL_GEOIP_CITY: .*no\.mmdb cannot be read: ENOENT/,
    );
    await expect(enricher({ city: wrong, asn: wrong })).rejects.toThrow(
      /2 fault.*VIGIL_GEOIP_CITY.*VIGIL_GEOIP_ASN: .* is no MaxMind DB/s,
    );
  });
});
