import { createServer, type RequestListener, type Server } from "node:http";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Koa from "koa";
import { describe, expect, it } from "vitest";
import { blockedOne, blocking, listen, open, until, vigilWith, watching } from "./hosts.ts";
import { blockOf, ListServer } from "./list-server.ts";

const post = (path: string): string => `POST ${path} HTTP/1.1\r\nhost: clinic.example\r\ncontent-length: 0\r\n\r\n`;

/** Sends requests on one connection. `reset`: the connection is reset before anybody can have read them. */
async function send(host: string, paths: string[], how: "stay" | "reset"): Promise<Socket> {
  const socket = connect(Number(new URL(host).port), "127.0.0.1");
  open.push(() => socket.destroy());
  await new Promise<void>((resolve) => {
    socket.once("connect", () => {
      socket.write(paths.map(post).join(""));
      if (how === "reset") socket.resetAndDestroy();
      resolve();
    });
  });
  return socket;
}

describe("a client that does not wait for its answer", () => {
  it("is not let in while addresses are blocked, if its own went with its connection", async () => {
    const lists = new ListServer();
    const { url, events } = await vigilWith(lists);
    const free = watching({ url });
    const done: string[] = [];
    const handle: RequestListener = (request, response) => {
      done.push(String(request.url));
      response.end();
    };
    await until(() => free.status().listVersion !== undefined);
    await send(await listen(free.http(handle)), ["/free"], "reset");
    await until(() => events.length === 1);
    lists.make(blockOf(1, "203.0.113.9", Date.now() + 3_600_000));
    const blocks = watching({ url });
    await until(() => blocks.status().decisions === 1);
    await send(await listen(blocks.http(handle)), ["/blocking"], "reset");
    await until(() => events.length === 2);
    expect(done).toEqual(["/free"]);
    expect(events.map(({ http, source }) => [http?.path, http?.status, source])).toEqual([
      ["/free", 200, undefined],
      ["/blocking", 400, undefined],
    ]);
  });

  it("is told of although it left before the middleware had its turn", async () => {
    const { url, events } = await vigilWith(new ListServer());
    const monitor = watching({ url });
    const host = await listen((request, response) =>
      response.once("close", () => monitor.express(request, response, () => response.end("done"))),
    );
    (await send(host, ["/late"], "stay")).destroy();
    await until(() => events.length === 1);
    expect(events[0]?.http).toMatchObject({ path: "/late", status: 0 });
  });

  it("is told of by each request that waited for its turn on the connection", async () => {
    const { url, events } = await vigilWith(new ListServer());
    let asked = 0;
    const monitor = watching({ url });
    const host = await listen(
      monitor.http((request, response) => {
        asked++;
        if (request.url !== "/slow") response.end("done");
      }),
    );
    const socket = await send(host, ["/slow", "/b", "/c"], "stay");
    await until(() => asked === 3);
    socket.destroy();
    await until(() => events.length >= 3);
    expect(events.map(({ http }) => [http?.path, http?.status]).sort()).toEqual([
      ["/b", 200],
      ["/c", 200],
      ["/slow", 0],
    ]);
  });

  it("is told of by each request that waited for its turn, though the middleware's came after the connection had closed", async () => {
    const { url, events } = await vigilWith(new ListServer());
    const monitor = watching({ url });
    let asked = 0;
    const gone: (() => void)[] = [];
    const host = await listen((request, response) => {
      asked++;
      gone.push(() => monitor.express(request, response, () => response.end("done")));
      if (asked === 1) request.socket.once("close", () => setImmediate(() => gone.forEach((turn) => void turn())));
    });
    const socket = await send(host, ["/first", "/waiting"], "stay");
    await until(() => asked === 2);
    socket.destroy();
    await until(() => events.length >= 2);
    expect(events.map(({ http }) => http?.path).sort()).toEqual(["/first", "/waiting"]);
  });

  it("of Koa lets what stands around the middleware end behind what stands within, and end where that is not let in", async () => {
    const { url } = await vigilWith(blocking());
    const asked: (() => void)[] = [];
    const monitor = watching({ url, identify: () => new Promise((resolve) => asked.push(() => resolve(undefined))) });
    await until(() => monitor.status().decisions === 1);
    const steps: string[] = [];
    const app = new Koa();
    app.use(async ({ path, res }, next) => {
      const closed = new Promise((resolve) => res.once("close", resolve)).then(() => steps.push("closed"));
      steps.push("begun");
      if (path === "/blocked") await closed;
      await next();
      steps.push("around");
    });
    app.use(monitor.koa).use(async () => {
      await new Promise((resolve) => setImmediate(resolve));
      steps.push("within");
    });
    const host = await listen(app.callback());
    for (const path of ["/", "/blocked"]) {
      const socket = await send(host, [path], "stay");
      await until(() => steps.includes("begun") && (path === "/blocked" || asked.length > 0));
      socket.destroy();
      await until(() => steps.includes("closed") && asked.length > 0);
      await until(() => {
        for (const decide of asked.splice(0)) decide();
        return steps.includes("around");
      });
      expect(steps.splice(0)).toEqual(["begun", "closed", ...(path === "/" ? ["within"] : []), "around"]);
    }
  });
});

it("behind a proxy on a UNIX socket believes what that says of its client, if it is told of proxies", async () => {
  const { url, events } = await vigilWith(blocking());
  const ask = async (trustedProxies: string[]): Promise<string> => {
    const monitor = watching({ url, trustedProxies });
    await until(() => monitor.status().decisions === 1);
    const path = join(tmpdir(), `vigil-${process.pid}-${trustedProxies.length}.sock`);
    const server: Server = createServer(monitor.http((_request, response) => response.end())).listen(path);
    open.push(() => server.close());
    await new Promise((resolve) => server.once("listening", resolve));
    const socket = connect(path);
    open.push(() => socket.destroy());
    socket.write(post("/").replace("host:", `x-forwarded-for: ${blockedOne}\r\nhost:`));
    const [answer] = await new Promise<Buffer[]>((resolve) => socket.once("data", (part) => resolve([part])));
    return String(answer).slice(9, 12);
  };
  expect([await ask([]), await ask(["127.0.0.1"])]).toEqual(["200", "403"]);
  await until(() => events.length === 2);
  expect(events.map(({ source, http }) => [http?.status, source?.ip]).sort()).toEqual([
    [200, undefined],
    [403, blockedOne],
  ]);
});
