import type { IncomingMessage, ServerResponse } from "node:http";
import { type BatchItem, parseBatch } from "../ingest/batch.ts";
import type { Rejection } from "../ingest/event.ts";
import type { Services } from "../schema/context.ts";
import { sendJson } from "./answer.ts";
import { ingestViewer, packings, sentBody } from "./sent.ts";

const contentTypes = /^(application\/(json|x-ndjson|ndjson|jsonl|json-seq|x-json-stream)|text\/plain)\s*(;|$)/i;

/** POST /ingest: a batch of events from a program. */
export async function handleIngest(
  services: Services,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const viewer = await ingestViewer(services, request);
  const contentType = request.headers["content-type"] ?? "application/x-ndjson";
  if (!contentTypes.test(contentType)) {
    return refuseMedia(response, "Send application/json (an array) or application/x-ndjson");
  }
  const body = await sentBody(request);
  if (body === undefined) return refuseMedia(response, packings);
  const batch = parseBatch(body, contentType);
  const items = "items" in batch ? batch.items : [batch.refusal];
  const { accepted, duplicates, rejected } = await ingestItems(services, viewer.organizationId, items, body.length);
  sendJson(response, accepted + duplicates > 0 ? 200 : 400, { accepted, duplicates, rejected });
}

/** Stores what could be read of a batch. What was rejected, here or before, is in the order of the batch. */
export async function ingestItems(
  services: Services,
  organizationId: string,
  items: readonly BatchItem[],
  bytes: number,
) {
  const events = items.filter((item) => "value" in item);
  const values = events.map(({ value }) => value);
  const none = { accepted: 0, duplicates: 0, rejected: [] };
  const result = events.length === 0 ? none : await services.ingest(organizationId, values, undefined, bytes);
  const rejected: Rejection[] = [
    ...items.filter((item) => "code" in item),
    ...result.rejected.map((rejection) => ({ ...rejection, index: events[rejection.index]?.index ?? rejection.index })),
  ].sort((a, b) => a.index - b.index);
  return { accepted: result.accepted, duplicates: result.duplicates, rejected };
}

function refuseMedia(response: ServerResponse, message: string): void {
  sendJson(response, 415, { error: { code: "BAD_USER_INPUT", message } });
}
