import type { IncomingMessage, ServerResponse } from "node:http";
import { promisify } from "node:util";
import { brotliDecompress, gunzip, inflate } from "node:zlib";
import { may, requireSecondFactor } from "../access/permissions.ts";
import type { Viewer } from "../access/viewer.ts";
import { VigilError } from "../errors.ts";
import { parseBatch } from "../ingest/batch.ts";
import type { Rejection } from "../ingest/event.ts";
import type { Services } from "../schema/context.ts";
import { readBody, sendJson } from "./answer.ts";
import { credentialOf } from "./credential.ts";

const rawLimit = 10_485_760; // 10 MiB as sent
const inflatedLimit = 52_428_800; // 50 MiB unpacked: a bomb stops here

const unpackers: Record<string, (bytes: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>> = {
  gzip: promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
};
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
  const encoding = request.headers["content-encoding"]?.trim().toLowerCase() ?? "identity";
  const unpack = unpackers[encoding];
  if (unpack === undefined && encoding !== "identity") {
    return refuseMedia(response, `Send it as it is, or packed with ${Object.keys(unpackers).join(", ")}`);
  }
  const raw = await readBody(request, rawLimit);
  const body = unpack === undefined ? raw : await unpacked(unpack, raw);
  const batch = parseBatch(body, contentType);
  const items = "items" in batch ? batch.items : [batch.refusal];
  const events = items.filter((item) => "value" in item);
  const result =
    events.length === 0
      ? { accepted: 0, duplicates: 0, rejected: [] }
      : await services.ingest(
          viewer.organizationId,
          events.map((item) => item.value),
        );
  const rejected: Rejection[] = [
    ...items.filter((item) => "code" in item),
    ...result.rejected.map((rejection) => ({ ...rejection, index: events[rejection.index]?.index ?? rejection.index })),
  ].sort((a, b) => a.index - b.index);
  const { accepted, duplicates } = result;
  sendJson(response, accepted + duplicates > 0 ? 200 : 400, { accepted, duplicates, rejected });
}

async function ingestViewer(services: Services, request: IncomingMessage): Promise<Viewer> {
  const credential = credentialOf(request);
  if (credential === undefined) throw new VigilError("UNAUTHENTICATED", "Send an API key: Authorization: Bearer …");
  const viewer = await services.authenticator.authenticate(credential);
  if (!may(viewer, "event.ingest")) {
    await services.refused(viewer, "event.ingest");
    throw new VigilError("FORBIDDEN", `The role ${viewer.role} may not send events`);
  }
  requireSecondFactor(viewer, "event.ingest");
  return viewer;
}

async function unpacked(unpack: (typeof unpackers)[string], raw: Buffer): Promise<Buffer> {
  try {
    return await unpack(raw, { maxOutputLength: inflatedLimit });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") {
      throw new VigilError("TOO_LARGE", `The unpacked body may have at most ${inflatedLimit} bytes`);
    }
    throw new VigilError("BAD_USER_INPUT", "The body could not be unpacked", { cause: error });
  }
}

function refuseMedia(response: ServerResponse, message: string): void {
  sendJson(response, 415, { error: { code: "BAD_USER_INPUT", message } });
}
