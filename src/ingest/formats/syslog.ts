import { isObject } from "../json.ts";
import { cleanText } from "../text.ts";
import { parseTime, wallTime } from "../time.ts";
import type { ParserOptions } from "./format.ts";
import { monthNumber, yearGuess } from "./year.ts";
import { zoneReader } from "./zone.ts";

export interface SyslogLine {
  /** Epoch ms. */
  time: number;
  host: string;
  /** Empty for a line of the syslog daemon itself. */
  program: string;
  pid: string | undefined;
  message: string;
}

// Every quantifier is followed by something it cannot match itself, so each is linear in the line's length.
const bsd =
  /^(?:<\d{1,3}>)?([A-Z][a-z]{2}) {1,2}(\d{1,2}) (?:(\d{4}) )?(\d\d):(\d\d):(\d\d)(?:[.,]\d{1,9})? (\S+) (?:([^\s:[\]]+)(?:\[(\d+)\])?: ?)?(.*)$/s;
const iso =
  /^(?:<\d{1,3}>)?(?:[A-Z][a-z]{2} )?(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?)( UTC|Z|[+-]\d\d:?\d\d)? (\S+) (?:([^\s:[\]]+)(?:\[(\d+)\])?: ?)?(.*)$/s;
const rfc5424 = /^(?:<\d{1,3}>)?1 (\S+) (\S+) (\S+) (\S+) \S+ (?:-|(?:\[(?:[^\]\\]|\\.)*\])+)(?: \ufeff?(.*))?$/s;

/**
 * Takes the prefix of a line apart: BSD syslog (RFC 3164), the same with an ISO 8601 time as rsyslog and journalctl
 * write it, RFC 5424, and journald's JSON export. Undefined for anything else.
 */
export function syslogReader(options: ParserOptions): (line: string) => SyslogLine | undefined {
  const year = yearGuess(options.latest ?? options.now);
  const zoned = zoneReader(options.timeZone);

  function readBsd(line: string): SyslogLine | undefined {
    const match = bsd.exec(line);
    if (match === null) return undefined;
    const month = monthNumber(match[1] as string);
    const [hour, minute, second] = [Number(match[4]), Number(match[5]), Number(match[6])];
    if (month === undefined || hour > 23 || minute > 59 || second > 60) return undefined;
    const wall =
      match[3] === undefined
        ? year(month, Number(match[2]), ((hour * 60 + minute) * 60 + second) * 1_000)
        : wallTime(Number(match[3]), month, Number(match[2]), hour, minute, second);
    if (wall === undefined) return undefined;
    const [host, program, pid, message] = [match[7] as string, match[8] ?? "", match[9], match[10] as string];
    return { time: zoned(wall), host, program, pid, message };
  }

  function readIso(line: string): SyslogLine | undefined {
    const match = iso.exec(line);
    if (match === null) return undefined;
    const [, text = "", zone, host = "", program = "", pid, message = ""] = match;
    const time = parseTime(zone === undefined ? text : text + zone.trim().replace("UTC", "Z"));
    if (time === undefined) return undefined;
    return { time: zone === undefined ? zoned(time) : time, host, program, pid, message };
  }

  return (line) => (line.startsWith("{") ? readJournal(line) : (readBsd(line) ?? readIso(line) ?? read5424(line)));
}

function read5424(line: string): SyslogLine | undefined {
  const match = rfc5424.exec(line);
  if (match === null) return undefined;
  const [, text = "", host = "", program = "", pid, message = ""] = match;
  const time = parseTime(text);
  if (time === undefined) return undefined;
  return { time, host, program, pid: pid === "-" ? undefined : pid, message };
}

/** `journalctl -o json`: times are microseconds, and a message of odd bytes is an array of numbers. */
function readJournal(line: string): SyslogLine | undefined {
  let entry: unknown;
  try {
    entry = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (!isObject(entry)) return undefined;
  const time = Number(entry._SOURCE_REALTIME_TIMESTAMP ?? entry.__REALTIME_TIMESTAMP) / 1_000;
  if (!(time > 0 && time < 1e14)) return undefined;
  const bytes = entry.MESSAGE;
  const message = Array.isArray(bytes) ? Buffer.from(bytes as number[]).toString("utf8") : String(bytes ?? "");
  const text = (value: unknown): string | undefined => (typeof value === "string" ? cleanText(value) : undefined);
  return {
    time: Math.floor(time),
    host: text(entry._HOSTNAME) ?? "",
    program: text(entry.SYSLOG_IDENTIFIER) ?? text(entry._COMM) ?? "",
    pid: text(entry._PID) ?? text(entry.SYSLOG_PID),
    message: cleanText(message),
  };
}
