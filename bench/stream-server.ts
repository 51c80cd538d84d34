/**
 * A server for benches, in a process of its own: says where it listens, and what to ask it with. Told so, it profiles itself,
 * or publishes changes of an incident.
 */
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";
import { openApp } from "../src/app.ts";
import { parseConfig } from "../src/config.ts";
import { createLog } from "../src/log.ts";
import { recordChanges } from "../src/publish/change.ts";
import { createServer } from "../src/server/server.ts";
import { memoryInUse } from "./heap.ts";
import { startProfile } from "./profiler.ts";
import { unlimited } from "./unlimited.ts";

/** What the server is told. */
export interface Told {
  /** Answers the MiB of heap that are in use. */
  heap?: true;
  profile?: "start" | "stop";
  /** The id of an incident, to which ten changes are told. */
  publish?: string;
}

const [kind, dataDir, redisUrl] = process.argv.slice(2) as [string, string, string];
process.send?.(kind === "bare" ? await startBare() : await startVigil());
process.on("disconnect", () => process.exit());

async function startVigil() {
  const limits = { VIGIL_CONNECTION_LIMITS: "viewer=10000,address=10000,organization=10000" };
  const config = parseConfig({ VIGIL_DATA_DIR: dataDir, ...limits, ...(redisUrl ? { REDIS_URL: redisUrl } : {}) });
  const app = await openApp(config, { log: createLog("silent") });
  const server = createServer(app, unlimited);
  const port = Number(new URL(await server.listen(0, "127.0.0.1")).port);
  const organizationId = await app.organizationBySlug("demo");
  const token = await app.tokens.sign({ organizationId, userId: "cli", name: "bench", role: "ADMIN" }, 36_000);
  let profiling: Awaited<ReturnType<typeof startProfile>> | undefined;
  process.on("message", async (told: Told) => {
    if (told.heap) process.send?.(memoryInUse().heap);
    if (told.profile === "start") profiling = await startProfile();
    if (told.profile === "stop") process.send?.(await profiling?.stop());
    if (told.publish)
      await app.change(organizationId, (tx) =>
        recordChanges(
          tx,
          Array.from({ length: 10 }, () => ({
            topic: "incident",
            kind: "COMMENTED",
            entityId: told.publish as string,
          })),
        ),
      );
  });
  process.once("SIGTERM", async () => {
    await server.close();
    await app.close();
    process.exit();
  });
  return { port, token, organizationId };
}

/** Reads what is sent, and passes on who failed to log in, in a frame as long as ours. */
async function startBare() {
  const http = createHttpServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const events = Buffer.concat(parts)
      .toString()
      .split("\n")
      .map((line) => JSON.parse(line) as { action: string; actor: { name: string } });
    const failed = events.find(({ action }) => action === "login");
    if (failed) {
      const incident = { title: `Brute force against one user: ${failed.actor.name}` };
      const payload = { data: { incidentEvents: { kind: "OPENED", incident } } };
      const frame = Buffer.from(JSON.stringify({ id: "incidents", type: "next", payload }));
      for (const socket of sockets.clients) socket.send(frame, { binary: false });
    }
    response.end(JSON.stringify({ accepted: events.length }));
  }).listen(0, "127.0.0.1");
  await once(http, "listening");
  const sockets = new WebSocketServer({ server: http, perMessageDeflate: false });
  sockets.on("connection", (socket) => {
    socket.on("message", (data) => {
      if (String(data).includes("connection_init")) socket.send('{"type":"connection_ack"}');
    });
  });
  return { port: (http.address() as AddressInfo).port, token: "" };
}
