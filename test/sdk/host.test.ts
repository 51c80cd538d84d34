import { type RequestListener, request } from "node:http";
import { connect } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import fastify from "fastify";
import Koa from "koa";
import { describe, expect, it, vi } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { parseBatch } from "../../src/ingest/batch.ts";
import type { EventDraft } from "../../src/ingest/event.ts";
import { validateEvent } from "../../src/ingest/validate.ts";
import { backOff } from "../../src/sdk/back-off.ts";
import { monitorSecurity, type SecurityMonitor } from "../../src/sdk/index.ts";
import { fixedOf, originOf, requestLine } from "../../src/sdk/request-line.ts";
import { Ring } from "../../src/sdk/ring.ts";
import fc from "../support/property.ts";
import { blockedOne, blocking, from, listen, open, until, vigilWith, watching } from "./hosts.ts";
import { blockOf, ListServer } from "./list-server.ts";

describe("a host of the SDK", () => {
  const hosts: Record<string, (monitor: SecurityMonitor) => Promise<(address: string) => Promise<Response>>> = {
    "node:http": async (monitor) => {
      const url = await listen(monitor.http((_request, response) => response.end("hello")));
      return (address) => fetch(`${url}/patients?name=doe`, from(address));
    },
    Fastify: async (monitor) => {
      const app = fastify();
      await app.register(monitor.fastify);
      app.get("/patients", () => "hello");
      const url = await app.listen({ port: 0, host: "127.0.0.1" });
      open.push(() => app.close());
      return (address) => fetch(`${url}/patients?name=doe`, from(address));
    },
    Koa: async (monitor) => {
      const app = new Koa();
      app.use(monitor.koa).use((context) => {
        context.body = "hello";
      });
      const url = await listen(app.callback());
      return (address) => fetch(`${url}/patients?name=doe`, from(address));
    },
    "a fetch handler": async (monitor) => {
      const handler = monitor.fetch(() => new Response("hello"));
      return (address) => handler(new Request("http://clinic.example/patients?name=doe", from(address)));
    },
  };
  it.each(Object.keys(hosts))(
    "of %s refuses who is blocked, lets others in, and tells of both without their query",
    async (name) => {
      const { url, events } = await vigilWith(blocking());
      const monitor = watching({ url, identify: () => ({ id: 7 as never, email: "ann@clinic.example" }) });
      const ask = await (hosts[name] as NonNullable<(typeof hosts)[string]>)(monitor);
      await until(() => monitor.status().decisions === 1);
      expect(await (await ask("203.0.113.8")).text()).toBe("hello");
      const refused = await ask(blockedOne);
      expect([refused.status, (await refused.json()).error.code]).toEqual([403, "BLOCKED"]);
      await until(() => events.length === 2);
      expect(events[0]).toMatchObject({
        action: "http.request",
        outcome: "success",
        actor: { id: "7", email: "ann@clinic.example" },
        source: { ip: "203.0.113.8" },
        userAgent: "test",
        http: { method: "GET", path: "/patients", status: 200 },
      });
      expect(events[1]).toMatchObject({ source: { ip: blockedOne }, attributes: { "vigil.enforced": "BLOCK_IP" } });
      expect(JSON.stringify(events)).not.toContain("doe");
      const batch = parseBatch(
        Buffer.from(events.map((event) => JSON.stringify(event)).join("\n")),
        "application/x-ndjson",
      );
      expect((batch as { items: { value?: EventDraft }[] }).items.every((item) => item.value)).toBe(true);
    },
  );

  it("that mounts it twice tells of each request once, also of requests that follow on one connection unanswered", async () => {
    const { url, events } = await vigilWith(blocking());
    const monitor = watching({ url });
    const waiting: (() => void)[] = [];
    const host = await listen(
      monitor.http(
        monitor.http((_request, response) => {
          waiting.push(() => response.end("hello"));
          if (waiting.length === 3) for (const answer of waiting) answer();
        }),
      ),
    );
    const socket = connect(Number(new URL(host).port), "127.0.0.1");
    open.push(() => socket.destroy());
    socket.write(["/a", "/b", "/c"].map((path) => `GET ${path} HTTP/1.1\r\nhost: clinic.example\r\n\r\n`).join(""));
    await until(() => events.length >= 3);
    await monitor.flush();
    expect(events.map(({ http }) => [http?.path, http?.status]).sort()).toEqual([
      ["/a", 200],
      ["/b", 200],
      ["/c", 200],
    ]);
  });

  it("that is watched for two Vigils follows both, and believes of each request what either may believe", async () => {
    const [one, other] = [await vigilWith(new ListServer()), await vigilWith(blocking())];
    const outer = watching({ url: one.url, trustedProxies: [] });
    const inner = watching({ url: other.url });
    await until(() => inner.status().decisions === 1);
    const host = await listen(outer.http(inner.http((_request, response) => response.end("hello"))));
    expect((await fetch(host, from(blockedOne))).status).toBe(403);
    await until(() => one.events.length === 1 && other.events.length === 1);
    expect([one, other].map(({ events: [event] }) => [event?.source?.ip, event?.http?.status])).toEqual([
      ["127.0.0.1", 403],
      [blockedOne, 403],
    ]);
  });

  const vigils: Record<string, RequestListener> = {
    "answers garbage": (_request, response) => response.end("<html>{[}"),
    "answers with a fault": (_request, response) => response.writeHead(500).end("no"),
    "asks for patience": (_request, response) => response.writeHead(429, { "retry-after": "1" }).end(),
    "never answers": () => undefined,
    "hangs up": (request) => request.socket.destroy(),
    "breaks off in its answer": (_request, response) => {
      response.writeHead(200, { "content-length": "1000" });
      response.write('{"organization":"x","decisions":[{"id":');
      setTimeout(() => response.destroy(), 5);
    },
    "answers another's list": (_request, response) => response.end(JSON.stringify(new ListServer().answer(0, 0))),
  };
  it.each(["is down", ...Object.keys(vigils)])("goes on as if nothing were when Vigil %s", async (how) => {
    const url = how === "is down" ? "http://127.0.0.1:9" : await listen(vigils[how] as RequestListener);
    const told: string[] = [];
    const monitor = watching({
      url,
      bufferSize: 20,
      identify: () => {
        throw new Error("the host's own fault");
      },
      redact: (event) => (event.action === "secret" ? undefined : event),
      onError: ({ kind }) => {
        told.push(kind);
        throw new Error("and its hook fails, too");
      },
    });
    const app = await listen(monitor.http((_request, response) => response.end("hello")));
    for (let n = 0; n < 40; n++) expect(await (await fetch(`${app}/`)).text()).toBe("hello");
    monitor.loginFailed(undefined, "ann");
    monitor.event({ headers: null }, { action: "secret" });
    monitor.event(undefined, {
      action: "loop",
      attributes: {
        get bad(): never {
          throw new Error("no");
        },
      },
    });
    await wait(30);
    expect(monitor.status().buffered).toBeLessThanOrEqual(20);
    expect(new Set(told).size).toBe(told.length);
    const began = performance.now();
    await monitor.close(200);
    expect(performance.now() - began).toBeLessThan(3_000);
  });

  it.each([
    ["is down", undefined, /ECONNREFUSED/],
    ["does not know its key", 401, /HTTP 401: The API key is not valid/],
    ["is behind a proxy that fails", 502, /HTTP 502$/m],
  ])(
    "tells its host once on stderr, unless it is asked to tell elsewhere, that Vigil %s",
    async (_how, status, why) => {
      const message = "The API key is not valid: make a new one with `npx vigil api-key`";
      const body = status === 401 ? JSON.stringify({ error: { code: "UNAUTHENTICATED", message } }) : "<h1>ann</h1>";
      const url =
        status === undefined
          ? "http://127.0.0.1:9"
          : await listen((_request, response) => response.writeHead(status).end(body));
      const warned = vi.spyOn(console, "warn").mockImplementation(() => undefined);
      open.push(() => warned.mockRestore());
      const monitor = watching({
        url,
        identify: () => {
          throw new RangeError("ann has no number");
        },
      });
      const app = await listen(monitor.http((_request, response) => response.end("hello")));
      for (let n = 0; n < 5; n++) await (await fetch(app)).text();
      await until(() => warned.mock.calls.length >= 3);
      const lines = warned.mock.calls.map(([line]) => String(line)).sort();
      expect(lines).toEqual([
        expect.stringMatching(/^vigil\/sdk: decisions are not heard: /),
        expect.stringMatching(/^vigil\/sdk: events are not (?:taken|sent)/),
        "vigil/sdk: identify failed (RangeError)",
      ]);
      for (const line of lines.slice(0, 2)) expect(line).toMatch(why);
      expect(lines.join()).not.toContain("ann");
    },
  );

  it("catches up when Vigil is back, and says how many events made room", async () => {
    const { url, events } = await vigilWith(new ListServer());
    let isDown = true;
    const proxy = await listen((request, response) => {
      if (isDown) return void response.writeHead(503).end();
      const parts: Buffer[] = [];
      request.on("data", (part) => parts.push(part));
      request.on("end", async () => {
        if (!request.url?.startsWith("/ingest")) return response.writeHead(503).end();
        const { ok } = await fetch(url + request.url, { method: "POST", body: Buffer.concat(parts) });
        response.end(JSON.stringify({ accepted: ok ? 1 : 0, duplicates: 0, rejected: [] }));
      });
    });
    const monitor = watching({ url: proxy, bufferSize: 10 });
    for (let n = 0; n < 15; n++) monitor.event(undefined, { action: `thing.${n}` });
    await until(() => monitor.status().faults > 0);
    isDown = false;
    await until(() => monitor.status().buffered === 0);
    const dropped = events.find(({ action }) => action === "sdk.dropped")?.attributes?.count as number;
    expect(dropped).toBeGreaterThanOrEqual(5);
    expect(events.map(({ action }) => action)).toContain("thing.14");
    expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
  });

  it("is told of records whose ids are numbers, and of one that its host did not find", async () => {
    const { url, events } = await vigilWith(new ListServer());
    const monitor = watching({ url });
    monitor.recordAccessed(undefined, { type: "patient", id: 4711 as never, patientId: 4711n as never });
    monitor.recordAccessed(undefined, undefined as never);
    monitor.recordAccessed(undefined, null as never);
    expect(await monitor.flush()).toBe(true);
    expect(events.map(({ action, target }) => [action, target])).toEqual([
      ["record.read", { type: "patient", id: "4711", patientId: "4711" }],
      ["record.read", {}],
      ["record.read", {}],
    ]);
  });

  it("sends at once what waits when it is asked to, and says when that did not go", async () => {
    const { url, events } = await vigilWith(new ListServer());
    const monitor = watching({ url, flushDelay: 60_000 });
    monitor.event(undefined, { action: "thing" });
    expect(await monitor.flush()).toBe(true);
    expect(events.map(({ action }) => action)).toEqual(["thing"]);
    const refusing = await listen((_, response) => void response.writeHead(503).end());
    const alone = watching({ url: refusing, flushDelay: 60_000 });
    alone.event(undefined, { action: "thing" });
    expect(await alone.flush(100)).toBe(false);
    expect(alone.status().buffered).toBe(1);
  });

  it("demands a second factor by its host's own hook, which may let through, answer, or fail", async () => {
    const lists = new ListServer();
    lists.make({ ...blockOf(1, "ann", Date.now() + 3_600_000), type: "FORCE_MFA", scope: "USER" });
    const { url } = await vigilWith(lists);
    const monitor = watching({
      url,
      identify: () => "ann",
      onMfaRequired: async (request, response) => {
        if (request.url === "/mfa") return true;
        if (request.url === "/broken") throw new Error("no");
        (response as { writeHead(s: number, h: object): { end(): void } }).writeHead(302, { location: "/mfa" }).end();
      },
    });
    const app = await listen(monitor.http((_request, response) => response.end("hello")));
    await until(() => monitor.status().decisions === 1);
    const status = async (path: string): Promise<number> => (await fetch(app + path, { redirect: "manual" })).status;
    expect([await status("/mfa"), await status("/"), await status("/broken")]).toEqual([200, 302, 401]);
  });

  it("of Koa answers a demand for a second factor by Koa's context, at once or later, or past it", async () => {
    const lists = new ListServer();
    lists.make({ ...blockOf(1, "ann", Date.now() + 3_600_000), type: "FORCE_MFA", scope: "USER" });
    const { url } = await vigilWith(lists);
    const hooks: Record<string, (context: Koa.Context) => unknown> = {
      "/now": (context) => context.redirect("/mfa"),
      "/later": async (context) => {
        await wait(5);
        context.redirect("/mfa");
      },
      "/raw": ({ res }) => res.writeHead(302, { location: "/mfa" }).end(),
      "/stream": ({ res }) => {
        res.writeHead(401).write("a code ");
        setTimeout(() => res.end("please"), 5);
      },
      "/mfa": async () => true,
      "/broken": () => {
        throw new Error("no");
      },
    };
    const monitor = watching<Koa.Context>({
      url,
      identify: () => "ann",
      onMfaRequired: (context) => hooks[context.path]?.(context),
    });
    const app = new Koa();
    app.use(monitor.koa).use((context) => {
      context.body = "hello";
    });
    const host = await listen(app.callback());
    await until(() => monitor.status().decisions === 1);
    const ask = (path: string) => fetch(host + path, { redirect: "manual", signal: AbortSignal.timeout(5_000) });
    const answers = await Promise.all(Object.keys(hooks).map(async (path) => (await ask(path)).status));
    expect(answers).toEqual([302, 302, 302, 401, 200, 401]);
    expect((await ask("/now")).headers.get("location")).toBe("/mfa");
    expect(await (await ask("/stream")).text()).toBe("a code please");
  });

  it("that knows whose connection a Request is of tells the same of log-ins, whatever a header says", async () => {
    const { url, events } = await vigilWith(new ListServer());
    const monitor = watching({ url });
    const strict = watching({ url, trustedProxies: [] });
    const signIn = (of: SecurityMonitor, peer?: () => string | undefined) =>
      of.fetch((request) => {
        of.loginFailed(request, "ann");
        of.event({ raw: request }, { action: "seen" }); // as Hono wraps it
        return new Response("no", { status: 401 });
      }, peer);
    const told = async (handler: (request: Request) => Promise<Response>): Promise<unknown[]> => {
      events.length = 0;
      await handler(new Request("http://clinic.example/sign-in", from("203.0.113.5")));
      await until(() => events.length === 3);
      return [...new Set(events.map(({ source }) => source?.ip))];
    };
    expect(await told(signIn(strict, () => "198.51.100.1"))).toEqual(["198.51.100.1"]);
    expect(await told(signIn(monitor, () => "198.51.100.1"))).toEqual(["198.51.100.1"]);
    expect(await told(signIn(monitor, () => "127.0.0.1"))).toEqual(["203.0.113.5"]);
    expect(await told(signIn(monitor, () => undefined))).toEqual([undefined]);
    expect(await told(signIn(monitor))).toEqual(["203.0.113.5"]);
    expect(await told(signIn(strict))).toEqual([undefined]);
  });

  it("whose fetch handler answers nothing, as Bun's do that make a WebSocket of a request, answers nothing", async () => {
    const { url, events } = await vigilWith(new ListServer());
    const handler = watching({ url }).fetch(() => undefined as never);
    expect(await handler(new Request("http://clinic.example/live"))).toBeUndefined();
    await until(() => events.length === 1);
    expect(events[0]).toMatchObject({ outcome: "success", http: { path: "/live", status: 101 } });
  });

  it("follows no decision against whom it never blocks, and any other that their requests meet", async () => {
    const lists = blocking();
    for (const [n, user] of ["boss", "ann"].entries())
      lists.make({ ...blockOf(2 + n, user, Date.now() + 3_600_000), type: "SUSPEND_USER", scope: "USER" });
    lists.make(blockOf(4, "198.51.100.7", Date.now() + 3_600_000));
    const { url } = await vigilWith(lists);
    const neverBlock = ["boss", "198.51.100.0/24"];
    const monitor = watching({ url, neverBlock, identify: (request) => request.headers.get("x-user") });
    await until(() => monitor.status().decisions === 4);
    const handler = monitor.fetch(() => new Response("hello"));
    const status = async (user: string, address: string): Promise<number> =>
      (await handler(new Request("http://x", { headers: { "x-user": user, "x-forwarded-for": address } }))).status;
    expect([await status("boss", "203.0.113.8"), await status("bob", "198.51.100.7")]).toEqual([200, 200]);
    expect([await status("boss", blockedOne), await status("ann", "198.51.100.7")]).toEqual([403, 403]);
  });

  it("whose answer about who it is comes later, and cannot be read, goes on as for nobody", async () => {
    const { url } = await vigilWith(new ListServer());
    const told: string[] = [];
    const identify = async () => ({ email: JSON.parse('{"toString": null}') });
    const monitor = watching({ url, identify, onError: ({ kind }) => told.push(kind) });
    const app = await listen(monitor.http((_request, response) => response.end("hello")));
    expect(await (await fetch(app, { signal: AbortSignal.timeout(5_000) })).text()).toBe("hello");
    expect(told).toEqual(["HOOK"]);
  });

  it("tells of log-ins and requests however long what they say is, and however many roles somebody has", async () => {
    const { url, events } = await vigilWith(new ListServer());
    const roles = Array.from({ length: 60 }, (_, n) => `role ${n}`);
    const monitor = watching({ url, identify: () => ({ id: 7, roles }) as never });
    const handler = monitor.fetch(() => new Response("no", { status: 404 }));
    await handler(new Request(`http://clinic.example/${"a".repeat(70_000)}`, from("203.0.113.8")));
    monitor.loginFailed({ headers: {}, socket: {} }, "ann@clinic.example".padEnd(70_000));
    monitor.loginFailed(undefined, { id: 7 as never, name: "é".repeat(40_000), roles });
    await until(() => events.length === 3);
    const batch = parseBatch(
      Buffer.from(events.map((event) => JSON.stringify(event)).join("\n")),
      "application/x-ndjson",
    );
    const read = (batch as { items: { value?: unknown }[] }).items.map(({ value }, n) =>
      validateEvent(value, n, Date.now()),
    );
    const actions = read.map((one) => ("event" in one ? one.event.action : one.rejection.message));
    expect(actions.sort()).toEqual(["http.request", "login", "login"]);
    expect(monitor.status().faults).toBe(0);
  });

  it("that closes sends what waits although Vigil hangs up and is busy for a moment", async () => {
    const { url, events } = await vigilWith(new ListServer());
    const hiccups: RequestListener[] = [
      (request) => request.socket.destroy(),
      (_request, response) => response.writeHead(503).end(),
    ];
    const flaky = await listen((request, response) => {
      if (request.url !== "/ingest") return void response.writeHead(503).end();
      const hiccup = hiccups.shift();
      if (hiccup) return void hiccup(request, response);
      const parts: Buffer[] = [];
      request.on("data", (part) => parts.push(part));
      request.on("end", async () => {
        const answer = await fetch(`${url}/ingest`, { method: "POST", body: Buffer.concat(parts) });
        response.end(await answer.text());
      });
    });
    const monitor = watching({ url: flaky, flushDelay: 60_000 });
    monitor.event(undefined, { action: "thing" });
    await monitor.close();
    expect(events.map(({ action }) => action)).toEqual(["thing"]);
    expect(monitor.status()).toMatchObject({ buffered: 0, sent: 1 });
  });

  it("refuses a WebSocket to whoever is blocked, hands over the others, and tells of each as it was answered", async () => {
    const lists = blocking();
    lists.make({ ...blockOf(2, "ann", Date.now() + 3_600_000), type: "SUSPEND_USER", scope: "USER" });
    lists.make({ ...blockOf(3, "bob", Date.now() + 3_600_000), type: "FORCE_MFA", scope: "USER" });
    const { url, events } = await vigilWith(lists);
    const monitor = watching({
      url,
      onError: () => undefined,
      identify: async ({ headers }) => headers["x-user"],
      onMfaRequired: ({ headers, url }, response) =>
        url === "/hook" ? (response as Response).text() : !!headers["x-mfa"],
    });
    await until(() => monitor.status().decisions === 3);
    const sockets = new WebSocketServer({ noServer: true });
    const host = await listen(
      (_request, response) => response.end(),
      monitor.upgrade((asked, socket, head) => {
        if (asked.url === "/no") return void socket.end("HTTP/1.1 401 Unauthorized\r\nconnection: close\r\n\r\n");
        sockets.handleUpgrade(asked, socket, head, (client) => client.send("hello"));
      }),
    );
    open.push(() => {
      for (const client of sockets.clients) client.terminate();
    });
    const { port } = new URL(host);
    const ask = (path: string, address: string, more = {}): Promise<string> =>
      new Promise((resolve, reject) => {
        const websocket = { "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==", "sec-websocket-version": "13" };
        const headers = {
          connection: "Upgrade",
          upgrade: "websocket",
          ...websocket,
          "x-forwarded-for": address,
          ...more,
        };
        const asked = request({ port, path, headers, timeout: 5_000 }).on("error", reject);
        asked.on("upgrade", (_answer, socket, head) => {
          socket.unshift(head);
          socket.once("data", (frame) => resolve(`101 ${frame.subarray(2)}`));
        });
        asked.on("response", (answer) => {
          let text = `${answer.statusCode} `;
          answer.on("data", (part) => (text += part)).on("end", () => resolve(text));
        });
        asked.end();
      });
    expect(await ask("/live?patient=doe", "203.0.113.8", { "x-user": "carol" })).toBe("101 hello");
    expect(await ask("/live", blockedOne)).toMatch(/^403 .*"BLOCKED"/);
    expect(await ask("/live", "203.0.113.8", { "x-user": "ann" })).toMatch(/^403 .*"SUSPENDED"/);
    expect(await ask("/live", "203.0.113.8", { "x-user": "bob" })).toMatch(/^401 .*"MFA_REQUIRED"/);
    expect(await ask("/hook", "203.0.113.8", { "x-user": "bob" })).toMatch(/^401 .*"MFA_REQUIRED"/);
    expect(await ask("/live", "203.0.113.8", { "x-user": "bob", "x-mfa": "given" })).toBe("101 hello");
    expect(await ask("/no", "203.0.113.8")).toBe("401 ");
    await until(() => events.length === 7);
    const said = events.map(({ http, actor, attributes }) => [
      http?.status,
      actor?.name,
      attributes?.["vigil.enforced"],
    ]);
    expect(said).toEqual([
      [101, "carol", undefined],
      [403, undefined, "BLOCK_IP"],
      [403, "ann", "SUSPEND_USER"],
      [401, "bob", "FORCE_MFA"],
      [401, "bob", "FORCE_MFA"],
      [101, "bob", undefined],
      [401, undefined, undefined],
    ]);
    expect(events[0]).toMatchObject({ outcome: "success", source: { ip: "203.0.113.8" }, http: { path: "/live" } });
    expect(JSON.stringify(events)).not.toContain("doe");
  });

  it("cuts the WebSockets of whoever is refused while they are open, and leaves those that were let through", async () => {
    const lists = blocking();
    lists.make({ ...blockOf(2, "bob", Date.now() + 3_600_000), type: "FORCE_MFA", scope: "USER" });
    const { url, events } = await vigilWith(lists);
    const monitor = watching({
      url,
      onError: () => undefined,
      identify: ({ headers }) => headers["x-user"],
      onMfaRequired: () => true,
    });
    await until(() => monitor.status().decisions === 2);
    const sockets = new WebSocketServer({ noServer: true });
    const host = await listen(
      (_request, response) => response.end(),
      monitor.upgrade((asked, socket, head) =>
        sockets.handleUpgrade(asked, socket, head, (client) => client.send("hi")),
      ),
    );
    const ended: string[] = [];
    const enter = async (name: string, address: string): Promise<void> => {
      const headers = { "x-user": name, "x-forwarded-for": address };
      const socket = new WebSocket(host.replace("http", "ws"), { headers });
      socket.on("close", (code) => ended.push(`${name} ${code}`));
      open.push(() => socket.terminate());
      await new Promise((resolve, reject) => socket.once("message", resolve).once("error", reject));
    };
    await enter("ann", "203.0.113.8");
    await enter("bob", "203.0.113.8");
    await enter("carol", "203.0.113.10");
    await enter("dave", "203.0.113.8");
    lists.make({ ...blockOf(3, "ann", Date.now() + 3_600_000), type: "SUSPEND_USER", scope: "USER" });
    await until(() => ended.length === 1);
    lists.make(blockOf(4, "203.0.113.10", Date.now() + 3_600_000));
    await until(() => ended.length === 2);
    lists.make({ ...blockOf(5, "dave", Date.now() + 3_600_000), type: "FORCE_MFA", scope: "USER" });
    await until(() => events.filter(({ action }) => action === "sdk.connection_cut").length === 3);
    expect(ended).toEqual(["ann 1006", "carol 1006", "dave 1006"]);
    expect(sockets.clients.size).toBe(1);
    const cut = events.filter(({ action }) => action === "sdk.connection_cut");
    expect(cut.map(({ attributes }) => attributes?.type)).toEqual(["SUSPEND_USER", "BLOCK_IP", "FORCE_MFA"]);
  });

  it("outlives a client that is refused a WebSocket, and gone before anybody knows who it is", async () => {
    const { url, events } = await vigilWith(blocking());
    const known: (() => void)[] = [];
    const monitor = watching({ url, identify: () => new Promise((resolve) => known.push(() => resolve("ann"))) });
    await until(() => monitor.status().decisions === 1);
    const upgrade = monitor.upgrade(() => expect.unreachable());
    const closed: unknown[] = [];
    const host = await listen(
      (_request, response) => response.end(),
      (asked, socket, head) => {
        socket.once("close", (...given) => closed.push(given));
        upgrade(asked, socket, head);
      },
    );
    const client = connect(Number(new URL(host).port), "127.0.0.1");
    client.write(
      `GET / HTTP/1.1\r\nhost: x\r\nx-forwarded-for: ${blockedOne}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n`,
    );
    await until(() => known.length > 0);
    client.resetAndDestroy();
    await new Promise((resolve) => client.once("close", resolve));
    for (const tell of known) tell();
    await until(() => closed.length === 1 && events.length === 1);
    expect(events[0]?.attributes).toMatchObject({ "vigil.enforced": "BLOCK_IP" });
  });

  it("that fails closed answers 503 until it has a list", async () => {
    const monitor = watching({ url: "http://127.0.0.1:9", failClosed: true });
    const app = await listen(monitor.http((_request, response) => response.end("hello")));
    expect((await fetch(app)).status).toBe(503);
  });

  it("sends every request of a watched user, and of others the chosen part", async () => {
    const lists = new ListServer();
    lists.make({ ...blockOf(1, "ann", Date.now() + 3_600_000), type: "INCREASE_MONITORING", scope: "USER" });
    const { url, events } = await vigilWith(lists);
    const monitor = watching({ url, sampleRate: 0, identify: (request) => request.headers["x-user"] });
    const app = await listen(
      monitor.http((request, response) => response.writeHead(request.url === "/no" ? 404 : 200).end()),
    );
    await until(() => monitor.status().decisions === 1);
    for (const user of ["ann", "bob", "ann"]) await fetch(app, { headers: { "x-user": user } });
    await fetch(`${app}/no`, { headers: { "x-user": "bob" } });
    await until(() => events.length >= 3);
    expect(events.map(({ actor }) => actor?.name)).toEqual(["ann", "ann", "bob"]);
  });

  it.each([
    [{ url: "vigil", apiKey: "k" }, "url"],
    [{ url: "http://x", apiKey: "" }, "apiKey"],
    [{ url: "http://x", apiKey: "k", trustedProxies: ["my-proxy"] }, "trustedProxies"],
    [{ url: "http://x", apiKey: "k", sampleRate: 2 }, "sampleRate"],
  ])("with wrong options %j is told so at its start", (options, named) => {
    expect(() => monitorSecurity(options)).toThrow(named);
  });
});

it("waits longer after each failure, with chance, and as long as it is told", () => {
  expect([0, 1, 2, 20].map((failures) => backOff(failures, 1))).toEqual([500, 1_000, 2_000, 30_000]);
  expect(backOff(0, 0)).toBe(250);
  expect(backOff(0, 0, "7")).toBe(7_000);
  expect(backOff(0, 0, new Date(20_000).toUTCString(), 10_000)).toBe(10_000);
  expect(backOff(0, 1, "soon")).toBe(500);
});

it("waits as ever where it is told to come back at once, or by a moment that is past", () => {
  expect([0, 1, 2, 20].map((failures) => backOff(failures, 1, "0"))).toEqual([500, 1_000, 2_000, 30_000]);
  expect(backOff(0, 0, new Date(10_000).toUTCString(), 20_000)).toBe(250);
  expect(backOff(20, 0, "1")).toBe(1_000);
});

it("keeps the newest lines and counts the others, also while a batch is on its way", () => {
  const ring = new Ring(3, 1_000);
  for (const line of ["a", "b", "c"]) ring.push(line);
  const batch = ring.peek(2, 1_000);
  expect([String(batch.body), batch.count]).toEqual(["a\nb", 2]);
  for (const line of ["d", "e", "f"]) ring.push(line);
  ring.release(batch.until);
  expect([String(ring.peek(9, 1_000).body), ring.takeDropped(), ring.takeDropped()]).toEqual(["d\ne\nf", 3, 0]);
  expect(String(ring.peek(9, 1).body)).toBe("d");
});

it("keeps no more bytes of lines than it is told, and one line at least", () => {
  const ring = new Ring(100, 12);
  for (const line of ["aaaa", "bbb", "é"]) ring.push(line);
  expect(ring.size).toBe(3);
  ring.push("d");
  expect(String(ring.peek(9, 1_000).body)).toBe("bbb\né\nd");
  ring.push("more than twelve bytes");
  expect([String(ring.peek(9, 1_000).body), ring.takeDropped()]).toEqual(["more than twelve bytes", 4]);
  ring.release(ring.peek(9, 1_000).until);
  expect([ring.size, ring.peek(9, 1_000).count]).toEqual([0, 0]);
});

it("holds what a plain list would hold, however lines are kept, sent and let go", () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant("push" as const), text: fc.string({ unit: "grapheme", maxLength: 20_000 }) }),
    fc.record({ do: fc.constant("send" as const), count: fc.integer({ min: 1, max: 5 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const ring = new Ring(7, 150_000);
      let held: string[] = [];
      const bytes = (): number => held.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0);
      for (const one of steps) {
        if (one.do === "push") {
          held = [...held, one.text].slice(-7);
          while (bytes() > 150_000 && held.length > 1) held.shift();
          ring.push(one.text);
        } else {
          const { body, count, until } = ring.peek(one.count, 1_000_000);
          expect(body.toString()).toBe(held.splice(0, one.count).join("\n"));
          expect(count).toBeLessThanOrEqual(one.count);
          ring.release(until);
        }
        expect(ring.size).toBe(held.length);
      }
    }),
  );
});

it("lays the line of a request as JSON, whatever is in it", () => {
  const odd = 'a"b\\c\n\u2028\ud800é';
  const client = { address: [0x08080404], text: "8.8.4.4" };
  const who = { client, host: odd, userAgent: odd };
  const asked = { method: "GET", url: `/${odd}?q=${odd}`, referrer: `http://${odd}#x` };
  const facts = { ...who, ...asked, origin: originOf(who) };
  const identity = { id: "7", name: odd, email: "a@b.example", roles: ["nurse", odd], sessionId: odd };
  const refused = { type: "BLOCK_IP", id: "d-1" };
  const ending = { startedAt: 1_700_000_000_007, status: 403, bytes: 5, durationMs: 1.25, route: odd, refused };
  const manner = { sendQuery: true, fixed: fixedOf(odd) };
  const text = (value: string): string => JSON.parse(JSON.stringify(value));
  expect(JSON.parse(requestLine({ facts, identity, ...ending }, manner, "p-0"))).toEqual({
    id: "p-0",
    action: "http.request",
    time: 1_700_000_000_007,
    category: "web",
    outcome: "failure",
    logsource: { service: text(odd), category: "webserver" },
    source: { ip: "8.8.4.4" },
    userAgent: text(odd),
    sessionId: text(odd),
    actor: { id: "7", name: text(odd), email: "a@b.example", roles: ["nurse", text(odd)] },
    http: {
      method: "GET",
      path: text(`/${odd}`),
      query: text(`q=${odd}`),
      status: 403,
      durationMs: 1.25,
      bytes: 5,
      host: text(odd),
      referrer: text(`http://${odd}`),
    },
    attributes: { route: text(odd), "vigil.enforced": "BLOCK_IP", "vigil.decision": "d-1" },
  });
  const nothing = { client: undefined, host: undefined, userAgent: undefined };
  const plain = { ...nothing, referrer: undefined, method: "GET", url: "/", origin: originOf(nothing) };
  const none = { identity: undefined, bytes: undefined, route: undefined, refused: undefined };
  const bare = { facts: plain, startedAt: 17, status: 0, durationMs: 0, ...none };
  expect(JSON.parse(requestLine(bare, { sendQuery: false, fixed: fixedOf(undefined) }, undefined))).toEqual({
    action: "http.request",
    time: 17,
    category: "web",
    outcome: "unknown",
    logsource: { category: "webserver" },
    http: { method: "GET", path: "/", status: 0, durationMs: 0 },
  });
});
