/** A process of its own: sockets that follow incidents and the tail of what failed, and how long after its sending each came. */
import { once } from "node:events";
import WebSocket from "ws";
import type { Heard } from "./stream.ts";

const [port, token, count] = process.argv.slice(2) as [string, string, string];
const operations = {
  incidents: "subscription { incidentEvents { kind incident { title } } }",
  events: "subscription { securityEventStream(filter: { outcome: { eq: FAILURE } }) { events { targetId } dropped } }",
};
let heard: Heard = { incidents: [], events: [] };

/** Each time of sending that a frame names, once a frame. */
function hear(data: WebSocket.RawData): void {
  const at = process.hrtime.bigint();
  const text = String(data);
  if (text.includes('"errors"') || text.includes('"type":"error"')) throw new Error(text);
  const kind = text.includes("incidentEvents") ? "incidents" : "events";
  if (kind === "incidents" && !text.includes('"OPENED"')) return;
  for (const [, sent] of text.matchAll(/\bt(\d{10,})/g)) heard[kind].push(Number(at - BigInt(sent as string)) / 1e6);
}

async function connect(): Promise<void> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/graphql`, "graphql-transport-ws", { perMessageDeflate: false });
  await once(socket, "open");
  socket.send(JSON.stringify({ type: "connection_init", payload: { authorization: `Bearer ${token}` } }));
  await once(socket, "message");
  socket.on("message", hear);
  for (const [id, query] of Object.entries(operations)) {
    socket.send(JSON.stringify({ id, type: "subscribe", payload: { query } }));
  }
}

process.on("message", () => {
  process.send?.(heard);
  heard = { incidents: [], events: [] };
});
process.on("disconnect", () => process.exit());
for (let open = 0; open < Number(count); open += 50) await Promise.all(Array.from({ length: 50 }, connect));
await new Promise((resolve) => setTimeout(resolve, 1_000)); // the last subscriptions stand
process.send?.("open");
