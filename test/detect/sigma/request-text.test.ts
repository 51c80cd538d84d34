import { describe, expect, it } from "vitest";
import { commandOf, decoded, headersOf, inputOf } from "../../../src/detect/sigma/request-text.ts";
import { event } from "../rules.ts";

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
  ])("%s becomes %s: %s (%#)", (sent, read) => {
    expect(decoded(sent, true)).toBe(read);
  });

  it("keeps a plus sign in a path", () => {
    expect(decoded("/C+%2B", false)).toBe("/c++");
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
    expect(inputOf(request)).toEqual(["/a", "x='", `c\\at$\{ifs}'x'`, "s=a"]);
    expect(headersOf(request)).toEqual(["q", "ua"]);
    expect(commandOf(request)).toContain("cat x");
    expect(inputOf(event())).toBeUndefined();
  });
});
