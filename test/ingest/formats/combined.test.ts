import { describe, expect, it } from "vitest";
import type { EventDraft } from "../../../src/ingest/event.ts";
import { combined } from "../../../src/ingest/formats/combined.ts";

const now = Date.UTC(2026, 10, 24, 12);

function one(line: string, timeZone = "UTC"): EventDraft {
  const parsed = combined.parser({ now, timeZone })(line, 1);
  if (!("events" in parsed)) throw new Error(JSON.stringify(parsed));
  return parsed.events[0] as EventDraft;
}

const at = "[04/Nov/2026:10:11:12 +0200]";
const time = Date.UTC(2026, 10, 4, 8, 11, 12);

describe("an access log", () => {
  it("in combined format gives all of a request", () => {
    const line = `192.0.2.9 - ann ${at} "GET /a/b?c=d HTTP/2.0" 302 17 "https://x.example/" "curl/8 (x)"`;
    expect(one(line)).toEqual({
      time,
      logsource: { category: "webserver" },
      action: "http.request",
      category: "WEB",
      outcome: "SUCCESS",
      actor: { name: "ann" },
      source: { ip: "192.0.2.9" },
      http: { method: "GET", path: "/a/b", query: "c=d", status: 302, bytes: 17, referrer: "https://x.example/" },
      userAgent: "curl/8 (x)",
      message: line,
      attributes: { "http.version": "2.0" },
    });
  });

  it("in common format gives what there is", () => {
    const { http, userAgent, actor, outcome } = one(`2001:DB8::9 - - ${at} "HEAD / HTTP/1.1" 401 -`);
    expect({ http, userAgent, actor, outcome }).toEqual({
      http: { method: "HEAD", path: "/", status: 401 },
      outcome: "FAILURE",
    });
  });

  it("may begin with the virtual host, and end with anything", () => {
    const event = one(`shop.example:443 192.0.2.9 - - ${at} "GET / HTTP/1.1" 200 5 "-" "-" "10.0.0.1" 0.003`);
    expect(event).toMatchObject({
      source: { ip: "192.0.2.9" },
      http: { host: "shop.example" },
      attributes: { "url.port": 443, "log.trailing": '"10.0.0.1" 0.003' },
    });
    expect(one(`shop.example 2001:db8::9 - - ${at} "GET / HTTP/1.1" 200 5`).http?.host).toBe("shop.example");
  });

  it.each([
    ["203.0.113.7, 10.0.0.1", "203.0.113.7"],
    ["10.9.9.9, 198.51.100.1, 2001:db8::7, 10.0.0.1, 127.0.0.1", "2001:db8::7"], // what its sender wrote, too
    ["unknown, 10.0.0.2,10.0.0.1", "10.0.0.1"],
    ["6.6.6.6, 203.0.113.7:51234", "203.0.113.7"],
    ["6.6.6.6, [2001:db8::7]:443, 10.0.0.1", "2001:db8::7"],
    ["6.6.6.6, unknown, 10.0.0.1", "10.0.0.1"],
  ])("with X-Forwarded-For in the client's place has who spoke to one's own proxies: %s", (chain, ip) => {
    const event = one(`${chain} - bob ${at} "GET / HTTP/1.1" 200 5`);
    expect(event).toMatchObject({ source: { ip }, actor: { name: "bob" } });
    expect(event.http?.host).toBeUndefined();
  });

  it("with host names instead of addresses attributes none", () => {
    const event = one(`client.example - - ${at} "GET / HTTP/1.1" 200 5`);
    expect(event.source).toBeUndefined();
    expect(event.attributes["source.domain"]).toBe("client.example");
  });

  it("has the client's address where a balancer wrote its port beside it", () => {
    for (const client of ["192.0.2.9:51234", "shop.example 192.0.2.9:51234"]) {
      const { source, actor } = one(`${client} - ann ${at} "GET / HTTP/1.1" 401 5`);
      expect([source, actor]).toEqual([{ ip: "192.0.2.9" }, { name: "ann" }]);
    }
  });

  it("has quotes as Apache and as nginx escapes them", () => {
    const apache = String.raw`192.0.2.9 - - ${at} "GET /?q=\"a\\b\" HTTP/1.1" 200 5 "-" "x\"y"`;
    const nginx = String.raw`192.0.2.9 - - ${at} "GET /?q=\x22a\x5Cb\x22 HTTP/1.1" 200 5 "-" "x\x22y"`;
    for (const line of [apache, nginx])
      expect(one(line)).toMatchObject({ http: { query: 'q="a\\b"' }, userAgent: 'x"y' });
  });

  it.each([
    [String.raw`\x16\x03\x01\x02`, { path: String.raw`\x16\x03\x01\x02` }],
    ["HELP", { path: "HELP" }],
    ["what is this?", { path: "what is this?" }],
    ["-", {}],
    ["", {}],
  ])("never loses a malformed request: %j", (request, http) => {
    const event = one(`192.0.2.9 - - ${at} "${request}" 400 157 "-" "-"`);
    expect(event.http).toEqual({ ...http, status: 400, bytes: 157 });
    expect(event.outcome).toBe("FAILURE");
    expect(event.attributes["http.request.malformed"] ?? false).toBe(request.length > 1);
  });

  it("takes blanks in a path for a part of it, and needs no version", () => {
    expect(one(`192.0.2.9 - - ${at} "GET /a b  HTTP/1.1" 200 5`).http?.path).toBe("/a b ");
    expect(one(`192.0.2.9 - - ${at} "GET /a" 200 5`).http).toMatchObject({ method: "GET", path: "/a" });
    expect(one(`192.0.2.9 - - ${at} "CONNECT x.example:443 HTTP/1.1" 400 5`).http?.path).toBe("x.example:443");
  });

  it.each(["GET   /c99.php HTTP/1.1", "GET /c99.php HTTP/1.1  ", "  GET /c99.php HTTP/1.1"])(
    "has the path as nginx serves it, whatever blanks are before it: %j",
    (request) => {
      const event = one(`192.0.2.9 - - ${at} "${request}" 200 5`);
      expect(event.http).toEqual({ method: "GET", path: "/c99.php", status: 200, bytes: 5 });
      expect(event.attributes).toEqual({ "http.version": "1.1" });
    },
  );

  it.each([
    ["GET http://victim.example/../../etc/passwd?a=b HTTP/1.1", "/../../etc/passwd", "a=b", "http://victim.example"],
    ["GET HTTPS://ann:pw@victim.example:443/a/b?a=b HTTP/1.1", "/a/b", "a=b", "HTTPS://ann:pw@victim.example:443"],
    ["GET http://victim.example?a=b HTTP/1.1", "/", "a=b", "http://victim.example"],
    ["GET http://victim.example/a?a=b", "/a", "a=b", "http://victim.example"],
  ])("has the path of a request that names scheme and host before it, which servers serve: %s", (request, ...parts) => {
    const event = one(`192.0.2.9 - - ${at} "${request}" 200 5`);
    expect([event.http?.path, event.http?.query, event.attributes["http.request.absolute"]]).toEqual(parts);
    expect(event.http?.host).toBe("victim.example");
    expect(event.attributes).not.toHaveProperty(["http.request.malformed"]);
    expect(one(`shop.example:80 192.0.2.9 - - ${at} "${request}" 200 5`).http?.host).toBe("shop.example");
  });

  it("has the path behind any scheme, however long, and a host only of those of the web", () => {
    for (const scheme of ["gopher", "a".repeat(300)]) {
      const event = one(`192.0.2.9 - - ${at} "GET ${scheme}://patient-4711/admin/a HTTP/1.1" 200 5`);
      expect(event.http).toEqual({ method: "GET", path: "/admin/a", status: 200, bytes: 5 });
      expect(event.attributes["http.request.absolute"]).toBe(`${scheme}://patient-4711`);
    }
  });

  it("is malformed where another protocol is spoken", () => {
    const event = one(`192.0.2.9 - - ${at} "OPTIONS rtsp://192.0.2.1:554 RTSP/1.0" 400 5`);
    expect(event.attributes).toEqual({ "http.request.malformed": true });
  });

  it.each(["CONNECT victim.example:443", "OPTIONS *", "GET //victim.example/a", "GET /http://victim.example/a"])(
    "takes no host from other targets: %s",
    (request) => {
      const event = one(`192.0.2.9 - - ${at} "${request} HTTP/1.1" 200 5`);
      expect(event.http).toMatchObject({ path: request.slice(request.indexOf(" ") + 1) });
      expect([event.http?.host, event.attributes]).toEqual([undefined, { "http.version": "1.1" }]);
    },
  );

  it("has no empty path where a request has none", () => {
    expect(one(`192.0.2.9 - - ${at} "GET  HTTP/1.1" 400 5`)).toMatchObject({
      http: { path: "GET  HTTP/1.1" },
      attributes: { "http.request.malformed": true },
    });
  });

  it("is not misled by a user who calls himself a log line", () => {
    const name = String.raw`- [01/Jan/2020:00:00:00 +0000] \"GET /fake HTTP/1.1\" 200 5`;
    const event = one(`192.0.2.9 - ${name} ${at} "GET /true HTTP/1.1" 401 5`);
    expect(event).toMatchObject({ time, source: { ip: "192.0.2.9" }, http: { path: "/true", status: 401 } });
    expect(event.actor?.name).toBe(name.replaceAll('\\"', '"'));
  });

  it("may come by syslog", () => {
    expect(one(`Nov  4 10:11:12 web nginx: 192.0.2.9 - - ${at} "GET / HTTP/1.1" 200 5`).time).toBe(time);
    expect(combined.parser({ now })("Nov  4 10:11:12 web cron[1]: x", 1)).toHaveProperty("ignored");
  });

  it("clamps a time in the future", () => {
    const event = one(`192.0.2.9 - - [04/Nov/2027:10:11:12 +0200] "GET / HTTP/1.1" 200 5`);
    expect(event).toMatchObject({ time: now, attributes: { "vigil.clock": "FUTURE_CLAMPED" } });
  });

  it("of a proxy that writes the time first is read as well", () => {
    const manager = `${at} HIT 200 404 - GET https shop.example "/a?b=1" [Client 192.0.2.9] [Length 17] [Gzip -] [Sent-to 10.0.0.1] "curl/8" "-"`;
    expect(one(manager)).toMatchObject({
      time,
      source: { ip: "192.0.2.9" },
      userAgent: "curl/8",
      http: { method: "GET", path: "/a", query: "b=1", status: 404, bytes: 17, host: "shop.example" },
    });
    expect(one(`${at} shop.example 192.0.2.9 0.227 "GET / HTTP/1.1" 401 77 935 - curl/8 x`)).toMatchObject({
      time,
      source: { ip: "192.0.2.9" },
      userAgent: "curl/8 x",
      http: { status: 401, bytes: 77, durationMs: 227, host: "shop.example" },
    });
  });

  it.each(["hello", `192.0.2.9 - - ${at} "GET / HTTP/1.1`, '192.0.2.9 - - [noon] "GET / HTTP/1.1" 200 5', "[x] y"])(
    "refuses what is no line of it: %j",
    (line) => {
      expect(combined.parser({ now })(line, 3)).toMatchObject({ rejection: { index: 2, code: "UNPARSED_LINE" } });
    },
  );

  it.each(['"', "\\", '\\"', "[", "] ", ' "', '" 200 ', " - ", "a", ", client: 1.2.3.4", "(", '" [Client '])(
    "is read in linear time, whatever it repeats: %j",
    (piece) => {
      const hostile = piece.repeat(100_000 / piece.length);
      const parse = combined.parser({ now });
      const began = process.cpuUsage();
      for (const start of [
        "",
        `192.0.2.9 - - ${at} "`,
        `${at} 200 - GET http h "`,
        "[Wed Nov 04 10:11:12 2026] [",
        "192.0.2.9 - ",
      ]) {
        parse(start + hostile, 1);
      }
      parse(`2026/11/04 10:11:12 [error] 1#1: *1 user "${hostile}`, 1);
      parse(`2026/11/04 10:11:12 [error] 1#1: *1 x, client: 192.0.2.9, request: "GET / HTTP/1.1", ${hostile}`, 1);
      expect(process.cpuUsage(began).user).toBeLessThan(2_000_000); // a quadratic one takes minutes
    },
  );
});

describe("an error log of nginx", () => {
  const error = (text: string) => `2026/11/04 10:11:12 [error] 7#7: *17 ${text}`;
  const context = 'client: 192.0.2.9, server: _, request: "GET /admin?x=1 HTTP/1.1", host: "shop.example"';

  it.each([
    `user "ann": password mismatch, ${context}`,
    `user "ann" was not found in "/etc/nginx/htpasswd", ${context}`,
  ])("tells of refused log-ins: %s", (text) => {
    expect(one(error(text))).toMatchObject({
      time: Date.UTC(2026, 10, 4, 10, 11, 12),
      logsource: { product: "nginx" },
      action: "login",
      category: "AUTHENTICATION",
      outcome: "FAILURE",
      actor: { name: "ann" },
      source: { ip: "192.0.2.9" },
      http: { method: "GET", path: "/admin", query: "x=1", host: "shop.example" },
    });
  });

  it("tells of limits and other refused requests, in the server's own time zone", () => {
    expect(one(error(`limiting requests, excess: 5.4 by zone "z", ${context}`), "Europe/Paris")).toMatchObject({
      action: "http.limited",
      category: "WEB",
      time: Date.UTC(2026, 10, 4, 9, 11, 12),
    });
    expect(one(error(`access forbidden by rule, ${context}`)).action).toBe("http.forbidden");
    expect(combined.parser({ now })("2026/11/04 10:11:12 [notice] 7#7: signal process started", 1)).toHaveProperty(
      "ignored",
    );
  });

  it("has the whole of a path with quotes, which nginx writes as they came", () => {
    const quoted = context.replace("/admin?x=1", '/a"/../../etc/passwd?q="1"');
    expect(one(error(`access forbidden by rule, ${quoted}`)).http).toEqual({
      method: "GET",
      path: '/a"/../../etc/passwd',
      query: 'q="1"',
      host: "shop.example",
    });
    const unversioned = context.replace(" HTTP/1.1", "");
    expect(one(error(`access forbidden by rule, ${unversioned}`)).http).toMatchObject({ path: "/admin", query: "x=1" });
  });

  it("names no address where a path could have named another", () => {
    const event = one(error(`open() "/srv/a, client: 1.2.3.4, server: _" failed (2: No such file), ${context}`));
    expect(event.source).toBeUndefined();
  });

  it("is not misled by the name of a user, which cannot have a colon", () => {
    const event = one(
      error(
        `user "x", client 1.2.3.4": password mismatch, ${context.replace("/admin", "/, client: 1.2.3.4, server: ")}`,
      ),
    );
    expect(event).toMatchObject({ source: { ip: "192.0.2.9" }, actor: { name: 'x", client 1.2.3.4' } });
  });
});

describe("an error log of Apache", () => {
  const error = (client: string, text: string) =>
    `[Wed Nov 04 10:11:12.123456 2026] [auth_basic:error] [pid 7:tid 8] [client ${client}] ${text}`;

  it.each([
    ['AH01617: user ann: authentication failure for "/admin": Password Mismatch', "ann"],
    ["AH01618: user ann not found: /admin", "ann"],
    ["AH01790: user `ann' in realm `The clinic's' not found: /admin", "ann"],
    ["AH01791: user `ann' in realm `Clinic' denied by provider: /admin", "ann"],
    ["AH01792: user ann: password mismatch: /admin", "ann"],
  ])("tells of refused log-ins: %s", (text, name) => {
    expect(one(error("192.0.2.9:4711", text))).toMatchObject({
      time: Date.UTC(2026, 10, 4, 10, 11, 12),
      action: "login",
      category: "AUTHENTICATION",
      outcome: "FAILURE",
      actor: { name },
      source: { ip: "192.0.2.9", port: 4711 },
    });
  });

  it.each([
    [
      "AH00126: Invalid URI in request GET /a/.%2E/.%2E/b?c=d HTTP/1.1 ",
      { method: "GET", path: "/a/.%2E/.%2E/b", query: "c=d" },
    ],
    [
      "AH00126: Invalid URI in request POST /%%32e/ HTTP/1.1, referer: http://ann.example/",
      { method: "POST", path: "/%%32e/" },
    ],
    ["AH10244: invalid URI path (/a/%%32%65%%32%65/b)", { path: "/a/%%32%65%%32%65/b" }],
  ])("has the path of a request that was refused for it: %s", (text, http) => {
    expect(one(error("192.0.2.9:4711", text))).toMatchObject({ action: "http.error", outcome: "FAILURE", http });
  });

  it("takes no path from other messages", () => {
    expect(one(error("192.0.2.9:4711", "AH00127: Cannot map GET /x HTTP/1.1 to file")).http).toBeUndefined();
  });

  it("has IPv6 clients with and without a port", () => {
    expect(one(error("2001:db8::9:4711", "AH00126: Invalid URI")).source).toEqual({ ip: "2001:db8::9", port: 4711 });
    expect(one(error("192.0.2.9", "File does not exist: /x"))).toMatchObject({
      action: "http.error",
      source: { ip: "192.0.2.9" },
    });
  });

  it("has messages of the server itself, which are no events", () => {
    const line = "[Wed Nov 04 10:11:12 2026] [mpm_event:notice] [pid 7:tid 8] AH00489: Apache configured";
    expect(combined.parser({ now })(line, 1)).toHaveProperty("ignored");
  });
});
