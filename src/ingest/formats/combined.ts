import { setTime } from "../clock.ts";
import type { EventDraft } from "../event.ts";
import { cleanText } from "../text.ts";
import { readAccessLine } from "./access-line.ts";
import { readApacheError } from "./apache-error.ts";
import { type LineParser, type LogFormat, type ParsedLine, type ParserOptions, unparsed } from "./format.ts";
import { readNginxError } from "./nginx-error.ts";
import { readProxyLine } from "./proxy-line.ts";
import { syslogReader } from "./syslog.ts";
import { accessTimeReader, apacheErrorTime, nginxErrorTime } from "./web-time.ts";
import { zoneReader } from "./zone.ts";

export const combined: LogFormat = {
  name: "combined",
  description: "nginx and Apache access logs (common, combined, with virtual host) and error logs",
  parser,
};

const nginxError = /^(\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d) \[[a-z]+\] \d+#\d+: (?:\*\d+ )?(.*)$/s;
const webServers = /^(?:nginx|apache2?|httpd)$/;

function parser(options: ParserOptions): LineParser {
  const accessTime = accessTimeReader();
  const zoned = zoneReader(options.timeZone);
  const readSyslog = syslogReader(options);

  function timed(draft: EventDraft, time: number | undefined): ParsedLine | undefined {
    if (time === undefined) return undefined;
    setTime(draft, time, options.now, time);
    return { events: [draft] };
  }

  function local(time: number | undefined): number | undefined {
    return time === undefined ? undefined : zoned(time);
  }

  function readBracketed(line: string): ParsedLine | undefined {
    const proxy = readProxyLine(line);
    const access = proxy && timed(proxy.draft, accessTime(proxy.time));
    if (access !== undefined) return access;
    const error = readApacheError(line);
    if (error !== undefined) return timed(error.draft, local(apacheErrorTime(error.time)));
    const ownMessage = apacheErrorTime(line.slice(1, line.indexOf("]"))) !== undefined;
    return ownMessage ? { ignored: "the web server's own message" } : undefined;
  }

  function read(line: string): ParsedLine | undefined {
    if (line.startsWith("[")) return readBracketed(line);
    const error = nginxError.exec(line);
    if (error !== null) {
      const draft = readNginxError(error[2] as string);
      if (draft === undefined) return { ignored: "the web server's own message" };
      return timed(draft, local(nginxErrorTime(error[1] as string)));
    }
    const access = readAccessLine(line);
    return access && timed(access.draft, accessTime(access.time));
  }

  /** The same lines sent through syslog. */
  function readForwarded(line: string): ParsedLine | undefined {
    const outer = readSyslog(line);
    if (outer === undefined) return undefined;
    if (!webServers.test(outer.program)) return { ignored: "another program's message" };
    return read(outer.message);
  }

  return (raw, lineNumber) => {
    const line = cleanText(raw);
    if (line.trim() === "") return { ignored: "blank line" };
    return read(line) ?? readForwarded(line) ?? unparsed(lineNumber, "a web server's log line");
  };
}
