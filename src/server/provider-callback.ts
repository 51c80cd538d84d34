import type { IncomingMessage, ServerResponse } from "node:http";
import { VigilError } from "../errors.ts";
import type { Services } from "../schema/context.ts";
import { readBody, sendJson } from "./answer.ts";
import { bearerOf } from "./credential.ts";

const formLimit = 16_384; // bytes
const mailLimit = 262_144; // bytes: a report returns the headers of what it is about, or all of it
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

/** POST /callbacks/email: an e-mail that came to where mail servers report to, whole (RFC 5322), from who has the token. */
export async function handleMailReport(
  services: Services,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const raw = await readBody(request, mailLimit);
  const isReport = await services.alerting.mailReport({ token: shownBy(request), raw });
  sendJson(response, 200, { ok: true, isReport });
}

/** A bearer token, or the password of a URL such as https://vigil:token@vigil.example. */
function shownBy({ headers: { authorization = "" } }: IncomingMessage): string | undefined {
  const login = /^Basic +(\S+)$/i.exec(authorization)?.[1];
  if (login === undefined) return bearerOf(authorization);
  const pair = Buffer.from(login, "base64").toString("utf8");
  return pair.slice(pair.indexOf(":") + 1);
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
