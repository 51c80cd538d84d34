/**
 * POST /v1/logs: log records from an OpenTelemetry exporter or Collector, as OTLP/HTTP 1.x has it
 * (opentelemetry.io/docs/specs/otlp): JSON or protobuf, answered in the same; records that are refused are counted in
 * `partialSuccess` and not to be sent again; 429 and 503 say when to.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { VigilError } from "../errors.ts";
import { recordsOf } from "../ingest/formats/otlp.ts";
import { decodeRequest, encodeResponse, encodeStatus } from "../ingest/formats/otlp-wire.ts";
import { Refusal } from "../ingest/refusal.ts";
import type { Services } from "../schema/context.ts";
import { sayWhen } from "./answer.ts";
import { ingestItems } from "./ingest.ts";
import { ingestViewer, packings, sentBody } from "./sent.ts";

/** google.rpc.Code of what may be wrong. */
const codes: Readonly<Record<number, number>> = { 400: 3, 401: 16, 403: 7, 413: 8, 415: 3, 429: 8, 503: 14 };

export async function handleOtlpLogs(
  services: Services,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const type = /^application\/(json|x-protobuf)\s*(;|$)/i.exec(request.headers["content-type"] ?? "")?.[1];
  const isBinary = type?.toLowerCase() === "x-protobuf";
  const answer = (status: number, json: object, binary: Uint8Array): void => {
    response.writeHead(status, { "Content-Type": isBinary ? "application/x-protobuf" : "application/json" });
    response.end(isBinary ? binary : JSON.stringify(json));
  };
  const refuse = (status: number, message: string): void => {
    if (!request.complete) response.setHeader("Connection", "close"); // what is left of its body is not read
    const code = codes[status] ?? 2;
    answer(status, { code, message }, encodeStatus(code, message));
  };
  try {
    const viewer = await ingestViewer(services, request);
    if (type === undefined) return refuse(415, "Send application/x-protobuf or application/json");
    const body = await sentBody(request);
    if (body === undefined) return refuse(415, packings);
    const items = recordsOf(isBinary ? decodeRequest(body) : parsed(body));
    const { rejected } = await ingestItems(services, viewer.organizationId, items, body.length);
    const [first] = rejected;
    const why = first ? `record ${first.index}: ${first.message}` : "";
    const told = first ? { partialSuccess: { rejectedLogRecords: String(rejected.length), errorMessage: why } } : {};
    answer(200, told, encodeResponse(rejected.length, why));
  } catch (error) {
    if (error instanceof Refusal) return refuse(400, error.message);
    if (!(error instanceof VigilError)) throw error;
    sayWhen(response, error);
    refuse(error.status, error.message);
  }
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    throw new Refusal("INVALID_JSON", "the body is not valid JSON");
  }
}
