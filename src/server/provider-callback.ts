import type { IncomingMessage, ServerResponse } from "node:http";
import { VigilError } from "../errors.ts";
import type { Services } from "../schema/context.ts";
import { readBody, sendJson } from "./answer.ts";

const formLimit = 16_384; // bytes
const slackLimit = 262_144; // bytes: Slack sends the message back whose button was pressed

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

/** POST /callbacks/twilio/sms: an SMS that came to this server's number, from Twilio and nobody else. */
export async function handleSmsReply(
  services: Services,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const fields = new URLSearchParams((await readBody(request, formLimit)).toString("utf8"));
  const signature = request.headers["x-twilio-signature"]?.toString() ?? "";
  const answer = await services.alerting.outside.smsReply({ path: request.url ?? "", fields, signature });
  if (answer === undefined) throw new VigilError("FORBIDDEN", "This is not signed by Twilio with this server's token");
  response.writeHead(200, { "Content-Type": "text/xml; charset=utf-8" }).end(answer);
}

/** POST /callbacks/slack?organization=…&channel=…: a button was pressed in Slack. */
export async function handleSlackAction(
  services: Services,
  request: IncomingMessage,
  response: ServerResponse,
  query: URLSearchParams,
): Promise<void> {
  const of = { organizationId: query.get("organization") ?? "", channelId: query.get("channel") ?? "" };
  const said = await services.alerting.outside.slackAction(of, {
    body: (await readBody(request, slackLimit)).toString("utf8"),
    timestamp: request.headers["x-slack-request-timestamp"]?.toString() ?? "",
    signature: request.headers["x-slack-signature"]?.toString() ?? "",
  });
  if (said === undefined) throw new VigilError("FORBIDDEN", "This is not signed by Slack with this channel's secret");
  response.writeHead(200).end();
}
