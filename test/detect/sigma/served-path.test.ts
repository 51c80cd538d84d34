import { describe, expect, it } from "vitest";
import { servedPath } from "../../../src/detect/sigma/served-path.ts";
import { correlation, detectorFor, event, matches } from "../rules.ts";

describe("the path that servers serve", () => {
  it.each([
    ["/.env", "/.env"],
    ["/.%65nv", "/.env"],
    ["//admin///users", "/admin/users"],
    ["/a/./b/../c", "/a/c"],
    ["/a/b/..", "/a/"],
    ["/a/.", "/a/"],
    ["/../../etc/passwd", "/etc/passwd"],
    ["/a/%2e%2e/b", "/b"],
    ["/files/", "/files/"],
    ["/", "/"],
    ["//", "/"],
    ["*", "*"],
    ["", ""],
    ["/100%", "/100%"],
    ["/heapdump%3ba.css", "/heapdump;a.css"],
    ["/..hidden/...", "/..hidden/..."],
  ])("of %s is %s", (sent, served) => {
    expect(servedPath(sent)).toBe(served);
    expect(servedPath(served)).toBe(served);
  });
});

describe("a rule on a path", () => {
  const logsource = { category: "webserver" };
  const on = (path: string, test: string, name = "url.path") =>
    matches(`s: { ${name}|${test} }\ncondition: s`, { http: { method: "GET", path }, logsource }, logsource);

  it("matches what is served, however it is written", async () => {
    for (const path of ["/admin/x", "//admin/x", "/./admin/x", "/%61dmin/x", "/y/../admin/x"])
      for (const name of ["url.path", "http.path", "cs-uri-stem", "c-uri"])
        expect([path, name, await on(path, "startswith: /admin/", name)]).toEqual([path, name, true]);
    expect(await on("/y/../admin/x", "startswith: /other/")).toBe(false);
  });

  it("matches what was sent as well", async () => {
    expect(await on("/y/../admin/%78", "contains: /../")).toBe(true);
    expect(await on("/y/../admin/%78", "endswith: '%78'")).toBe(true);
  });

  it("matches what was sent once decoded, which climbs out of a folder", async () => {
    expect(await on("/y/%2e%2e/admin", "contains: /../")).toBe(true);
    expect(await on("/y/%2e%2e/admin", "startswith: /admin")).toBe(true);
    expect(await on("/y/%2e%2e/admin", "contains: '%2e%2e'")).toBe(true);
  });

  it("leaves the scheme and host of a target, and its query, as they are", async () => {
    const read = (test: string) =>
      matches(`s: { url.original|${test} }\ncondition: s`, {
        http: { path: "//a/%62", query: "c=%64//e" },
        attributes: { "http.request.absolute": "http://shop.example" },
      });
    expect(await read("endswith: '/a/b?c=%64//e'")).toBe(true);
    expect(await read("startswith: 'http://shop.example/'")).toBe(true);
    expect(await read("contains: 'c=d'")).toBe(false);
  });

  it("groups by the path as it was sent", async () => {
    const page = `title: Page\nname: failed_login\nlogsource: {}\ndetection:\n  s: { url.path|contains: /a }\n  condition: s\n`;
    const many = correlation("type: event_count\ngroup-by: [url.path]\ntimespan: 1m\ncondition: { gte: 2 }");
    const sent = ["/%61", "/%61", "/a"].map((path) => event({ http: { path } }));
    const { detections } = await detectorFor(page, many).evaluate(sent);
    expect(detections.map(({ subjects }) => subjects[0]?.key)).toEqual(["url.path=/%61"]);
  });
});
