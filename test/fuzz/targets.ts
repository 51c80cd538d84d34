/**
 * What is fed with broken input, and what a good answer is. `run` answers in short what became of an input: one that gives
 * an answer nobody has seen yet is kept and changed further, so that the search follows what the code does. It throws only
 * where the code under test has a fault.
 */

import { readFileSync } from "node:fs";
import { parse, validate } from "graphql";
import { validate as isUuid } from "uuid";
import { parseCredential } from "../../src/access/credential.ts";
import { readMailReport } from "../../src/alert/mail-report.ts";
import { isSlacks, readPress } from "../../src/alert/slack-action.ts";
import { readReply } from "../../src/alert/sms-reply.ts";
import { checkTemplate } from "../../src/alert/template-check.ts";
import { isTwilios } from "../../src/alert/twilio-status.ts";
import { compileRules } from "../../src/detect/compile.ts";
import { createDetector } from "../../src/detect/detector.ts";
import { parseSigma } from "../../src/detect/sigma/parse.ts";
import { VigilError } from "../../src/errors.ts";
import { parseBatch } from "../../src/ingest/batch.ts";
import { formats } from "../../src/ingest/formats/formats.ts";
import { recordsOf } from "../../src/ingest/formats/otlp.ts";
import { decodeRequest } from "../../src/ingest/formats/otlp-wire.ts";
import { Refusal } from "../../src/ingest/refusal.ts";
import { validateEvent } from "../../src/ingest/validate.ts";
import { decodeCursor, encodeCursor } from "../../src/publish/cursor.ts";
import { schema } from "../../src/schema/schema.ts";
import { readNetwork } from "../../src/sdk/address.ts";
import { clientBehind } from "../../src/sdk/client-address.ts";
import { ListReader } from "../../src/sdk/list-reader.ts";
import { limits, told } from "../../src/server/limits.ts";
import { measure } from "../../src/server/measure.ts";
import { dsn } from "../alert/dsn.ts";
import { event } from "../detect/rules.ts";

export interface Target {
  /** Good inputs, and ones that were worth keeping. */
  corpus: readonly string[];
  /** What the language is made of. */
  words: readonly string[];
  /** Characters. Default: 65,536. */
  longest?: number;
  /** MiB that caches which are emptied when they are full may take. Default: 32. */
  caches?: number;
  run(input: string): string | Promise<string>;
}

const now = Date.UTC(2026, 10, 24);
const report = dsn({
  id: "<0198f0c0-0000-7000-8000-00000000000a@vigil.example>",
  organization: "0198f0c0-0000-7000-8000-000000000001",
  to: "ann@clinic.example",
  action: "failed",
  status: "5.1.1",
});
const here = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");

/** What is refused as it should be gives its code; anything else is a fault. */
function refused(error: unknown): string {
  if (error instanceof VigilError) return error.code;
  if (error instanceof Refusal) return error.at(0).code;
  throw error;
}

/** One format of log lines: two lines of a file, the second one after the first. */
function lines(name: string, corpus: readonly string[], words: readonly string[]): Target {
  const format = formats.get(name);
  if (!format) throw new Error(`no format ${name}`);
  return {
    corpus,
    words,
    run(input) {
      const parser = format.parser({ now });
      return [input, corpus[0] as string]
        .map((line, index) => {
          const read = parser(line, index + 1);
          if ("ignored" in read) return "ignored";
          return "rejection" in read
            ? read.rejection.code
            : `${read.events.length > 1 ? "many" : "one"}${read.events[0]?.action}`;
        })
        .join(" ");
    },
  };
}

const fields =
  '"id" "time" "action" "category" "outcome" "severity" "actor" "source" "target" "http" "logsource" "attributes" "ip" "name" "email" "patientId" "bytes"'.split(
    " ",
  );
const vigilEvent =
  '{"id":"b7e1","time":"2026-11-24T09:30:00Z","action":"record.read","category":"data","outcome":"success","actor":{"name":"ann","roles":["nurse"]},"source":{"ip":"203.0.113.7"},"target":{"type":"patient","patientId":"p-1"},"http":{"method":"GET","status":200},"attributes":{"a":{"b":[1,null,"x"]}}}';
const ecsEvent =
  '{"@timestamp":"2026-11-24T09:30:00Z","event":{"action":"login","category":["authentication"],"outcome":"failure"},"user":{"name":"ann"},"source":{"ip":"203.0.113.7"},"ecs.version":"8.11"}';
const otlpRequest =
  '{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"ehr"}}]},"scopeLogs":[{"scope":{"name":"s"},"logRecords":[{"timeUnixNano":"1795512600000000000","severityNumber":9,"eventName":"login","body":{"stringValue":"x"},"attributes":[{"key":"user.name","value":{"kvlistValue":{"values":[{"key":"a","value":{"arrayValue":{"values":[{"intValue":"3"},{"bytesValue":"AA=="}]}}}]}}}]}]}]}]}';
const sample = [
  event({
    actor: { name: "ann" },
    source: { ip: "203.0.113.7" },
    attributes: { note: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!" },
  }),
  event({ at: 1, category: "AUTHENTICATION", outcome: "FAILURE", actor: { name: "ann" } }),
];

export const targets: Readonly<Record<string, Target>> = {
  ingest: {
    corpus: [vigilEvent, `${vigilEvent}\n${vigilEvent}`, `[${vigilEvent},${vigilEvent}]`],
    words: fields,
    run(input) {
      const batch = parseBatch(input, input.length % 2 ? "application/json" : "application/x-ndjson");
      if ("refusal" in batch) return batch.refusal.code;
      const results = batch.items.slice(0, 20).map((item) => {
        if (!("value" in item)) return item.code;
        const read = validateEvent(item.value, item.index, now);
        return "event" in read ? "event" : read.rejection.code;
      });
      return [...new Set(results)].join(" ");
    },
  },
  ecs: lines(
    "ecs",
    [ecsEvent],
    ['"event"', '"user"', '"source"', '"@timestamp"', '"category"', '"event.action"', ...fields],
  ),
  cloudtrail: lines(
    "cloudtrail",
    [
      '{"eventVersion":"1.08","userIdentity":{"type":"IAMUser","userName":"ann"},"eventTime":"2026-11-24T09:30:00Z","eventSource":"signin.amazonaws.com","eventName":"ConsoleLogin","awsRegion":"us-east-1","sourceIPAddress":"203.0.113.7","responseElements":{"ConsoleLogin":"Failure"},"eventID":"e-1"}',
    ],
    ['"userIdentity"', '"eventName"', '"errorCode"', '"Records"', '"eventTime"'],
  ),
  okta: lines(
    "okta",
    [
      '{"uuid":"u-1","published":"2026-11-24T09:30:00.000Z","eventType":"user.session.start","outcome":{"result":"FAILURE"},"actor":{"id":"1","alternateId":"ann@clinic.example"},"client":{"ipAddress":"203.0.113.7"},"target":[{"id":"t"}]}',
    ],
    ['"actor"', '"target"', '"outcome"', '"published"', '"client"'],
  ),
  sshd: lines(
    "sshd",
    [
      "Nov 24 09:30:00 web sshd[411]: Failed password for invalid user ann from 203.0.113.7 port 4711 ssh2",
      "2026-11-24T09:30:00.5+01:00 web sshd[411]: Accepted publickey for ann from 2001:db8::1 port 22 ssh2: RSA SHA256:x",
      "Nov 24 09:30:00 web sshd[411]: message repeated 5 times: [ Failed password for root from 203.0.113.7 port 1 ssh2]",
    ],
    ["from", "port", "user", "invalid", "Failed password for", "[preauth]", "message repeated", "sshd[1]:", "rhost="],
  ),
  web: lines(
    "combined",
    [
      '203.0.113.7 - ann [24/Nov/2026:09:30:00 +0000] "GET /patients/p-1?x=1 HTTP/1.1" 200 512 "-" "Mozilla/5.0"',
      '2026/11/24 09:30:00 [error] 1#1: *1 limiting requests, client: 203.0.113.7, server: _, request: "GET / HTTP/1.1"',
    ],
    ["GET", "HTTP/1.1", '"-"', "[error]", "client:", "%2e%2e", "\\x16\\x03"],
  ),
  otlp: lines("otlp", [otlpRequest], ['"stringValue"', '"kvlistValue"', '"arrayValue"', '"intValue"', '"logRecords"']),
  "otlp-wire": {
    // As text, a character for each byte: "resource logs" with one record.
    corpus: [
      "\n\x1b\n\r\n\x0b\n\x01a\x12\x06\n\x04text\x12\n\n\x03\n\x01s\x12\x03*\x01x",
      "\n\x00",
      "\n\x05\x12\x03\x12\x01\x09",
    ],
    words: ["\n", "\x12", "\x1a", "\xff\xff\xff\xff\x0f", "\x80", "\x08\x01", "\x32"],
    run(input) {
      try {
        const items = recordsOf(decodeRequest(Buffer.from(input, "latin1")));
        return `records ${items.length > 0} ${items.some((item) => "code" in item)}`;
      } catch (error) {
        return refused(error);
      }
    },
  },
  sigma: {
    longest: 4_096, // as published rules are; each of a text's faults costs the YAML reader 20 µs
    caches: 64, // parsed rules and expressions: 45 to 95 MiB of heap, up and down again
    corpus: [
      here("../../src/detect/rules/api/api-fuzzing.yml"),
      "title: t\nlogsource: { category: authentication }\ndetection:\n  a:\n    attributes.note|re|i: '^(a|b)+!$'\n    source.ip|cidr: 203.0.113.0/24\n  b: { actor.name|contains|all: [a, n] }\n  condition: 1 of * and not b\n",
      "title: c\ncorrelation:\n  type: value_count\n  rules: [x]\n  group-by: [user.name]\n  timespan: 5m\n  condition: { gte: 2, field: source.ip }\n---\ntitle: x\nname: x\nlogsource: {}\ndetection: { s: { event.outcome: failure }, condition: s }\n",
      "title: f\nlogsource: {}\nfilter:\n  rules: [x]\n  selection: { a: 1 }\n  condition: not selection\n",
    ],
    words:
      "|contains |re |cidr |all |base64offset |wide |windash |expand |lt |exists selection condition: detection: correlation: timespan: group-by: type: event_count temporal_ordered value_percentile 1 of all of them not and or level: status: &a *a >- !!binary".split(
        " ",
      ),
    async run(input) {
      const { documents, errors } = parseSigma(input);
      const { ruleSet, errors: faults } = compileRules([{ id: "r", revision: 1, mode: "ACTIVE", yaml: input }]);
      const { detections } = await createDetector({ ruleSet }).evaluate(sample);
      const kinds = documents.map(({ kind }) => kind).join();
      return `${kinds} ${errors.map(({ code, path }) => code + path.replace(/\d+|".*"/g, "")).slice(0, 3)} ${faults.length > 0} ${detections.length}`;
    },
  },
  graphql: {
    corpus: [
      "query Q($n: Int = 3) { incidents(first: $n, filter: {severity: {in: [HIGH]}}) { nodes { id ...F } totalCount } } fragment F on SecurityIncident { title alerts { nodes { status } } }",
      'mutation { incidentAcknowledge(input: {id: "x"}) { incident { id } } }',
      "subscription { securityEventStream { event { id } } }",
      "subscription S($n: Boolean!) { incidentEvents @include(if: $n) { cursor } }",
      "{ __schema { types { name fields { name args { name } } } } }",
    ],
    words:
      'query mutation subscription fragment on ... @include(if: true) @defer { } ( ) : $a: [String!]! """ __typename incidents nodes edges first: null'.split(
        " ",
      ),
    run(input) {
      let document: ReturnType<typeof parse>;
      try {
        document = parse(input, { maxTokens: limits.tokens });
      } catch (error) {
        if ((error as Error).name === "GraphQLError") return "syntax";
        throw error;
      }
      const { depth, aliases, directives, introspects } = measure(document);
      if (depth > limits.depth || aliases > limits.aliases || directives > limits.directives) return "too large";
      const faults = told(validate)(schema, document, undefined, { maxErrors: 5 });
      return `${depth} ${aliases} ${introspects} ${faults.map(({ message }) => message.replace(/"[^"]*"/g, "")).slice(0, 2)}`;
    },
  },
  template: {
    longest: 20_000,
    corpus: [
      "{{ incident.title | upcase | truncate: 20 }} {% if incident.severity == 'CRITICAL' %}now{% else %}later{% endif %}",
      "{% for s in incident.subjects %}{{ s.key | default: '-' }}{% endfor %}",
      "{% assign a = 'x' | append: 'y' %}{{ a | split: '' | join: ',' }}{% case a %}{% when 'x' %}1{% endcase %}",
    ],
    words:
      "{{ }} {% %} {%- -%} incident. alert. organization. | upcase | split: | join: for in (1..9) if endif case when capture raw endraw assign = == contains and or cycle increment default json".split(
        " ",
      ),
    run(input) {
      try {
        return checkTemplate({ subject: null, body: input, html: input.length % 2 ? input : null });
      } catch (error) {
        if (!(error instanceof VigilError)) throw error;
        return error.message.replace(/"[^"]*"|\d+/g, "").slice(0, 60);
      }
    },
  },
  cursor: {
    corpus: [encodeCursor({ xid: "71", id: "5" }), encodeCursor({ xid: "71", id: "5", seen: "71:80:72,73" })],
    words: ["MTo", "OjE", "=", "_", "-"],
    run(input) {
      // Both as it comes, and as what a cursor holds.
      for (const cursor of [input, Buffer.from(`1:${input}`).toString("base64url")]) {
        try {
          const position = decodeCursor(cursor);
          if (!/^\d+$/.test(position.xid + position.id)) throw new Error("a cursor of something else than numbers");
          return "cursor";
        } catch (error) {
          refused(error);
        }
      }
      return "none";
    },
  },
  callbacks: {
    corpus: [
      `payload=${encodeURIComponent('{"type":"block_actions","user":{"id":"U123","username":"ann"},"actions":[{"action_id":"vigil_acknowledge","value":"token"}],"response_url":"https://hooks.slack.com/x"}')}`,
      "MessageSid=SM1&MessageStatus=undelivered&ErrorCode=30006&To=%2B15125550100",
      "ACK 42",
    ],
    words: ["payload=", "%22", "%7B", "actions", "user", "MessageStatus=", "&", "ACK", "#", "%ZZ"],
    run(input) {
      const signed = isSlacks({ body: input, timestamp: "1795512600", signature: input.slice(0, 67) }, "secret", now);
      const form = input.slice(0, 16_384); // no more is read of one
      const fields = new URLSearchParams(form);
      const isReal = isTwilios({ url: "https://vigil.example", fields, signature: input.slice(0, 28), authToken: "t" });
      if (signed || isReal) throw new Error("a signature that nobody has made is taken");
      const press = readPress(form);
      if (press && !/^(@[\w.-]+ \(Slack [A-Z0-9]+\)|Slack [A-Z0-9]+)$/.test(press.actor))
        throw new Error("an actor of odd letters");
      return `${press !== undefined} ${readReply(input) !== undefined} ${parseCredential(input) !== undefined}`;
    },
  },
  mailReport: {
    corpus: [report, report.replace("failed", "delivered"), report.replaceAll("\r\n", "\n")],
    words: [
      "--X/mail.example",
      "boundary=",
      "message/rfc822",
      "message/delivery-status",
      "base64",
      "\r\n\r\n",
      "=?utf-8?B?",
    ],
    async run(input) {
      const told = await readMailReport(Buffer.from(input));
      if (told && !isUuid(told.organizationId)) throw new Error("an organization that is none");
      return told ? `${told.report.hasArrived} ${told.report.isBadContact("ann@clinic.example")}` : "none";
    },
  },
  middleware: {
    corpus: [
      "203.0.113.7, 198.51.100.2, [2001:db8::1]:443, 10.0.0.1",
      '{"decisions":[{"id":"0198f0c0-0000-7000-8000-000000000001","type":"BLOCK_IP","scope":"IP","value":"203.0.113.7","version":1,"expiresAt":1795512600000}],"version":7,"hash":"ab"}',
    ],
    words: [
      "203.0.113.7",
      "::1",
      "::ffff:1.2.3.4",
      "/24",
      ",",
      "unknown",
      '"decisions"',
      '"value"',
      '"expiresAt"',
      "127.0.0.1:1",
    ],
    run(input) {
      const trusted = [readNetwork("10.0.0.0/8"), readNetwork("127.0.0.1")].filter((one) => one !== undefined);
      const client = clientBehind({ address: trusted[1]?.address as never, text: "127.0.0.1" }, input, trusted);
      let list = "none";
      try {
        let count = 0;
        const reader = new ListReader((decisions) => void (count += decisions.length));
        for (let at = 0; at < input.length; at += 100) reader.write(input.slice(at, at + 100));
        list = String(count > 0);
      } catch (error) {
        list = (error as Error).constructor === Error || error instanceof SyntaxError ? "refused" : refused(error);
      }
      return `${client.text === "127.0.0.1"} ${client.text.includes(":")} ${readNetwork(input) !== undefined} ${list}`;
    },
  },
};
