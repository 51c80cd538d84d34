import { describe, expect, it } from "vitest";
import { formats } from "../../src/ingest/formats/formats.ts";
import fc from "../support/property.ts";

const now = Date.UTC(2026, 10, 24, 12);
const parse = (line: string) => {
  const format = formats.get("sshd");
  if (!format) throw new Error("no sshd format");
  return format.parser({ now })(line, 1);
};
const failure = (user: string) =>
  `Nov 24 10:00:00 host sshd[1]: Failed password for invalid user ${user} from 203.0.113.9 port 4711 ssh2`;

describe("the sshd format", () => {
  it("reads who failed, from where and when", () => {
    const result = parse(failure("ann"));
    expect(result).toMatchObject({
      events: [
        {
          time: Date.UTC(2026, 10, 24, 10),
          outcome: "FAILURE",
          category: "AUTHENTICATION",
          actor: { name: "ann" },
          source: { ip: "203.0.113.9", port: 4711 },
        },
      ],
    });
  });

  it.each([
    "root from 1.2.3.4 port 22",
    "root from 1.2.3.4 port 22 ssh2",
    "x from 1.2.3.4 port 22 ssh2 ",
    "'; DROP TABLE users; -- from 1.2.3.4",
    "a for root from 1.2.3.4",
  ])("a user who calls himself «%s» does not change the address", (user) => {
    expect(parse(failure(user))).toMatchObject({ events: [{ source: { ip: "203.0.113.9", port: 4711 } }] });
  });

  it("whatever printable name an attacker chooses, the address is the true one", () => {
    const piece = fc.oneof(
      fc.string({ minLength: 1, maxLength: 12 }),
      fc.constantFrom(
        " from 1.2.3.4 port 22",
        " port 22 ssh2",
        "invalid user ",
        " [preauth]",
        "for ",
        "Accepted password ",
      ),
    );
    const name = fc
      .array(piece, { minLength: 1, maxLength: 5 })
      .map((pieces) => pieces.join("").replace(/[^\x20-\x7e]/g, "?"));
    fc.assert(
      fc.property(name, (user) => {
        const result = parse(failure(user));
        if ("events" in result) for (const { source } of result.events) expect(source?.ip).toBe("203.0.113.9");
        else expect(result).toHaveProperty("rejection");
      }),
      { numRuns: 2_000 },
    );
  });

  it.each(["Invalid user  from 203.0.113.9 port 1", "Connection closed by invalid user  203.0.113.9 port 1 [preauth]"])(
    "names nobody where the name is empty: %s",
    (message) => {
      const result = parse(`Nov 24 10:00:00 host sshd[1]: ${message}`);
      expect(result).toMatchObject({ events: [{ action: "login", source: { ip: "203.0.113.9" } }] });
      expect(result).not.toHaveProperty("events.0.actor");
    },
  );

  it("tells lines without a security event from lines it cannot read", () => {
    expect(parse("Nov 24 10:00:00 host CRON[1]: session opened")).toHaveProperty("ignored");
    expect(parse("this is no log line")).toMatchObject({ rejection: { code: "UNPARSED_LINE" } });
  });

  it("reads a hostile line of 100 kB in no time that grows with its square", () => {
    const hostile = failure(" from 1.2.3.4 port 22 ssh2".repeat(4_000));
    const began = process.cpuUsage();
    parse(hostile);
    expect(process.cpuUsage(began).user).toBeLessThan(1_000_000); // a quadratic one takes minutes
  });
});

describe("the combined format", () => {
  it("reads a request with address, user, path, query, status and agent", () => {
    const parser = formats.get("combined")?.parser({ now });
    const line = `2001:db8::1 - bob [24/Nov/2026:10:00:00 +0100] "GET /a/b?x=1 HTTP/1.1" 404 52 "-" "curl/8"`;
    expect(parser?.(line, 1)).toMatchObject({
      events: [
        {
          time: Date.UTC(2026, 10, 24, 9),
          outcome: "FAILURE",
          actor: { name: "bob" },
          source: { ip: "2001:db8::1" },
          http: { method: "GET", path: "/a/b", query: "x=1", status: 404, bytes: 52 },
          userAgent: "curl/8",
        },
      ],
    });
  });
});
