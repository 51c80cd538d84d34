import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { gzipSync } from "node:zlib";
import { ecsFormat } from "@elastic/ecs-pino-format";
import { OTLPLogExporter as JsonExporter } from "@opentelemetry/exporter-logs-otlp-http";
import { OTLPLogExporter as BinaryExporter } from "@opentelemetry/exporter-logs-otlp-proto";
import { LoggerProvider, SimpleLogRecordProcessor } from "@opentelemetry/sdk-logs";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { VigilError } from "../../src/errors.ts";
import { validateEvent } from "../../src/ingest/validate.ts";
import { type Serving, serving } from "./serving.ts";

let server: Serving;
beforeAll(async () => {
  server = await serving();
});
afterAll(() => server.close());

function send(body: string | Buffer, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${server.url}/ingest`, {
    method: "POST",
    headers: { authorization: "Bearer ingest", "content-type": "application/x-ndjson", ...headers },
    body: body as string,
  });
}

describe("POST /ingest", () => {
  it("takes NDJSON, counting a line that is no JSON among the rejected", async () => {
    const response = await send('{"action":"login"}\nnonsense\n{"no":1}\n{"action":"logout"}\n');
    expect(response.status).toBe(200);
    const { accepted, duplicates, rejected } = await response.json();
    expect({ accepted, duplicates }).toEqual({ accepted: 2, duplicates: 0 });
    expect(rejected.map((it: { index: number; code: string }) => [it.index, it.code])).toEqual([
      [1, "INVALID_JSON"],
      [2, "MISSING_ACTION"],
    ]);
  });

  it("takes a JSON array, packed or not", async () => {
    const json = { "content-type": "application/json" };
    const events = JSON.stringify([{ action: "a" }, { action: "b" }]);
    expect((await (await send(events, json)).json()).accepted).toBe(2);
    expect((await (await send(gzipSync(events), { ...json, "content-encoding": "gzip" })).json()).accepted).toBe(2);
  });

  it("answers 400 when nothing was accepted", async () => {
    expect((await send('{"no":1}')).status).toBe(400);
    expect((await send("")).status).toBe(400);
    const response = await send("[{", { "content-type": "application/json" });
    expect(response.status).toBe(400);
    expect((await response.json()).rejected[0].code).toBe("INVALID_JSON");
  });

  it("refuses whoever may not send events", async () => {
    expect((await send("{}", { authorization: "Bearer viewer" })).status).toBe(403);
    expect((await send("{}", { authorization: "Bearer wrong" })).status).toBe(401);
    expect((await fetch(`${server.url}/ingest`, { method: "POST" })).status).toBe(401);
  });

  it("refuses what it cannot read", async () => {
    expect((await send("a", { "content-type": "image/png" })).status).toBe(415);
    expect((await send("a", { "content-encoding": "zstd" })).status).toBe(415);
    expect((await send("no gzip", { "content-encoding": "gzip" })).status).toBe(400);
  });

  it("refuses a bomb and a body over 10 MiB, also when its length was not told", async () => {
    const bomb = gzipSync(Buffer.alloc(60_000_000, 32));
    expect((await send(bomb, { "content-encoding": "gzip" })).status).toBe(413);
    const status = await new Promise((resolve, reject) => {
      const headers = { authorization: "Bearer ingest" };
      const request = httpRequest(`${server.url}/ingest`, { method: "POST", headers }, (answer) => {
        resolve(answer.statusCode);
        request.destroy();
      });
      request.on("error", reject);
      for (let i = 0; i < 11; i++) request.write(Buffer.alloc(1_048_576, 32));
    });
    expect(status).toBe(413);
  });
});

/** What was sent since, as it is stored. */
const stored = () =>
  server.ingested.splice(0).flatMap((values) =>
    values.map((value, index) => {
      const read = validateEvent(value, index, Date.now());
      return "event" in read ? read.event : read.rejection;
    }),
  );

describe("POST /v1/logs", () => {
  const headers = { authorization: "Bearer ingest" };
  const said = {
    eventName: "login",
    severityNumber: 13,
    severityText: "WARN",
    body: "log-in failed",
    attributes: {
      "event.outcome": "failure",
      "user.id": "u7",
      "client.address": "203.0.113.9",
      ratio: 0.5,
      "n.a": [1],
    },
  };

  it.each([
    ["JSON", JsonExporter, "none"],
    ["protobuf", BinaryExporter, "none"],
    ["packed protobuf, as the Collector sends it", BinaryExporter, "gzip"],
  ] as const)(
    "takes what OpenTelemetry's exporter sends in %s, and every field of it",
    async (_form, Exporter, packed) => {
      server.ingested.length = 0;
      const exporter = new Exporter({ url: `${server.url}/v1/logs`, headers, compression: packed as never });
      const results: unknown[] = [];
      const { export: send } = exporter;
      exporter.export = (records, done) =>
        send.call(exporter, records, (result) => {
          results.push(result);
          done(result);
        });
      const provider = new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter })] });
      const began = Date.now();
      provider.getLogger("portal.auth", "1.2").emit({ ...said, context: undefined as never });
      await provider.shutdown();
      expect(results).toEqual([{ code: 0 }]); // its answer was understood
      const [event] = stored();
      expect(event).toMatchObject({
        action: "login",
        outcome: "FAILURE",
        actor: { id: "u7" },
        source: { ip: "203.0.113.9" },
        message: "log-in failed",
        logsource: { product: expect.stringContaining("unknown_service") },
        attributes: {
          "client.address": "203.0.113.9",
          ratio: 0.5,
          "n.a": [1],
          "log.level": "WARN",
          "log.severityNumber": 13,
          resource: { "telemetry.sdk.language": "nodejs" },
          scope: { name: "portal.auth", version: "1.2" },
        },
      });
      expect((event as { time: number }).time).toBeGreaterThanOrEqual(began - 1);
    },
  );

  it("takes what pino's transport for OpenTelemetry sends: an event in Vigil's own words stays one", async () => {
    server.ingested.length = 0;
    const exporterOptions = {
      protocol: "http/protobuf",
      protobufExporterOptions: { url: `${server.url}/v1/logs`, headers },
    };
    const transport = pino.transport({
      target: "pino-opentelemetry-transport",
      options: {
        loggerName: "portal",
        serviceVersion: "1",
        resourceAttributes: { "service.name": "portal" },
        logRecordProcessorOptions: { recordProcessorType: "simple", exporterOptions },
      },
    });
    const log = pino(transport);
    log.warn({ action: "record.read", actor: { name: "ada" }, target: { patientId: "p1" }, shift: "night" }, "opened");
    log.info("hello");
    await expect.poll(() => server.ingested.length, { timeout: 60_000 }).toBe(2);
    transport.end();
    await once(transport, "close");
    expect(
      stored().sort((a, b) => (a as { action: string }).action.localeCompare((b as { action: string }).action)),
    ).toMatchObject([
      { action: "log", message: "hello" },
      {
        action: "record.read",
        actor: { name: "ada" },
        target: { patientId: "p1" },
        logsource: { product: "portal" },
        message: "opened",
        attributes: { shift: "night", "log.level": "warn" },
      },
    ]);
  }, 90_000); // a worker thread on a busy machine

  it("counts the records it refuses, in the form that was sent, and says when to come again", async () => {
    const send = (body: unknown, more: Record<string, string> = {}, url = server.url) =>
      fetch(`${url}/v1/logs`, {
        method: "POST",
        headers: { ...headers, "content-type": "application/json", ...more },
        body: Buffer.isBuffer(body) ? (body as never) : JSON.stringify(body),
      });
    const logs = (...logRecords: object[]) => ({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] });
    const fine = { body: { stringValue: "fine" } };
    expect(await (await send(logs(fine))).json()).toEqual({});
    expect(await (await send({})).json()).toEqual({});
    const partly = await send(logs(fine, { timeUnixNano: "no" }));
    expect([partly.status, await partly.json()]).toEqual([
      200,
      {
        partialSuccess: {
          rejectedLogRecords: "1",
          errorMessage: "record 1: timeUnixNano must be a number of nanoseconds",
        },
      },
    ]);
    for (const [body, more, status] of [
      [Buffer.from("{"), {}, 400],
      [{ resourceLogs: 7 }, {}, 400],
      [Buffer.from([10, 200]), { "content-type": "application/x-protobuf" }, 400],
      [logs(fine), { "content-type": "text/plain" }, 415],
      [logs(fine), { "content-encoding": "zstd" }, 415],
      [logs(fine), { authorization: "Bearer viewer" }, 403],
      [logs(fine), { authorization: "Bearer nobody" }, 401],
    ] as const) {
      const answer = await send(body, more);
      const isBinary = (more as Record<string, string>)["content-type"] === "application/x-protobuf";
      expect([answer.status, answer.headers.get("content-type")]).toEqual([
        status,
        isBinary ? "application/x-protobuf" : "application/json",
      ]);
      if (isBinary) expect(await answer.text()).toContain("ExportLogsServiceRequest");
      else expect(await answer.json()).toMatchObject({ code: expect.any(Number), message: expect.any(String) });
    }
    for (const [code, status, after] of [
      ["RATE_LIMITED", 429, "7"],
      ["UNAVAILABLE", 503, "1"],
    ] as const) {
      const detail = code === "RATE_LIMITED" ? { retryAfterSeconds: 7 } : {};
      const ingest = () => Promise.reject(new VigilError(code, "later", { detail }));
      await using busy = await serving({ ingest });
      const answer = await send(logs(fine), {}, busy.url);
      expect([answer.status, answer.headers.get("retry-after")]).toEqual([status, after]);
    }
  });
});

it("POST /ingest takes what pino writes in Elastic's format, whole", async () => {
  server.ingested.length = 0;
  let lines = "";
  const log = pino(ecsFormat({ serviceName: "portal" }), { write: (line: string) => void (lines += line) });
  log.warn(
    { event: { action: "login", outcome: "failure" }, user: { name: "ada" }, source: { ip: "203.0.113.9" }, shift: 3 },
    "no",
  );
  log.error({ err: new TypeError("broken") }, "it failed");
  await send(lines);
  expect(stored()).toMatchObject([
    {
      action: "login",
      outcome: "FAILURE",
      actor: { name: "ada" },
      source: { ip: "203.0.113.9" },
      message: "no",
      attributes: { "log.level": "warn", "service.name": "portal", "ecs.version": expect.any(String), shift: 3 },
    },
    {
      action: "log",
      message: "it failed",
      attributes: { error: { type: "TypeError", stack_trace: expect.any(String) } },
    },
  ]);
});
