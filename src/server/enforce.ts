/** What enforcers ask over HTTP: the list of decisions, whole or what is new of it, and to say what they apply. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { validate as isUuid } from "uuid";
import { may } from "../access/permissions.ts";
import type { Viewer } from "../access/viewer.ts";
import { abortAfter } from "../deadline.ts";
import { VigilError } from "../errors.ts";
import { acknowledge, noteEnforcer, readEnforcer } from "../respond/enforcers.ts";
import { rawPublicKey, signedText } from "../respond/list.ts";
import type { Services } from "../schema/context.ts";
import { readBody, sendError, sendJson } from "./answer.ts";
import { credentialOf } from "./credential.ts";
import { admit } from "./manners.ts";
import { watchCredential } from "./watch.ts";

const longestWait = 25; // seconds
const lostBell = 5_000; // ms: a bell that was lost delays a change by this at most
const bodyLimit = 8_388_608; // 8 MiB: 100,000 ids and more
const mostIds = 100_000;

/** GET /enforce/decisions?enforcer&program[&after][&wait] */
export async function handleDecisions(
  services: Services,
  request: IncomingMessage,
  response: ServerResponse,
  parameters: URLSearchParams,
  closing: AbortSignal,
): Promise<void> {
  const { viewer, credential } = await enforcerOf(services, request);
  const { name, program } = readEnforcer(parameters.get("enforcer"), parameters.get("program"));
  const after = whole(parameters, "after", Number.MAX_SAFE_INTEGER);
  const wait = whole(parameters, "wait", longestWait) ?? 0;
  const { organizationId, id: apiKeyId } = viewer;
  const { db, now, feed, lists, auditTrail } = services;
  // A fleet shares one key: each of its enforcers is counted by itself, and all of them for the organization.
  const waiting = { ...viewer, id: `${viewer.id} ${name}` };
  const admitted = wait > 0 ? await admit(services.connections, waiting) : undefined;
  if (typeof admitted === "string") {
    const detail = { retryAfterSeconds: 10 };
    return sendError(response, new VigilError("RATE_LIMITED", admitted, { detail }));
  }
  const gone = new AbortController();
  const revoked = new AbortController();
  response.once("close", () => gone.abort());
  const stop = admitted && watchCredential(services, credential, viewer, (reason) => revoked.abort(reason));
  const either = AbortSignal.any([closing, gone.signal, revoked.signal]);
  const { signal: end, end: letGo } = abortAfter(wait * 1000, either);
  // Listened to before the list is read, so that no change falls between the two. The list is whole at each version:
  // it needs not wait, as the feed does, for older transactions that may yet announce something.
  const bell = wait > 0 ? feed.listen(organizationId, "decision", end) : undefined;
  try {
    // Whoever cannot be noted follows the list all the same, as one that has just got another key. It is told when it
    // acknowledges.
    await db
      .inOrganization(organizationId, (tx) => noteEnforcer(tx, { name, program, apiKeyId, now: now() }))
      .catch((error: unknown) => {
        if (!(error instanceof VigilError && error.code === "CONFLICT")) throw error;
      });
    let list = await lists(organizationId, { after, now: now() });
    while (bell && after === list.version && !gone.signal.aborted) {
      await bell.wait(lostBell);
      if (!gone.signal.aborted) list = await lists(organizationId, { after, now: now() });
      if (end.aborted) break;
    }
    if (gone.signal.aborted) return;
    if (revoked.signal.aborted) throw new VigilError("UNAUTHENTICATED", String(revoked.signal.reason));
    const { signature, publicKey } = auditTrail.sign(signedText(list));
    sendJson(response, 200, { ...list, signature, publicKey: rawPublicKey(publicKey) });
  } finally {
    bell?.close();
    letGo();
    stop?.();
    admitted?.();
  }
}

/** POST /enforce/acknowledge { enforcer, program, version, applied, lifted } */
export async function handleAcknowledge(
  services: Services,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { organizationId, id: apiKeyId } = (await enforcerOf(services, request)).viewer;
  const body = readJson(await readBody(request, bodyLimit));
  const { name, program } = readEnforcer(body.enforcer, body.program);
  const { version } = body;
  if (!Number.isSafeInteger(version) || (version as number) < 0) {
    throw new VigilError("BAD_USER_INPUT", "version is that of the list: a whole number");
  }
  const call = {
    name,
    program,
    apiKeyId,
    now: services.now(),
    listVersion: version as number,
    applied: idsOf(body, "applied"),
    lifted: idsOf(body, "lifted"),
  };
  await services.db.inOrganization(organizationId, (tx) => acknowledge(tx, call));
  response.writeHead(204).end();
}

function readJson(bytes: Buffer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(bytes.toString());
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // told below
  }
  throw new VigilError("BAD_USER_INPUT", "Send a JSON object");
}

function idsOf(body: Record<string, unknown>, key: "applied" | "lifted"): string[] {
  const ids = body[key] ?? [];
  if (Array.isArray(ids) && ids.length <= mostIds && ids.every((id) => typeof id === "string" && isUuid(id)))
    return ids;
  throw new VigilError("BAD_USER_INPUT", `${key} lists ids of decisions, at most ${mostIds}`);
}

function whole(parameters: URLSearchParams, name: string, most: number): number | undefined {
  const text = parameters.get(name);
  if (text === null) return undefined;
  const value = Number(text);
  if (/^\d{1,16}$/.test(text) && value <= most) return value;
  throw new VigilError("BAD_USER_INPUT", `${name} is a whole number, at most ${most}`);
}

interface Enforcer {
  viewer: Viewer;
  credential: string;
}

async function enforcerOf(services: Services, request: IncomingMessage): Promise<Enforcer> {
  const credential = credentialOf(request);
  if (credential === undefined) throw new VigilError("UNAUTHENTICATED", "Send an API key: Authorization: Bearer …");
  const viewer = await services.authenticator.authenticate(credential);
  if (viewer.kind === "API_KEY" && may(viewer, "decision.enforce")) return { viewer, credential };
  await services.refused(viewer, "decision.enforce");
  throw new VigilError("FORBIDDEN", "Decisions are enforced with an API key of the role ENFORCER");
}
