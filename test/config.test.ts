import { describe, expect, it } from "vitest";
import { parseConfig, variableTypes } from "../src/config.ts";
import { misspelt } from "../src/run.ts";

describe("the configuration", () => {
  it("has a default for everything", () => {
    expect(parseConfig({})).toMatchObject({ port: 4000, host: "127.0.0.1", databaseUrl: undefined, logLevel: "info" });
  });

  it("lists every fault together, each with the variable's name", () => {
    const faulty = { PORT: "http", REDIS_URL: "ftp://x", VIGIL_JWT_SECRET: "short", LOG_LEVEL: "loud" };
    expect(() => parseConfig(faulty)).toThrow(/4 fault.*PORT.*REDIS_URL.*VIGIL_JWT_SECRET.*LOG_LEVEL/s);
  });

  it("does not make a database ready for a server that would not use it", () => {
    const VIGIL_OWNER_DATABASE_URL = "postgres://owner:secret@db.example/vigil";
    expect(() => parseConfig({ VIGIL_OWNER_DATABASE_URL })).toThrow(/DATABASE_URL is needed beside VIGIL_OWNER/);
    parseConfig({ VIGIL_OWNER_DATABASE_URL, DATABASE_URL: "postgres://vigil_server:secret@db.example/vigil" });
  });

  it("C6 reads a keyring, the first key being current, and lists every fault of it without its content", () => {
    const key = (byte: number) => Buffer.alloc(32, byte).toString("base64");
    const { encryptionKeys } = parseConfig({ VIGIL_ENCRYPTION_KEYS: `new:${key(1)}, old:${key(2)}` });
    expect(encryptionKeys).toEqual([
      { id: "new", key: Buffer.alloc(32, 1) },
      { id: "old", key: Buffer.alloc(32, 2) },
    ]);
    const faulty = `a:${key(1)},a:${key(2)},b:c2hvcnQ=,${key(3)},d:not base64 ${key(4)}`;
    let message = "";
    try {
      parseConfig({ VIGIL_ENCRYPTION_KEYS: faulty });
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toMatch(
      /4 fault.*key 2 repeats the id "a".*key 3 \("b"\) is not 32.*key 4 has no id.*key 5 \("d"\)/s,
    );
    for (const content of [key(1), key(2), key(3), key(4), "c2hvcnQ"]) expect(message).not.toContain(content);
  });

  it("reads where e-mail goes, and lists every fault of it without its content", () => {
    const smtpOf = (SMTP_URL: string) => parseConfig({ SMTP_URL }).smtp;
    expect(smtpOf("smtp://vigil:p%40ss@mail.example?from=v@clinic.example&tls=required")).toEqual({
      host: "mail.example",
      port: 587,
      secure: false,
      requireTls: true,
      auth: { user: "vigil", pass: "p@ss" },
      from: "v@clinic.example",
    });
    expect(smtpOf("smtps://[::1]")).toMatchObject({ host: "::1", port: 465, secure: true, from: "vigil@localhost" });
    expect(() => smtpOf("http://mail.example")).toThrow(/SMTP_URL is an smtp/);
    const faulty = "smtp://hunter2@mail.example/inbox?from=nobody&tls=maybe&pool=1";
    expect(() => smtpOf(faulty)).toThrow(/5 fault.*no path.*no other.*tls=required.*sender.*password/s);
    expect(() => smtpOf(faulty)).toThrow(expect.not.objectContaining({ message: /hunter2/ }));
  });

  it("takes files of one's own for places and networks, wherever it is started", () => {
    const { geoip } = parseConfig({ VIGIL_GEOIP_CITY: "geo/city.mmdb" });
    expect(geoip).toEqual({ city: `${process.cwd()}/geo/city.mmdb`, asn: undefined });
  });

  it("reads the addresses and ranges of trusted proxies, none unless told; no response touches them", () => {
    expect(parseConfig({}).trustedProxies).toEqual([]);
    const VIGIL_TRUSTED_PROXIES = "127.0.0.1, 10.20.7.7/16,::1,";
    expect(parseConfig({ VIGIL_TRUSTED_PROXIES }).trustedProxies).toEqual(["127.0.0.1", "10.20.0.0/16", "::1"]);
    const sparedOf = (proxies: string) =>
      parseConfig({ VIGIL_OWN_ADDRESSES: "203.0.113.7", VIGIL_TRUSTED_PROXIES: proxies }).ownAddresses;
    expect(sparedOf("192.0.2.9,104.16.0.0/13,198.0.0.0/8,2400:cb00::/32")).toEqual(
      ["203.0.113.7", "192.0.2.9", "104.16.0.0/13", "198.0.0.0/8", "2400:cb00::/32"], // where proxies are
    );
    expect(sparedOf("0.0.0.0/0,::/0,0.0.0.0/1,2000::/3,::ffff:0:0/96")).toEqual(["203.0.113.7"]); // anywhere
    expect(() => parseConfig({ VIGIL_TRUSTED_PROXIES: "my-proxy" })).toThrow(/VIGIL_TRUSTED_PROXIES "my-proxy" is no/);
  });

  it("knows a setting that is misspelt from what is none of its own", () => {
    const of = (...names: string[]) => misspelt(Object.fromEntries(names.map((name) => [name, "x"])));
    const wrong = {
      VIGIL_TRUSTED_PROXY: "VIGIL_TRUSTED_PROXIES",
      VIGIL_ENCRYPTION_KEY: "VIGIL_ENCRYPTION_KEYS",
      VIGIL_OWNER_DATABASE_UR: "VIGIL_OWNER_DATABASE_URL",
      VIGIL_JWT_SECRET_KEY: "VIGIL_JWT_SECRET",
      VIGIL_REDIS_URL: "REDIS_URL",
      VIGIL_PORT: "PORT",
    };
    expect(of(...Object.keys(wrong))).toEqual(Object.entries(wrong).map(([given, meant]) => ({ given, meant })));
    expect(of(...Object.keys(variableTypes))).toEqual([]);
    const ofPrograms = ["VIGIL_URL", "VIGIL_KEY", "VIGIL_TOKEN", "VIGIL_API_KEY"];
    const ofCompose = ["VIGIL_BIND", "VIGIL_VERSION", "VIGIL_SERVER_PASSWORD"];
    const ofTests = ["VIGIL_SCREENSHOTS", "VIGIL_EXPLAIN_ROWS", "VIGIL_TEST_REDIS", "VIGIL_TEST_SEED"];
    const ofBenches = ["ROWS", "STORED", "SPACING", "SECONDS", "OPEN", "EVENTS", "SEED", "BESIDE"];
    const ofKubernetes = ["SERVICE_HOST", "SERVICE_PORT", "SERVICE_PORT_HTTP", "PORT_4000_TCP", "PORT_4000_TCP_ADDR"];
    const others = [...ofBenches.map((name) => `BENCH_${name}`), ...ofKubernetes, "PORT_4000_TCP_PORT"];
    expect(of(...ofPrograms, ...ofCompose, ...ofTests, ...others.map((name) => `VIGIL_${name}`))).toEqual([]);
    expect(misspelt({ VIGIL_PORT: "tcp://10.0.0.1:4000", VIGIL_TRUSTED_PROXY: "" })).toEqual([]);
  });

  it("never repeats a secret in a fault", () => {
    expect(() => parseConfig({ VIGIL_JWT_SECRET: "hunter2" })).toThrow(
      expect.not.objectContaining({ message: /hunter2/ }),
    );
  });
});
