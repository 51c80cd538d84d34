/** Messages a second to many sockets that follow the same, through GraphQL, beside a bare `ws` broadcast of the same bytes. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { v7 as uuidv7 } from "uuid";
import { WebSocket, WebSocketServer } from "ws";
import { openApp } from "../src/app.ts";
import { parseConfig } from "../src/config.ts";
import { createLog } from "../src/log.ts";
import { recordChanges } from "../src/publish/change.ts";
import { createServer } from "../src/server/server.ts";
import { median } from "./median.ts";
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
    const incidentId = uuidv7();
    await app.db.inOrganization(organizationId, (tx) =>
      tx.query(
        `INSERT INTO security_incidents (organization_id, id, number, title, severity, status, fingerprint, threat_score,
           subjects, tags, detection_count, event_count, first_event_at, last_event_at, opened_at, created_at, updated_at)
         VALUES ($1, $2, 900, 'Brute force: ann', 'HIGH', 'OPEN', 'bench', 50, '[]', '{}', 1, 1, now(), now(), now(), now(), now())`,
        [organizationId, incidentId],
      ),
    );
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
    for (const sockets of [100, 1_000]) {
      const each = Math.ceil(100_000 / sockets / 50) * 50; // as many messages whatever the number of sockets
      const ours = await clients(`${url.replace("http", "ws")}/graphql`, sockets, "graphql-transport-ws", [
        init,
        { query },
      ]);
      const theirs = await clients(`ws://127.0.0.1:${(http.address() as AddressInfo).port}`, sockets, "", []);
      const rates: Record<"ours" | "theirs", number[]> = { ours: [], theirs: [] };
      for (let run = -1; run < runs; run++) {
        const shared = (sockets * each) / (await ours.until(each, () => publish(each)));
        const plain = (sockets * each) / (await theirs.until(each, () => broadcast(each)));
        if (run < 0) continue; // warms up
        rates.ours.push(shared);
        rates.theirs.push(plain);
      }
      const [subjectValue, baselineValue] = [median(rates.ours), median(rates.theirs)];
      figures.push({
        bench: "fan-out",
        subject: `incidentEvents to ${sockets} sockets`,
        baseline: "bare ws broadcast of the same bytes",
        ratio: subjectValue / baselineValue,
        subjectValue,
        baselineValue,
        unit: "messages/s",
        runs,
      });
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
    /** Seconds from here until each socket has had so many messages. */
    async until(each: number, send: () => Promise<void>): Promise<number> {
      const armed = once(child, "message");
      child.send(each);
      await armed;
      const received = once(child, "message");
      const began = performance.now();
      await send();
      await received;
      return (performance.now() - began) / 1_000;
    },
    async close(): Promise<void> {
      child.kill();
      await once(child, "exit");
    },
  };
}
