/**
 * What many sockets that follow the same get through GraphQL, beside a bare `ws` broadcast of the same bytes in the same run:
 * messages a second, the time after which 99 of 100 messages have come (all are due at the start), and what an idle socket
 * takes of the server's memory. Targets: at least 0.95 of the messages, no longer, and at most 15 KiB a socket.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WebSocket, WebSocketServer } from "ws";
import { openApp } from "../src/app.ts";
import { parseConfig } from "../src/config.ts";
import { createLog } from "../src/log.ts";
import { recordChanges } from "../src/publish/change.ts";
import { createServer } from "../src/server/server.ts";
import { compared } from "./compared.ts";
import { memoryInUse } from "./heap.ts";
import { makeIncident } from "./query-data.ts";
import type { Figure } from "./run.ts";

const runs = 5;
const query = "subscription { incidentEvents { cursor kind incident { id number severity status title } } }";

export async function fanOutBench(): Promise<Figure[]> {
  const directory = await mkdtemp(join(tmpdir(), "vigil-bench-"));
  const app = await openApp(
    parseConfig({
      VIGIL_DATA_DIR: directory,
      VIGIL_CONNECTION_LIMITS: "viewer=10000,address=10000,organization=10000",
    }),
    { log: createLog("silent") },
  );
  const server = createServer(app);
  const url = await server.listen(0, "127.0.0.1");
  const http = createHttpServer().listen(0, "127.0.0.1");
  await once(http, "listening");
  const bare = new WebSocketServer({ server: http, perMessageDeflate: false });
  try {
    const organizationId = await app.organizationBySlug("demo");
    const incidentId = await app.db.inOrganization(organizationId, (tx) => makeIncident(tx, organizationId));
    const token = await app.tokens.sign({ organizationId, userId: "cli", name: "bench", role: "ADMIN" }, 3_600);
    const init = { type: "connection_init", payload: { authorization: `Bearer ${token}` } };
    const frame = await oneFrame(`${url.replace("http", "ws")}/graphql`, init, () => publish(1));

    async function publish(count: number): Promise<void> {
      const changes = Array.from({ length: count }, () => ({
        topic: "incident" as const,
        kind: "COMMENTED",
        entityId: incidentId,
      }));
      await app.change(organizationId, (tx) => recordChanges(tx, changes));
    }
    async function broadcast(count: number): Promise<void> {
      for (let n = 0; n < count; n++) {
        for (const socket of bare.clients) socket.send(frame, { binary: false });
        await new Promise(setImmediate);
      }
    }

    const figures: Figure[] = [];
    for (const sockets of [100, 1_000, 5_000]) {
      const each = Math.ceil(100_000 / sockets / 50) * 50; // about as many messages whatever the number of sockets
      const empty = memory();
      const ours = await clients(`${url.replace("http", "ws")}/graphql`, sockets, "graphql-transport-ws", [
        init,
        { query },
      ]);
      const withOurs = memory();
      const theirs = await clients(`ws://127.0.0.1:${(http.address() as AddressInfo).port}`, sockets, "", []);
      const withTheirs = memory();
      const rates: Record<"ours" | "theirs", number[]> = { ours: [], theirs: [] };
      const nearly: Record<"ours" | "theirs", number[]> = { ours: [], theirs: [] };
      for (let run = -1; run < runs; run++) {
        const shared = await ours.until(each, () => publish(each));
        const plain = await theirs.until(each, () => broadcast(each));
        if (run < 0) continue; // warms up
        rates.ours.push((sockets * each) / shared.all);
        rates.theirs.push((sockets * each) / plain.all);
        nearly.ours.push(shared.nearly * 1_000);
        nearly.theirs.push(plain.nearly * 1_000);
      }
      const figure = (what: string, unit: string, own: number[], others: number[]): void => {
        const subject = `incidentEvents to ${sockets} sockets${what}`;
        const baseline = "bare ws broadcast of the same bytes";
        figures.push(compared({ bench: "fan-out", subject, baseline, unit }, own, others));
      };
      figure("", "messages/s", rates.ours, rates.theirs);
      figure(", p99 of the time to arrive", "ms", nearly.ours, nearly.theirs);
      if (sockets >= 1_000) {
        const [own, others] = [withOurs - empty, withTheirs - withOurs];
        figure(", memory of an idle socket", "KiB", [own / sockets], [others / sockets]);
      }
      await Promise.all([ours.close(), theirs.close()]);
    }
    return figures;
  } finally {
    bare.close();
    http.close();
    await server.close();
    await app.close();
    await rm(directory, { recursive: true, force: true });
  }
}

/** KiB that are in use. */
function memory(): number {
  const { heap, external } = memoryInUse();
  return (heap + external) * 1_024;
}

/** What one message of the subscription is, byte for byte. */
async function oneFrame(url: string, init: object, publish: () => Promise<void>): Promise<Buffer> {
  const socket = new WebSocket(url, "graphql-transport-ws");
  await once(socket, "open");
  socket.send(JSON.stringify(init));
  await once(socket, "message");
  socket.send(JSON.stringify({ id: "operation-1", type: "subscribe", payload: { query } }));
  const frame = once(socket, "message");
  const again = setInterval(() => void publish(), 500); // until the subscription is there
  const [data] = (await frame) as [Buffer];
  clearInterval(again);
  socket.close();
  await once(socket, "close");
  return data;
}

async function clients(url: string, count: number, protocol: string, first: unknown[]) {
  const child = fork(
    join(import.meta.dirname, "fan-out-clients.ts"),
    [url, String(count), protocol, JSON.stringify(first)],
    {
      execArgv: ["--import", "tsx"],
    },
  );
  await once(child, "message");
  await new Promise((resolve) => setTimeout(resolve, 500)); // the last subscriptions arrive
  return {
    /** Seconds from here until each socket has had so many messages, and until 99 of 100 of those have come. */
    async until(each: number, send: () => Promise<void>): Promise<{ all: number; nearly: number }> {
      const armed = once(child, "message");
      child.send(each);
      await armed;
      const received = once(child, "message");
      const began = process.hrtime.bigint(); // the same clock in all processes of a machine
      await send();
      const [{ all, nearly }] = (await received) as [{ all: string; nearly: string }];
      const since = (at: string): number => Number(BigInt(at) - began) / 1e9;
      return { all: since(all), nearly: since(nearly) };
    },
    async close(): Promise<void> {
      child.kill();
      await once(child, "exit");
    },
  };
}
