import type { IncomingMessage, ServerResponse } from "node:http";
import { VigilError } from "../errors.ts";
import type { Services } from "../schema/context.ts";
import { readBody, sendJson } from "./answer.ts";

const formLimit = 16_384; // bytes

/** POST /callbacks/twilio?organization=…: what became of an SMS, from Twilio and nobody else. */
export async function handleTwilioStatus(
  services: Services,
  request: IncomingMessage,
  response: ServerResponse,
  organizationId: string,
): Promise<void> {
  const fields = new URLSearchParams((await readBody(request, formLimit)).toString("utf8"));
  const signature = request.headers["x-twilio-signature"]?.toString() ?? "";
  const taken = await services.alerting.twilioStatus({ organizationId, path: request.url ?? "", fields, signature });
  if (!taken) throw new VigilError("FORBIDDEN", "This is not signed by Twilio with this server's token");
  sendJson(response, 200, { ok: true });
}
