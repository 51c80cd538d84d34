import { describe, expect, it } from "vitest";
import { syslogReader } from "../../../src/ingest/formats/syslog.ts";

const now = Date.UTC(2026, 10, 24, 12);
const read = syslogReader({ now });

describe("the prefix of a syslog line", () => {
  const expected = { host: "gw", program: "sshd", pid: "42", message: "hello: world [1]" };

  it.each([
    ["BSD", "Nov  4 10:11:12 gw sshd[42]: hello: world [1]"],
    ["BSD with priority", "<38>Nov 04 10:11:12 gw sshd[42]: hello: world [1]"],
    ["BSD with a year and milliseconds", "Nov  4 2026 10:11:12.500 gw sshd[42]: hello: world [1]"],
    ["rsyslog's ISO 8601", "2026-11-04T11:11:12.123456+01:00 gw sshd[42]: hello: world [1]"],
    ["journalctl -o short-iso", "2026-11-04T08:11:12-0200 gw sshd[42]: hello: world [1]"],
    ["journalctl -o short-full", "Wed 2026-11-04 10:11:12 UTC gw sshd[42]: hello: world [1]"],
    ["RFC 5424", "<38>1 2026-11-04T10:11:12Z gw sshd 42 - - hello: world [1]"],
    ["RFC 5424 with data", '<38>1 2026-11-04T10:11:12Z gw sshd 42 ID1 [a@1 b="\\"\\]"][c d="e"] hello: world [1]'],
    [
      "journalctl -o json",
      '{"__REALTIME_TIMESTAMP":"1793787072000000","_HOSTNAME":"gw","SYSLOG_IDENTIFIER":"sshd","_PID":"42","MESSAGE":"hello: world [1]"}',
    ],
  ])("is read as %s", (_, line) => {
    const { time, ...rest } = read(line) ?? { time: Number.NaN };
    expect(rest).toEqual(expected);
    expect(Math.floor(time / 1_000)).toBe(Date.UTC(2026, 10, 4, 10, 11, 12) / 1_000);
  });

  it("has no character of journalctl's JSON that cannot be stored, which is escaped there or a number among bytes", () => {
    const entry = { __REALTIME_TIMESTAMP: "1793787072000000", _HOSTNAME: "g\0w", SYSLOG_IDENTIFIER: "ss\ud800hd" };
    for (const MESSAGE of ["a\0b", [97, 0, 98]])
      expect(read(JSON.stringify({ ...entry, MESSAGE }))).toMatchObject({
        host: "g\ufffdw",
        program: "ss\ufffdhd",
        message: "a\ufffdb",
      });
  });

  it("may lack the process id, and the program for syslog's own lines", () => {
    expect(read("Nov  4 10:11:12 gw sshd: x")).toMatchObject({ program: "sshd", pid: undefined, message: "x" });
    expect(read("Nov  4 10:11:12 gw last message repeated 2 times")).toMatchObject({ program: "" });
  });

  it.each([
    "hello",
    "Nov 31 10:11:12 gw sshd: x",
    "Foo  4 10:11:12 gw sshd: x",
    "Nov  4 25:11:12 gw sshd: x",
    "{}",
    "{",
  ])("is not found in %j", (line) => {
    expect(read(line)).toBeUndefined();
  });

  it("is in the time zone of the machine that wrote it, summer time included", () => {
    const local = syslogReader({ now, timeZone: "America/New_York" });
    expect(local("Nov  4 10:11:12 gw sshd: x")?.time).toBe(Date.UTC(2026, 10, 4, 15, 11, 12));
    expect(local("Jul  4 10:11:12 gw sshd: x")?.time).toBe(Date.UTC(2026, 6, 4, 14, 11, 12));
    expect(local("2026-07-04T10:11:12 gw sshd: x")?.time).toBe(Date.UTC(2026, 6, 4, 14, 11, 12));
    expect(local("2026-07-04T10:11:12Z gw sshd: x")?.time).toBe(Date.UTC(2026, 6, 4, 10, 11, 12));
    expect(() => syslogReader({ now, timeZone: "Mars/Base" })).toThrow(RangeError);
  });
});

describe("the year that a line leaves out", () => {
  const times = (lines: string[], options = { now }) => {
    const reader = syslogReader(options);
    return lines.map((line) => new Date(reader(`${line} gw sshd: x`)?.time ?? Number.NaN).toISOString().slice(0, 10));
  };

  it("is the latest that is not in the future", () => {
    expect(times(["Nov 20 10:00:00", "Nov 24 10:00:00"])).toEqual(["2026-11-20", "2026-11-24"]);
    expect(times(["Nov 27 10:00:00"])).toEqual(["2025-11-27"]);
    expect(times(["Feb 29 10:00:00"])).toEqual(["2024-02-29"]);
  });

  it("goes on from December to January, and never back", () => {
    expect(times(["Dec 30 10:00:00", "Dec 31 10:00:00", "Jan  1 10:00:00", "Jan  2 10:00:00"])).toEqual([
      "2025-12-30",
      "2025-12-31",
      "2026-01-01",
      "2026-01-02",
    ]);
    const newYear = { now: Date.UTC(2026, 11, 30, 12) };
    expect(times(["Dec 31 10:00:00", "Jan  1 00:10:00"], newYear)).toEqual(["2026-12-31", "2027-01-01"]);
  });

  it("counts from the file's own age where that is known", () => {
    expect(times(["Nov 20 10:00:00"], { now, latest: Date.UTC(2019, 11, 1) } as never)).toEqual(["2019-11-20"]);
  });
});
