import { setTime } from "../clock.ts";
import type { EventDraft } from "../event.ts";
import { cleanText } from "../text.ts";
import { type LineParser, type LogFormat, type ParsedLine, type ParserOptions, unparsed } from "./format.ts";
import { SshdAttempts } from "./sshd-attempts.ts";
import { sshdEvent } from "./sshd-event.ts";
import type { SshdFact } from "./sshd-fact.ts";
import { readSshdMessage } from "./sshd-message.ts";
import { type SyslogLine, syslogReader } from "./syslog.ts";

export const sshd: LogFormat = {
  name: "sshd",
  description: "log-ins and attempts in an OpenSSH server's syslog (auth.log, secure, journalctl)",
  parser,
};

const programs = /^(?:\S*\/)?sshd(?:-session|-auth)?$/; // OpenSSH 9.8 split the server
const repeated = /^message repeated (\d{1,9}) times?: \[ ?(.*)\]$/s; // rsyslog
const lastRepeated = /^last message repeated (\d{1,9}) times?$/; // BSD syslogd
const maximumRepeats = 1_000; // events from one line

/** One message without its syslog prefix, on its own: every line about a failed attempt is one. */
export function parseSshdMessage(message: string): ParsedLine {
  const { text, times } = unfold(cleanText(message));
  const reading = readSshdMessage(text);
  if ("ignored" in reading) return reading;
  return { events: Array.from({ length: times }, () => sshdEvent(reading, text)) };
}

function unfold(message: string): { text: string; times: number } {
  const match = message.startsWith("message repeated ") ? repeated.exec(message) : null;
  if (match === null) return { text: message, times: 1 };
  return { text: (match[2] as string).trimEnd(), times: Math.min(Number(match[1]), maximumRepeats) };
}

function parser(options: ParserOptions): LineParser {
  const readSyslog = syslogReader(options);
  const attempts = options.everyLine === true ? undefined : new SshdAttempts();
  let previous: { host: string; fact: SshdFact; text: string; pid: string | undefined } | undefined;

  function event(fact: SshdFact, text: string, line: SyslogLine, pid: string | undefined): EventDraft {
    const draft = sshdEvent(fact, text);
    const { attributes } = draft;
    if (line.host !== "") attributes["host.name"] = line.host;
    attributes["process.name"] = line.program === "" ? "sshd" : line.program;
    if (pid !== undefined) attributes["process.pid"] = /^\d{1,10}$/.test(pid) ? Number(pid) : pid;
    setTime(draft, line.time, options.now, line.time);
    if (pid !== undefined && attempts?.repeats(fact, `${line.host} ${pid}`, line.time)) {
      draft.action = "login.detail";
      draft.outcome = "UNKNOWN";
    }
    return draft;
  }

  return (raw, lineNumber) => {
    const line = readSyslog(cleanText(raw));
    if (line === undefined) {
      return raw.trim() === "" ? { ignored: "blank line" } : unparsed(lineNumber, "a syslog line");
    }
    const again = line.program === "" ? lastRepeated.exec(line.message) : null;
    if (again !== null) {
      const last = previous;
      if (last === undefined || last.host !== line.host) return { ignored: "repeats a line that was ignored" };
      const length = Math.min(Number(again[1]), maximumRepeats);
      return { events: Array.from({ length }, () => event(last.fact, last.text, line, last.pid)) };
    }
    previous = undefined;
    if (!programs.test(line.program)) return { ignored: "another program's message" };
    const { text, times } = unfold(line.message);
    const fact = readSshdMessage(text);
    if ("ignored" in fact) return fact;
    previous = { host: line.host, fact, text, pid: line.pid };
    return { events: Array.from({ length: times }, () => event(fact, text, line, line.pid)) };
  };
}
