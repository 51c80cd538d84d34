/** Hosts of the SDK in small, and a Vigil that they speak with. */
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { afterEach } from "vitest";
import {
  type HostRequest,
  type MonitorOptions,
  monitorSecurity,
  type SecurityMonitor,
  type SentEvent,
} from "../../src/sdk/index.ts";
import { blockOf, ListServer } from "./list-server.ts";

/** What is closed behind each test. */
export const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

export async function listen(
  listener: RequestListener,
  upgrade?: ReturnType<SecurityMonitor["upgrade"]>,
): Promise<string> {
  const server: Server = createServer(listener).listen(0, "127.0.0.1");
  if (upgrade) server.on("upgrade", upgrade);
  await new Promise((resolve) => server.once("listening", resolve));
  open.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A Vigil that has these decisions and keeps what it is sent. */
export async function vigilWith(lists: ListServer): Promise<{ url: string; events: (SentEvent & { id: string })[] }> {
  const events: (SentEvent & { id: string })[] = [];
  const url = await listen((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part) => parts.push(part));
    request.on("end", () => {
      if (request.url?.startsWith("/enforce/decisions")) {
        const after = new URL(request.url, "http://x").searchParams.get("after");
        const known = after === null ? undefined : Number(after);
        const answer = (): unknown =>
          known === lists.version
            ? response.destroyed || setTimeout(answer, 5)
            : response.end(JSON.stringify(lists.answer(known, Date.now())));
        answer();
      } else if (request.url === "/ingest") {
        const sent = Buffer.concat(parts);
        const body = request.headers["content-encoding"] === "gzip" ? gunzipSync(sent) : sent;
        const lines = body.toString().split("\n");
        events.push(...lines.map((line) => JSON.parse(line)));
        response.end(JSON.stringify({ accepted: lines.length, duplicates: 0, rejected: [] }));
      } else response.writeHead(204).end();
    });
  });
  return { url, events };
}

export function watching<Asked = HostRequest>(
  options: Partial<MonitorOptions<Asked>> & { url: string },
): SecurityMonitor {
  const monitor = monitorSecurity<Asked>({
    apiKey: "key",
    name: "host",
    flushDelay: 5,
    trustedProxies: ["127.0.0.1"],
    ...options,
  });
  open.push(() => monitor.close(100));
  return monitor;
}

export async function until(holds: () => boolean): Promise<void> {
  for (const end = performance.now() + 10_000; !holds(); await wait(5)) {
    if (performance.now() > end) throw new Error("not within 10 s");
  }
}

export const blockedOne = "203.0.113.9";
export function blocking(): ListServer {
  const lists = new ListServer();
  lists.make(blockOf(1, blockedOne, Date.now() + 3_600_000));
  return lists;
}
export const from = (address: string): RequestInit => ({
  headers: { "x-forwarded-for": address, "user-agent": "test" },
});
