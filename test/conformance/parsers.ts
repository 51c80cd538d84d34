import type { EventDraft } from "../../src/ingest/event.ts";
import { combined } from "../../src/ingest/formats/combined.ts";
import type { ParsedLine } from "../../src/ingest/formats/format.ts";
import { readNginxError } from "../../src/ingest/formats/nginx-error.ts";
import { parseSshdMessage } from "../../src/ingest/formats/sshd.ts";
import { type CorpusResult, readRows } from "./corpus.ts";

interface Row {
  id: string;
  parser: string;
  line: string;
  success: boolean;
  expectMeta: Record<string, string | undefined>;
}

type Reader = (row: Row) => ParsedLine;
/** What of the expectation the event contradicts. */
type Judge = (event: EventDraft, expected: Row["expectMeta"]) => string[];

const now = Date.UTC(2100, 0, 1); // after every row

const readers: Record<string, { read: Reader; judge: Judge; reportOnly?: true }> = {
  "crowdsecurity/sshd-logs": { read: (row) => parseSshdMessage(row.line), judge: judgeSshd },
  "crowdsecurity/sshd-success-logs": { read: (row) => parseSshdMessage(row.line), judge: judgeSshd },
  "crowdsecurity/nginx-logs": { read: readWeb, judge: judgeWeb },
  "crowdsecurity/apache2-logs": { read: readWeb, judge: judgeWeb },
  "crowdsecurity/nginx-proxy-manager-logs": { read: readWeb, judge: judgeWeb, reportOnly: true },
};

export async function runParsers(directory: string): Promise<CorpusResult[]> {
  const results = new Map<string, CorpusResult>();
  for (const row of await readRows<Row>(directory, "crowdsec/parser_rows.jsonl")) {
    const reader = readers[row.parser];
    if (reader === undefined) continue;
    const required = reader.reportOnly !== true;
    const corpus = `parsers ${row.parser}`;
    const result = results.get(corpus) ?? { corpus, passed: 0, failed: 0, unsupported: 0, required, failures: [] };
    results.set(corpus, result);
    judgeRow(row, reader, result);
  }
  return [...results.values()];
}

function judgeRow(row: Row, { read, judge }: { read: Reader; judge: Judge }, result: CorpusResult): void {
  // The rows of nginx's error log have lost the part of the line that names the client.
  const cut = row.expectMeta.log_type === "http_error-log" && !row.line.includes(row.expectMeta.source_ip ?? "");
  const parsed = cut ? readCut(row) : read(row);
  const differences = !row.success
    ? []
    : "events" in parsed && parsed.events[0] !== undefined
      ? judge(parsed.events[0], cut ? { ...row.expectMeta, ...absent } : row.expectMeta)
      : [`no event: ${JSON.stringify(parsed)}`];
  if (differences.length > 0) {
    result.failed++;
    result.failures.push(`${row.id}: ${differences.join("; ")}`);
  } else if (cut) {
    result.unsupported++; // agrees, as far as its line goes
  } else {
    result.passed++;
  }
}

const absent = { source_ip: undefined, http_path: undefined, http_verb: undefined, target_fqdn: undefined };

function readCut(row: Row): ParsedLine {
  const event = readNginxError(`${row.line}, client: 192.0.2.1`);
  return event === undefined ? { ignored: "the web server's own message" } : { events: [event] };
}

function readWeb(row: Row): ParsedLine {
  return combined.parser({ now })(row.line, 1);
}

/** CrowdSec's words for what is no failed log-in. */
const kinds: Record<string, readonly string[]> = {
  ssh_bad_keyexchange: ["negotiation"],
  ssh_auth_timeout: ["timeout"],
  ssh_dispatch_fatal: ["dispatch"],
  ssh_refused_conn: ["refused"],
};

function judgeSshd(event: EventDraft, expected: Row["expectMeta"]): string[] {
  const type = expected.log_type ?? "";
  const success = type === "auth_success";
  const kind = kinds[type];
  return compare([
    ["source_ip", event.source?.ip, expected.source_ip],
    ["user", event.actor?.name, expected.target_user ?? expected.user],
    ["outcome", event.outcome, success ? "SUCCESS" : "FAILURE"],
    ["sshd.event", kind?.includes(String(event.attributes["sshd.event"])), kind && true],
    ["action", event.action, success || type === "ssh_failed-auth" ? "login" : undefined],
  ]);
}

function judgeWeb(event: EventDraft, expected: Row["expectMeta"]): string[] {
  const { path, query } = event.http ?? {};
  const origin = String(event.attributes["http.request.absolute"] ?? ""); // CrowdSec's path is as it was sent
  const target = path === undefined ? undefined : origin + path;
  const status = expected.http_status === undefined ? undefined : Number(expected.http_status);
  const failed = expected.log_type === "http_error-log" || (status !== undefined && status >= 400);
  return compare([
    ["source_ip", event.source?.ip, expected.source_ip],
    ["user", event.actor?.name, expected.username],
    ["outcome", event.outcome, failed ? "FAILURE" : "SUCCESS"],
    ["action", event.action, expected.sub_type === "auth_fail" ? "login" : undefined],
    ["http_status", event.http?.status, status],
    ["http_verb", event.http?.method, expected.http_verb],
    ["http_path", query === undefined ? target : `${target ?? ""}?${query}`, expected.http_path],
    ["http_user_agent", event.userAgent, expected.http_user_agent],
    ["target_fqdn", event.http?.host, expected.target_fqdn],
  ]);
}

/** Compares what is expected; an absent expectation says nothing, and "-" is how a log writes nothing. */
function compare(fields: [name: string, actual: unknown, expected: unknown][]): string[] {
  return fields
    .filter(([, actual, expected]) => expected !== undefined && expected !== "" && actual !== expected)
    .filter(([, actual, expected]) => !(expected === "-" && actual === undefined))
    .map(([name, actual, expected]) => `${name} is ${JSON.stringify(actual)}, not ${JSON.stringify(expected)}`);
}
