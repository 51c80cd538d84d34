import { describe, expect, it } from "vitest";
import { createFieldReader } from "../../../src/detect/sigma/fields.ts";
import { decoded, decodings, withoutComments } from "../../../src/detect/sigma/request-decode.ts";
import { commandOf, headersOf, inputOf, uploadsOf } from "../../../src/detect/sigma/request-text.ts";
import { validateAll } from "../../../src/ingest/accept.ts";
import type { EventDraft } from "../../../src/ingest/event.ts";
import { combined } from "../../../src/ingest/formats/combined.ts";
import fc from "../../support/property.ts";
import { event } from "../rules.ts";

function lineOf(line: string): EventDraft | undefined {
  const parsed = combined.parser({ now: Date.now(), timeZone: "UTC" })(line, 1);
  return "events" in parsed ? parsed.events[0] : undefined;
}

describe("a web request as rules read it", () => {
  it.each([
    ["%2527%20OR%201", "' or 1", "percent-encoding of several layers, in lower case"],
    ["a+b", "a b", "a plus sign in a query as a blank"],
    ["..%c0%af..%c1%9cx", "../..\\x", "overlong bytes"],
    ["%u003cscript&#x3e;&lt;\\u0061\\x62", "<script><ab", "entities and escapes of scripts"],
    ["union/**/all%0a/*!50000select*/", "union all select ", "SQL comments and line breaks as one blank"],
    ["\uff1cscript\uff1e", "<script>", "full-width letters"],
    ["sel%00ect", "select", "without null bytes"],
    ["caf%C3%A9 %E9", "café é", "UTF-8, and Latin-1 where it is none"],
    ["100%", "100%", "a lone percent sign as it is"],
    ["%24%26lbrace%3Bjndi", "${jndi", "entities inside of percent-encoding"],
    ["&#x00000024;\\u002524{", "$${", "escapes inside of escapes, padded"],
  ])("%s becomes %s: %s (%#)", (sent, read) => {
    expect(decoded(sent, true)).toBe(read);
  });

  it("keeps a plus sign in a path", () => {
    expect(decoded("/C+%2B", false)).toBe("/c++");
  });

  it("says what stands beside a comment twice: with the comment's text and without", () => {
    expect(decodings("drop/*x*/table", true)).toEqual(["drop x table", "drop table"]);
    expect(decodings("/*!50000select*/ 1", true)).toEqual([" select 1"]);
    expect(decodings("a/b", true)).toEqual(["a/b"]);
  });

  it("reads base64 in a query and headers of the application's own, not those that browsers and proxies write", () => {
    const headers = { "X-Clinic": "<Script>", "X-Request-Id": "<b>", Accept: "*/*" };
    const sent = { http: { path: "/", query: "a=d2hpbGUodHJ1ZSk7&b=Zm9vYmFyMTIz" } };
    expect(inputOf(event({ ...sent, attributes: { "http.request.headers": headers } }))).toEqual([
      "/",
      sent.http.query.toLowerCase(),
      "while(true);",
      "foobar123",
      "<script>",
    ]);
  });

  it("knows the names of uploaded files, from a multipart body or from a header", () => {
    const body = 'Content-Disposition: form-data; name="f"; filename="..%2FA.Php. "\r\n\r\nx';
    const headers = { "X-File-Name": "b. phtml.." };
    const attributes = { "http.request.body.content": body, "http.request.headers": headers };
    expect(uploadsOf(event({ attributes }))).toEqual(["../a.php", "b.phtml"]);
    expect(uploadsOf(event())).toBeUndefined();
  });

  it("drops the comments that a search for them would find, whatever the text, and in no more time for many without end", () => {
    const text = fc.string({ unit: fc.constantFrom("/", "*", "!", "a", "\n"), maxLength: 14 });
    fc.assert(
      fc.property(text, (one) => {
        expect(withoutComments(one)).toBe(one.replace(/\/\*[^!].*?\*\//gs, " "));
      }),
      { numRuns: 2_000 },
    );
    const many = "/*a".repeat(300_000); // minutes, where each of them is looked at to the end
    expect(withoutComments(many)).toBe(many);
  });

  it("reads the end of a file's name in one go, however many dots it has", () => {
    const long = `${".".repeat(8_000)}x`;
    const sent = [...Array.from({ length: 100 }, () => long), "a . ."];
    const began = performance.now();
    const names = uploadsOf(event({ attributes: { "http.request.headers": { "x-file-name": sent } } }));
    expect(performance.now() - began).toBeLessThan(2_000); // three seconds and more, where each dot is a new beginning
    expect(names).toEqual([...sent.slice(0, 100), "a"]);
  });

  it.each([
    ["ECS, nested", { "@timestamp": 1, event: { action: "get" } }],
    ["Vigil's own", { action: "get" }],
  ])("finds body and headers where they were sent: %s", async (_, sent) => {
    const request = {
      body: { content: "A=%27" },
      headers: { Cookie: "s=%41", "X-App": "<B>", "X-File-Name": "a.Php" },
    };
    const { drafts } = await validateAll([{ ...sent, http: { request } }], Date.now());
    const asSent = event({ attributes: drafts[0]?.attributes ?? {} });
    expect(inputOf(asSent)).toEqual(["a='", "s=a", "<b>", "a.php"]);
    expect(headersOf(asSent)).toEqual(["<b>", "a.php"]);
    expect(uploadsOf(asSent)).toEqual(["a.php"]);
  });

  describe.each([
    ["of 2,100 characters", 2_100],
    ["of 40,000 characters", 40_000],
  ])("whose padding is %s", (_, length) => {
    const padding = "A".repeat(length);
    const query = `x=${padding}&id=1' union select 1`;
    const agent = `${padding}$%7bjndi:`;
    const line = `192.0.2.9 - - [04/Nov/2026:10:11:12 +0200] "GET /s?${query} HTTP/1.1" 200 1 "${agent}" "${agent}"`;

    it.each([
      ["Vigil's own", { action: "get", userAgent: agent, http: { path: "/s", query, referrer: agent } }],
      ["Vigil's own, with the query in the path", { action: "get", userAgent: agent, http: { path: `/s?${query}` } }],
      ["ECS, dotted", { "event.action": "get", "url.path": "/s", "url.query": query, "user_agent.original": agent }],
      ["ECS, nested", { event: { action: "get" }, url: { path: "/s", query }, http: { request: { referrer: agent } } }],
      ["ECS, with the address as it was asked for", { event: { action: "get" }, url: { original: `/s?${query}` } }],
      ["a line of an access log", line],
    ])("is read to its end: %s", async (_, sent) => {
      const draft = typeof sent === "string" ? lineOf(sent) : (await validateAll([sent], Date.now())).drafts[0];
      const asSent = event(draft as EventDraft);
      expect(inputOf(asSent)?.some((text) => text.endsWith("id=1' union select 1"))).toBe(true);
      const heads = headersOf(asSent)?.filter((text) => text.endsWith("${jndi:")) ?? [];
      expect(heads).toHaveLength([asSent.userAgent, asSent.http?.referrer].filter(Boolean).length);
      const field = createFieldReader();
      const read = (name: string) => field(name, { category: "webserver" })(asSent);
      expect([read("cs-uri-query"), read("cs-uri"), read("cs-uri-stem")]).toEqual([query, `/s?${query}`, "/s"]);
      if (asSent.userAgent) expect([read("cs-user-agent"), read("user_agent.original")]).toEqual([agent, agent]);
    });
  });

  describe.each([
    ["short", 10],
    ["as long as what is stored", 2_030],
    ["longer", 2_100],
  ])("that names scheme and host before its path, which is %s", (_, length) => {
    const path = `/${"a".repeat(length)}/../../etc/passwd`;
    const origin = "http://metadata.example";
    const line = `192.0.2.9 - - [04/Nov/2026:10:11:12 +0200] "GET ${origin}${path}?x=1 HTTP/1.1" 200 1`;

    it.each([
      ["Vigil's own", { action: "get", http: { path: `${origin}${path}`, query: "x=1" } }],
      ["Vigil's own, with the query in the path", { action: "get", http: { path: `${origin}${path}?x=1` } }],
      ["ECS", { event: { action: "get" }, url: { original: `${origin}${path}?x=1` } }],
      ["a line of an access log", line],
    ])("has its path as servers serve it, and the whole as it was sent: %s", async (_, sent) => {
      const draft = typeof sent === "string" ? lineOf(sent) : (await validateAll([sent], Date.now())).drafts[0];
      const asSent = event(draft as EventDraft);
      const read = (name: string) => createFieldReader()(name, { category: "webserver" })(asSent);
      expect([read("url.path"), read("url.query"), read("url.domain")]).toEqual([path, "x=1", "metadata.example"]);
      expect([read("url.original"), read("cs-uri")]).toEqual([`${origin}${path}?x=1`, `${origin}${path}?x=1`]);
      expect(inputOf(asSent)).toEqual(expect.arrayContaining([path, `${origin}${path}`, "x=1"]));
    });
  });

  it("is read in pieces that overlap, so that what is asked for stands whole in one of them", () => {
    for (const before of [7_000, 8_185, 8_192, 15_360, 65_000]) {
      const query = `${"%41".repeat(before / 3)}%27 union select`;
      const read = inputOf(event({ http: { path: "/", query } })) ?? [];
      expect(read.some((text) => text.includes("' union select"))).toBe(true);
    }
  });

  it("has path, query, body and cookies as input, the other headers apart, and commands without quotes", () => {
    const request = event({
      http: { path: "/A", query: "x=%27" },
      userAgent: "UA",
      attributes: {
        "http.request.headers": { Cookie: "s=%41", "X-Forwarded-For": ["q"] },
        "http.request.body.content": `c\\at$\{IFS}'x'`,
      },
    });
    expect(inputOf(request)).toEqual(["/a", "x='", `c\\at$\{ifs}'x'`, "s=a", "q"]);
    expect(headersOf(request)).toEqual(["q", "ua"]);
    expect(commandOf(request)).toContain("cat x");
    expect(inputOf(event())).toBeUndefined();
  });
});
