import { describe, expect, it } from "vitest";
import { fromColumn, toColumn } from "../../../src/ingest/enrich/stored.ts";
import { agentDevices, type Enrichment, networkKinds } from "../../../src/ingest/enrichment.ts";
import fc from "../../support/property.ts";

const optional = { requiredKeys: [] as never[] };
const degrees = fc.double({ min: -90, max: 90, noNaN: true }).map((value) => (Object.is(value, -0) ? 0 : value));
const place = fc
  .tuple(
    fc.record({ country: fc.string(), city: fc.string() }, optional),
    fc.oneof(fc.constant({}), fc.record({ lat: degrees, lon: degrees, radiusKm: fc.nat() })),
  )
  .map(([names, position]) => ({ ...names, ...position }));
const network = fc.record(
  { kind: fc.constantFrom(...networkKinds), asn: fc.nat(), name: fc.string() },
  { requiredKeys: ["kind"] },
);
const agent = fc.record(
  { device: fc.constantFrom(...agentDevices), os: fc.string(), browser: fc.string() },
  { requiredKeys: ["device"] },
);
const enrichment = fc.record({ version: fc.string(), place, network, agent }, { requiredKeys: ["version"] });

describe("stored enrichment", () => {
  it("is read back as it was", () => {
    fc.assert(
      fc.property(enrichment, (one) => {
        expect(fromColumn(JSON.parse(toColumn(one as Enrichment)))).toEqual(one);
      }),
    );
  });

  it("is small", () => {
    const usual: Enrichment = {
      version: "city 20260605, asn 20260617, kinds 1, agent 2.15.0",
      place: { country: "US", city: "Austin", lat: 30.2794, lon: -97.7674, radiusKm: 50 },
      network: { kind: "RESIDENTIAL", asn: 7922, name: "Comcast Cable Communications, LLC" },
      agent: { device: "DESKTOP", os: "Windows", browser: "Chrome" },
    };
    expect(toColumn(usual).length).toBeLessThan(200);
  });

  it("that is absent, or of a form unknown here, is none", () => {
    for (const column of [null, undefined, {}, [], [1], "x", 5]) expect(fromColumn(column)).toBeUndefined();
    fc.assert(fc.property(fc.jsonValue(), (value) => void fromColumn(value)));
    expect(fromColumn(["v", 0, ["?", 5, "x"], ["D", 7, null]])).toEqual({ version: "v", agent: { device: "DESKTOP" } });
  });
});
