import { describe, expect, it } from "vitest";
import { agentOf } from "../../../src/ingest/enrich/agent.ts";
import fc from "../../support/property.ts";

const webkit = "AppleWebKit/537.36 (KHTML, like Gecko)";

describe("a user agent", () => {
  it.each([
    [
      `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${webkit} Chrome/126.0.0.0 Safari/537.36`,
      "DESKTOP",
      "Windows",
      "Chrome",
    ],
    [
      `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${webkit} Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0`,
      "DESKTOP",
      "Windows",
      "Microsoft Edge",
    ],
    ["Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0", "DESKTOP", "Linux", "Firefox"],
    [
      `Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) ${webkit} Chrome/126.0.0.0 Safari/537.36`,
      "DESKTOP",
      "Chrome OS",
      "Chrome",
    ],
    [
      "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
      "PHONE",
      "iOS",
      "Safari",
    ],
    [
      `Mozilla/5.0 (Linux; Android 14; Pixel 8) ${webkit} Chrome/126.0.0.0 Mobile Safari/537.36`,
      "PHONE",
      "Android",
      "Chrome",
    ],
    [
      "Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.6 Mobile/15E148 Safari/604.1",
      "TABLET",
      "iOS",
      "Safari",
    ],
  ])("of a browser tells machine and family: %s", (text, device, os, browser) => {
    expect(agentOf(text)).toEqual({ device, os, browser });
  });

  it.each([
    ["curl/8.5.0", "curl"],
    ["python-requests/2.32.3", "python-requests"],
    ["okhttp/4.12.0", "okhttp"],
    ["Go-http-client/2.0", "Go-http-client"],
    ["axios/1.7.2", "axios"],
    ["node", "node"],
    ["Apache-HttpClient/4.5.14 (Java/17)", "Apache-HttpClient"],
    ["ClinicApp/3.2 CFNetwork/1494.0.7 Darwin/23.4.0", "ClinicApp"],
    ["Mozilla/5.0 zgrab/0.x", "zgrab"],
    ["sqlmap/1.8#stable (https://sqlmap.org)", "sqlmap"],
  ])("of a library or tool is a PROGRAM: %s", (text, browser) => {
    expect(agentOf(text)).toMatchObject({ device: "PROGRAM", browser });
  });

  it.each([
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${webkit} HeadlessChrome/126.0.0.0 Safari/537.36`,
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "Mozilla/5.0 (compatible; GPTBot/1.0; +https://openai.com/gptbot)",
  ])("of a crawler is a BOT: %s", (text) => expect(agentOf(text)?.device).toBe("BOT"));

  it("that is empty says nothing", () => {
    expect(agentOf("")).toBeUndefined();
    expect(agentOf("  ")).toBeUndefined();
  });

  it("that is forged never breaks anything, nor takes long", () => {
    const piece = fc.oneof(
      fc.string(),
      fc.string({ unit: "binary" }),
      fc.constantFrom(
        "Mozilla/5.0 (",
        "Chrome/",
        "__proto__",
        "((((((",
        "Version/1 Mobile/",
        "; Android 9; ",
        "\0",
        "constructor/1",
      ),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        const agent = agentOf(pieces.join(""));
        if (agent) expect(Object.keys(agent)).toContain("device");
      }),
      { numRuns: 200 },
    );
    const began = performance.now();
    for (const text of ["(", "Mozilla/5.0 (Linux; ", "Mozilla/5.0 ".repeat(9), "a/"]) agentOf(text.repeat(100_000));
    expect(performance.now() - began).toBeLessThan(1_000);
  });

  it("that is long is judged by its beginning and gives short names", () => {
    const browser = agentOf(`${"x".repeat(100_000)}/1.0`)?.browser ?? "";
    expect(browser.length).toBeLessThan(100);
  });
});
