/** What programs send in bulk: who may, and the body as it was before it was packed. */
import type { IncomingMessage } from "node:http";
import { promisify } from "node:util";
import { brotliDecompress, gunzip, inflate } from "node:zlib";
import type { Viewer } from "../access/viewer.ts";
import { VigilError } from "../errors.ts";
import type { Services } from "../schema/context.ts";
import { readBody } from "./answer.ts";
import { credentialOf } from "./credential.ts";
import { permit } from "./permit.ts";

/** Bytes as sent, and unpacked: a bomb stops there. */
export interface BodyLimits {
  raw: number;
  unpacked: number;
}

const bulk: BodyLimits = { raw: 10_485_760, unpacked: 52_428_800 }; // 10 MiB and 50 MiB

const unpackers: Record<string, (bytes: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>> = {
  gzip: promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
};

/** Whose events these are. Errors: UNAUTHENTICATED, FORBIDDEN. */
export async function ingestViewer(services: Services, request: IncomingMessage): Promise<Viewer> {
  const credential = credentialOf(request);
  if (credential === undefined) throw new VigilError("UNAUTHENTICATED", "Send an API key: Authorization: Bearer …");
  const viewer = await services.authenticator.authenticate(credential);
  await permit(services, viewer, "event.ingest", "send events");
  return viewer;
}

/** The body, unpacked; undefined where it is packed in a way that is not known. Errors: TOO_LARGE, BAD_USER_INPUT. */
export async function sentBody(request: IncomingMessage, limits = bulk): Promise<Buffer | undefined> {
  const encoding = request.headers["content-encoding"]?.trim().toLowerCase() ?? "identity";
  const unpack = unpackers[encoding];
  if (unpack === undefined && encoding !== "identity") return undefined;
  const raw = await readBody(request, limits.raw);
  if (unpack === undefined) return raw;
  try {
    return await unpack(raw, { maxOutputLength: limits.unpacked });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") {
      throw new VigilError("TOO_LARGE", `The unpacked body may have at most ${limits.unpacked} bytes`);
    }
    throw new VigilError("BAD_USER_INPUT", "The body could not be unpacked", { cause: error });
  }
}

/** What a 415 tells of packing. */
export const packings = `Send it as it is, or packed with ${Object.keys(unpackers).join(", ")}`;
