import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readEventsSince } from "../src/ingest/read.ts";
import { cityRecord, writeMmdb } from "./ingest/enrich/mmdb-file.ts";
import { ndjson, type TestServer, testServer } from "./support/server.ts";

const chrome =
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36";
const login = (name: string, source: object, more: object = {}) => ({
  action: "login",
  category: "authentication",
  outcome: "success",
  actor: { name },
  source,
  ...more,
});

let directory: string;
let server: TestServer;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "vigil-geo-"));
  const [city, asn] = [join(directory, "city.mmdb"), join(directory, "asn.mmdb")];
  await writeMmdb(city, {
    "8.8.8.0/24": cityRecord("NZ", "Nelson", -41.27, 173.28, 5),
    "9.9.9.0/24": cityRecord("US", "Austin", 30.2672, -97.7431, 20),
  });
  await writeMmdb(asn, {
    "8.8.8.0/24": { autonomous_system_number: 64_500, autonomous_system_organization: "Kiwi Hosting" },
    "9.9.9.0/24": { autonomous_system_number: 64_501, autonomous_system_organization: "Lone Star Cable" },
  });
  server = await testServer({ env: { VIGIL_GEOIP_CITY: city, VIGIL_GEOIP_ASN: asn } });
  await server.ingest(
    ndjson([
      login("ann", { ip: "9.9.9.9" }, { userAgent: chrome }),
      login("bob", { ip: "8.8.8.8" }, { userAgent: "curl/8.5.0" }),
      login("eve", { ip: "9.9.9.9", country: "FR", city: "Lyon", lat: 45.76, lon: 4.84 }),
      login("joe", { ip: "10.0.0.5" }),
      login("kim", { ip: "9.9.9.9" }, { attributes: { "source.as.number": 7, user_agent: { name: "Own" } } }),
      { action: "start", actor: { name: "cron" } },
    ]),
  );
});
afterAll(async () => {
  await server.close();
  await rm(directory, { recursive: true });
});

// biome-ignore lint/suspicious/noExplicitAny: each test says by its query what comes back
const ask = async (query: string, variables: object = {}, as?: string): Promise<any> => {
  const { data, errors } = await server.query(query as never, variables, as);
  if (errors) throw new Error(errors.map(({ message }) => message).join("; "));
  return data;
};

const events = `{ securityEvents(orderBy: [{field: RECEIVED_AT, direction: ASC}]) { nodes { actorName enrichmentVersion
  place { country city lat lon radiusKm } network { kind asn name } agent { device os browser } } } }`;

const rule = (selection: string) => `
title: Tried
logsource: { category: authentication }
detection:
  selection: { ${selection} }
  condition: selection
`;

async function matchedBy(selection: string): Promise<string[]> {
  const range = {
    from: new Date(Date.now() - 3_600_000).toISOString(),
    to: new Date(Date.now() + 60_000).toISOString(),
  };
  const { alertRulePreview } = await ask(
    `query Preview($input: AlertRulePreviewInput!) { alertRulePreview(input: $input) {
       preview { detections { subjects { key } } } userErrors { message } } }`,
    { input: { range, yaml: rule(selection) } },
  );
  expect(alertRulePreview.userErrors).toEqual([]);
  return alertRulePreview.preview.detections.flatMap(({ subjects }: { subjects: { key: string }[] }) =>
    subjects.map(({ key }) => key),
  );
}

describe("an event that arrives", () => {
  it("is told with its place, network and program, and with the data they come from", async () => {
    const { nodes } = (await ask(events, {}, await server.token("VIEWER"))).securityEvents;
    const version = nodes[0].enrichmentVersion;
    expect(version).toMatch(/^city 20261101, asn 20261101, kinds \d+, agent \d/);
    const austin = { country: "US", city: "Austin", lat: 30.2672, lon: -97.7431, radiusKm: 20 };
    const cable = { kind: "RESIDENTIAL", asn: 64_501, name: "Lone Star Cable" };
    expect(nodes.map((node: object) => ({ ...node, enrichmentVersion: undefined }))).toEqual([
      {
        actorName: "ann",
        place: austin,
        network: cable,
        agent: { device: "DESKTOP", os: "Windows", browser: "Chrome" },
      },
      {
        actorName: "bob",
        place: { country: "NZ", city: "Nelson", lat: -41.27, lon: 173.28, radiusKm: 5 },
        network: { kind: "HOSTING", asn: 64_500, name: "Kiwi Hosting" },
        agent: { device: "PROGRAM", os: null, browser: "curl" },
      },
      {
        actorName: "eve",
        place: { country: "FR", city: "Lyon", lat: 45.76, lon: 4.84, radiusKm: 50 },
        network: cable,
        agent: null,
      },
      { actorName: "joe", place: null, network: { kind: "PRIVATE", asn: null, name: null }, agent: null },
      { actorName: "kim", place: austin, network: cable, agent: null },
      { actorName: "cron", place: null, network: null, agent: null },
    ]);
    expect(nodes[5].enrichmentVersion).toBeNull();
  });

  it("is read back by detection as it was", async () => {
    const read = [];
    const { db, vault } = server.app;
    for await (const page of readEventsSince(db, vault, server.ours, 0, () => undefined)) read.push(...page);
    expect(
      read.map(({ actor, enrichment }) => [actor?.name, enrichment?.place?.city, enrichment?.network?.kind]),
    ).toEqual([
      ["ann", "Austin", "RESIDENTIAL"],
      ["bob", "Nelson", "HOSTING"],
      ["eve", "Lyon", "RESIDENTIAL"],
      ["joe", undefined, "PRIVATE"],
      ["kim", "Austin", "RESIDENTIAL"],
      ["cron", undefined, undefined],
    ]);
    expect(read[5]).not.toHaveProperty("enrichment");
  });
});

describe("a rule on what arrival added", () => {
  it.each([
    ["source.geo.country_iso_code: NZ", ["bob"]],
    ["source.geo.city_name: Lyon", ["eve"]],
    ["source.country: US", ["ann", "kim"]],
    ["source.network.kind: HOSTING", ["bob"]],
    ["source.as.organization.name|contains: Cable", ["ann", "eve", "kim"]],
    ["source.as.number: 64501", ["ann", "eve"]],
    ["source.as.number: 7", ["kim"]],
    ["user_agent.name: curl", ["bob"]],
    ["user_agent.name: Own", ["kim"]],
    ["user_agent.os.name: Windows", ["ann"]],
    ["user_agent.device.name: PROGRAM", ["bob"]],
  ])("finds in history, the sender's own words first: %s", async (selection, names) => {
    expect((await matchedBy(selection)).filter((key) => /^[a-z]+$/.test(key)).sort()).toEqual(names);
  });

  it("can be tried on samples, and fires on arrival", async () => {
    const yaml = rule("source.geo.country_iso_code: NZ");
    const sample = [login("x", { ip: "8.8.8.1" }), login("y", { ip: "9.9.9.1" })];
    const { alertRuleTest } = await ask(
      `mutation Test($input: AlertRuleTestInput!) { alertRuleTest(input: $input) { results { matched } userErrors { message } } }`,
      { input: { yaml, events: sample } },
    );
    expect(alertRuleTest).toEqual({ results: [{ matched: true }, { matched: false }], userErrors: [] });
    const { alertRuleCreate } = await ask(
      `mutation Create($input: AlertRuleCreateInput!) { alertRuleCreate(input: $input) { userErrors { message } } }`,
      { input: { yaml, mode: "ACTIVE" } },
    );
    expect(alertRuleCreate.userErrors).toEqual([]);
    await server.ingest(ndjson(sample));
    const { detections } = await ask(`{ detections(first: 10) { nodes { rule { name } eventCount } } }`);
    expect(detections.nodes.filter(({ rule: { name } }: { rule: { name: string } }) => name === "Tried")).toEqual([
      { rule: { name: "Tried" }, eventCount: 1 },
    ]);
  });
});

describe("an event from before there was enrichment", () => {
  it("is read as one without", async () => {
    await server.database.asOwner("UPDATE realtime_monitoring SET enrichment = NULL WHERE actor_name = 'joe'");
    const { nodes } = (await ask(events)).securityEvents;
    expect(nodes.find(({ actorName }: { actorName: string }) => actorName === "joe")).toEqual({
      actorName: "joe",
      enrichmentVersion: null,
      place: null,
      network: null,
      agent: null,
    });
  });
});
