import { describe, expect, it } from "vitest";
import { parseConfig } from "../src/config.ts";

describe("the configuration", () => {
  it("has a default for everything", () => {
    expect(parseConfig({})).toMatchObject({ port: 4000, host: "127.0.0.1", databaseUrl: undefined, logLevel: "info" });
  });

  it("lists every fault together, each with the variable's name", () => {
    const faulty = { PORT: "http", REDIS_URL: "ftp://x", VIGIL_JWT_SECRET: "short", LOG_LEVEL: "loud" };
    expect(() => parseConfig(faulty)).toThrow(/4 fault.*PORT.*REDIS_URL.*VIGIL_JWT_SECRET.*LOG_LEVEL/s);
  });

  it("never repeats a secret in a fault", () => {
    expect(() => parseConfig({ VIGIL_JWT_SECRET: "hunter2" })).toThrow(
      expect.not.objectContaining({ message: /hunter2/ }),
    );
  });
});
