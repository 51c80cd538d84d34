/** GET /changes?topic&after[&wait]: the change feed for networks on which nothing stays open. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Permission } from "../access/permissions.ts";
import { VigilError } from "../errors.ts";
import type { Topic } from "../publish/change.ts";
import type { FeedChange, Services } from "../schema/context.ts";
import { sendError, sendJson } from "./answer.ts";
import { credentialOf } from "./credential.ts";
import { admit } from "./manners.ts";
import { permit } from "./permit.ts";
import { watchCredential } from "./watch.ts";

const longestWait = 25; // seconds
const topics: Record<string, { topic: Topic; permission: Permission }> = {
  incident: { topic: "incident", permission: "incident.read" },
  alert: { topic: "alert", permission: "incident.read" },
  decision: { topic: "decision", permission: "decision.read" },
};

/**
 * Answers `{ changes: [{ cursor, kind, id, at }], cursor }`, at once where there are any behind `after`, else when there
 * are or after `wait` seconds. Without `after`: the present cursor. What the ids stand for is asked over GraphQL.
 */
export async function handleChanges(
  services: Services,
  request: IncomingMessage,
  response: ServerResponse,
  parameters: URLSearchParams,
  closing: AbortSignal,
): Promise<void> {
  const credential = credentialOf(request);
  if (credential === undefined) throw new VigilError("UNAUTHENTICATED", "Send a token: Authorization: Bearer …");
  const viewer = await services.authenticator.authenticate(credential);
  const asked = topics[parameters.get("topic") ?? ""];
  if (!asked) throw new VigilError("BAD_USER_INPUT", `topic is one of ${Object.keys(topics).join(", ")}`);
  await permit(services, viewer, asked.permission, `follow ${parameters.get("topic")}`);
  const wait = Number(parameters.get("wait") ?? 0);
  if (!(wait >= 0 && wait <= longestWait)) {
    throw new VigilError("BAD_USER_INPUT", `wait is a number of seconds, at most ${longestWait}`);
  }
  const { organizationId } = viewer;
  const after = parameters.get("after");
  if (after === null) {
    return sendJson(response, 200, { changes: [], cursor: await services.feed.cursor(organizationId) });
  }
  const admitted = await admit(services.connections, viewer);
  if (typeof admitted === "string") {
    const detail = { retryAfterSeconds: 10 };
    return sendError(response, new VigilError("RATE_LIMITED", admitted, { detail }));
  }
  const gone = new AbortController();
  const end = AbortSignal.any([closing, gone.signal]);
  response.once("close", () => gone.abort());
  const stop = watchCredential(services, credential, viewer, () => gone.abort());
  // Where nothing is there yet, the feed says nothing: the time is counted from here.
  const timer = setTimeout(() => gone.abort(), Math.max(wait * 1_000, 500));
  try {
    const pages = services.feed.followPages(organizationId, asked.topic, after, end);
    const first = await pages.next().finally(() => clearTimeout(timer));
    const changes: FeedChange[] = first.done ? [] : first.value;
    if (response.destroyed) return;
    sendJson(response, 200, {
      changes: changes.map(({ cursor, kind, entityId, at }) => ({ cursor, kind, id: entityId ?? null, at })),
      cursor: changes.at(-1)?.cursor ?? after,
    });
    gone.abort();
    await pages.return(undefined);
  } finally {
    clearTimeout(timer);
    stop();
    admitted();
  }
}
