/** From POST /ingest of the deciding failed log-in to the frame on a WebSocket, with 1,000 other events a second. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { openApp } from "../src/app.ts";
import { parseConfig } from "../src/config.ts";
import { createLog } from "../src/log.ts";
import { createServer } from "../src/server/server.ts";
import { percentiles } from "./percentiles.ts";
import type { Figure } from "./run.ts";

const samples = 200;

export async function latencyBench(): Promise<Figure[]> {
  const directory = await mkdtemp(join(tmpdir(), "vigil-bench-"));
  const app = await openApp(parseConfig({ VIGIL_DATA_DIR: directory }), { log: createLog("silent") });
  const server = createServer(app);
  const url = await server.listen(0, "127.0.0.1");
  try {
    const organizationId = await app.organizationBySlug("demo");
    const token = await app.tokens.sign({ organizationId, userId: "cli", name: "bench", role: "ADMIN" }, 3_600);
    const post = async (events: unknown[]): Promise<void> => {
      const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
      const answer = await fetch(`${url}/ingest`, { method: "POST", headers, body: JSON.stringify(events) });
      if (!answer.ok) throw new Error(`ingest answered ${answer.status}`);
      await answer.arrayBuffer();
    };
    const fail = (user: string, n: number) => ({
      action: "login",
      category: "authentication",
      outcome: "failure",
      actor: { name: user },
      source: { ip: `10.${n % 250}.${Math.floor(n / 250) % 250}.${n % 7}` },
    });
    const client = createClient({
      url: `${url.replace("http", "ws")}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { authorization: `Bearer ${token}` },
    });
    const heard = new Map<string, (at: number) => void>();
    const stream = client.iterate<{ incidentEvents: { kind: string; incident: { title: string } } }>({
      query: "subscription { incidentEvents { kind incident { title } } }",
    });
    void (async () => {
      for await (const { data } of stream) {
        const { kind, incident } = data?.incidentEvents ?? {};
        if (kind === "OPENED") heard.get(incident?.title.split(": ")[1] ?? "")?.(performance.now());
      }
    })();
    await wait(300);
    let attempts = 0;
    /** The deciding log-in's way, `count` times, in ms. */
    async function sample(count: number): Promise<number[]> {
      const latencies: number[] = [];
      for (let n = 0; n < count; n++, attempts += 10) {
        const user = `victim${attempts}`;
        await post(Array.from({ length: 9 }, (_, k) => fail(user, attempts + k)));
        const frame = new Promise<number>((resolve, reject) => {
          heard.set(user, resolve);
          AbortSignal.timeout(10_000).onabort = () => reject(new Error(`no frame for ${user} within 10 s`));
        });
        const sent = performance.now();
        await post([fail(user, attempts + 9)]);
        latencies.push((await frame) - sent);
      }
      return latencies.sort((a, b) => a - b);
    }
    await sample(20); // warms up
    const alone = await sample(samples);
    // On a fixed schedule, whether or not earlier batches were answered: a slow server gets no relief.
    const noise: Promise<void>[] = [];
    const noiseBegan = performance.now();
    const reads = Array.from({ length: 50 }, (_, n) => ({
      action: "record.read",
      outcome: "success",
      actor: { name: `u${n}` },
    }));
    const timer = setInterval(() => {
      const due = Math.floor((performance.now() - noiseBegan) / 50); // 50 events every 50 ms
      while (noise.length < due) noise.push(post(reads));
    }, 10);
    const beside = await sample(samples);
    clearInterval(timer);
    const rate = (noise.length * 50) / ((performance.now() - noiseBegan) / 1_000);
    await Promise.all(noise);
    await client.dispose();
    const subject = `from ingest to frame beside ${rate.toFixed(0)} events/s`;
    return percentiles({ bench: "latency", subject, baseline: "with nothing beside it" }, beside, alone);
  } finally {
    await server.close();
    await app.close();
    await rm(directory, { recursive: true, force: true });
  }
}
