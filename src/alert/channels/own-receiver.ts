/** Sends a message over a socket to this process itself, which takes it only where its signature and words are right. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Sent } from "../../outbound/outcome.ts";
import { callSigned } from "../../outbound/signed-call.ts";
import { isSigned, makeWebhookSecret } from "../../outbound/standard-webhook.ts";
import type { Message } from "../message.ts";

export async function sendToItself(message: Message, signal: AbortSignal, now: () => number): Promise<Sent> {
  const secret = makeWebhookSecret();
  const receiver = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = String(Buffer.concat(chunks));
    const isOurs = isSigned(secret, request.headers as Record<string, string>, body, now());
    response.writeHead(isOurs && body.includes(JSON.stringify(message.subject)) ? 204 : 400).end();
  });
  try {
    await once(receiver.listen(0, "127.0.0.1"), "listening", { signal });
    const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
    const body = { type: "alert.heartbeat", data: { subject: message.subject, text: message.text } };
    const call = { url, secrets: { secret }, id: message.id, body, signal };
    return (await callSigned(call, { allowPrivate: true, now })).sent;
  } finally {
    receiver.closeAllConnections();
    receiver.close();
  }
}
