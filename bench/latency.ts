/** From POST /ingest of the deciding failed log-in to the frame on a WebSocket, with 1,000 other events a second. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { ensureUser } from "../src/access/users.ts";
import { openApp } from "../src/app.ts";
import { parseConfig } from "../src/config.ts";
import { createLog } from "../src/log.ts";
import { createServer } from "../src/server/server.ts";
import { percentiles } from "./percentiles.ts";
import type { Figure } from "./run.ts";

const samples = 200;
const patience = 10_000; // ms until a frame counts as lost
const colleague = "ann@clinic.example";

interface Told {
  notificationEvents: { notification: { incident: { id: string } | null } | null };
}

interface Answer<T> {
  data: T;
}

export async function latencyBench(): Promise<Figure[]> {
  const directory = await mkdtemp(join(tmpdir(), "vigil-bench-"));
  const app = await openApp(parseConfig({ VIGIL_DATA_DIR: directory }), { log: createLog("silent") });
  const server = createServer(app);
  const url = await server.listen(0, "127.0.0.1");
  try {
    const organizationId = await app.organizationBySlug("demo");
    const person = { email: colleague, name: "Ann", role: "ANALYST", now: Date.now() } as const;
    const userId = await app.db.inOrganization(organizationId, (tx) => ensureUser(tx, person));
    const grant = { organizationId, name: "bench" } as const;
    const token = await app.tokens.sign({ ...grant, userId: "cli", role: "ADMIN" }, 3_600);
    const post = async <T>(path: string, body: unknown): Promise<T> => {
      const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
      const answer = await fetch(url + path, { method: "POST", headers, body: JSON.stringify(body) });
      if (!answer.ok) throw new Error(`${path} answered ${answer.status}`);
      return answer.json() as Promise<T>;
    };
    const fail = (user: string, n: number) => ({
      action: "login",
      category: "authentication",
      outcome: "failure",
      actor: { name: user },
      source: { ip: `10.${n % 250}.${Math.floor(n / 250) % 250}.${n % 7}` },
    });
    const heard = new Map<string, (at: number) => void>();
    const frame = (of: string): Promise<number> =>
      new Promise((resolve, reject) => {
        heard.set(of, resolve);
        AbortSignal.timeout(patience).onabort = () => reject(new Error(`no frame about ${of} within 10 s`));
      });
    /** Calls of `read` with each frame's data. */
    const listen = (bearer: string, query: string, read: (data: never) => string): (() => void | Promise<void>) => {
      const client = createClient({
        url: `${url.replace("http", "ws")}/graphql`,
        webSocketImpl: WebSocket,
        connectionParams: { authorization: `Bearer ${bearer}` },
      });
      void (async () => {
        for await (const { data } of client.iterate({ query })) heard.get(read(data as never))?.(performance.now());
      })();
      return () => client.dispose();
    };
    type Opened = { incidentEvents: { kind: string; incident: { title: string } } };
    const incidents = "subscription { incidentEvents { kind incident { title } } }";
    const stops = [
      listen(token, incidents, ({ incidentEvents: { kind, incident } }: Opened) =>
        kind === "OPENED" ? (incident.title.split(": ")[1] ?? "") : "",
      ),
      listen(
        await app.tokens.sign({ ...grant, userId, role: "ANALYST" }, 3_600),
        "subscription { notificationEvents { kind notification { kind incident { id } } } }",
        ({ notificationEvents: { notification } }: Told) => notification?.incident?.id ?? "",
      ),
    ];
    await wait(300);
    let attempts = 0;
    /** The deciding log-in's way, in ms. */
    async function detected(): Promise<number> {
      const user = `victim${attempts}`;
      await post(
        "/ingest",
        Array.from({ length: 9 }, (_, k) => fail(user, attempts + k)),
      );
      const seen = frame(user);
      const sent = performance.now();
      await post("/ingest", [fail(user, attempts + 9)]);
      attempts += 10;
      return (await seen) - sent;
    }
    const pages = "{ incidents(first: 100) { nodes { id } } }";
    /** From asking to assign an incident to the frame of whom it is assigned to. */
    async function assigned(id: string): Promise<number> {
      const query = `mutation ($id: ID!, $to: String) { incidentAssign(id: $id, input: { assignee: $to }) { userErrors { message } } }`;
      await post("/graphql", { query, variables: { id, to: null } });
      const seen = frame(id);
      const sent = performance.now();
      await post("/graphql", { query, variables: { id, to: colleague } });
      return (await seen) - sent;
    }
    async function sample(count: number): Promise<{ detections: number[]; notifications: number[] }> {
      const detections: number[] = [];
      const notifications: number[] = [];
      for (let n = 0; n < count; n++) detections.push(await detected());
      const { data } = await post<Answer<{ incidents: { nodes: { id: string }[] } }>>("/graphql", { query: pages });
      const ids = data.incidents.nodes.map(({ id }) => id);
      for (let n = 0; n < count; n++) notifications.push(await assigned(ids[n % ids.length] as string));
      const sorted = (times: number[]) => times.sort((a, b) => a - b);
      return { detections: sorted(detections), notifications: sorted(notifications) };
    }
    await sample(20); // warms up
    const alone = await sample(samples);
    // On a fixed schedule, whether or not earlier batches were answered: a slow server gets no relief.
    const noise: Promise<unknown>[] = [];
    const noiseBegan = performance.now();
    const reads = Array.from({ length: 50 }, (_, n) => ({
      action: "record.read",
      outcome: "success",
      actor: { name: `u${n}` },
    }));
    const timer = setInterval(() => {
      const due = Math.floor((performance.now() - noiseBegan) / 50); // 50 events every 50 ms
      while (noise.length < due) noise.push(post("/ingest", reads));
    }, 10);
    const beside = await sample(samples);
    clearInterval(timer);
    const rate = (noise.length * 50) / ((performance.now() - noiseBegan) / 1_000);
    await Promise.all(noise);
    for (const stop of stops) await stop();
    const figure = (subject: string, times: number[], bare: number[]): Figure[] =>
      percentiles(
        {
          bench: "latency",
          subject: `${subject} beside ${rate.toFixed(0)} events/s`,
          baseline: "with nothing beside it",
        },
        times,
        bare,
      );
    return [
      ...figure("from ingest to frame", beside.detections, alone.detections),
      ...figure("from assigning to the notification's frame", beside.notifications, alone.notifications),
    ];
  } finally {
    await server.close();
    await app.close();
    await rm(directory, { recursive: true, force: true });
  }
}
