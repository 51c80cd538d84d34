/** `GET /metrics`: how this process does, as Prometheus reads it. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { BlockList } from "node:net";
import { isSecret } from "../access/credential.ts";
import { VigilError } from "../errors.ts";
import type { Measures } from "../measures.ts";

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

const forwarding = ["forwarded", "x-forwarded-for", "x-real-ip", "via"];

/** With a token: whoever has it. Without: programs on this machine, and not what a proxy here passes on. Errors: UNAUTHENTICATED. */
export async function handleMetrics(
  { measures, token }: { measures: Measures; token: string | undefined },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const given = /^Bearer (.+)$/i.exec(request.headers.authorization ?? "")?.[1];
  if (token === undefined ? !isLocal(request) : !isSecret(given, token))
    throw new VigilError(
      "UNAUTHENTICATED",
      token === undefined
        ? "Set VIGIL_METRICS_TOKEN to read the metrics from another machine"
        : "Give VIGIL_METRICS_TOKEN as a bearer token",
    );
  const { body, type } = await measures.text();
  response.writeHead(200, { "Content-Type": type }).end(body);
}

/** Open sockets, and the streams that identical subscriptions share. */
export function watchStreams(
  measures: Measures,
  { counts, open }: { counts(): { streams: number; executed: number; sent: number }; open(): number },
): void {
  measures.watch("vigil_sockets", "Open WebSocket connections.", open);
  measures.watch("vigil_streams", "Streams that identical subscriptions share.", () => counts().streams);
  measures.watch("vigil_stream_messages", "Of streams since the start: executions, and messages sent.", "kind", () => {
    const { executed, sent } = counts();
    return { executed, sent };
  });
}

function isLocal({ socket, headers }: IncomingMessage): boolean {
  if (forwarding.some((name) => headers[name] !== undefined)) return false;
  const address = socket.remoteAddress?.replace(/^::ffff:/, "") ?? "";
  return loopback.check(address, address.includes(":") ? "ipv6" : "ipv4");
}
