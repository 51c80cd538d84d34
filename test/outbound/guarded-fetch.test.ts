import type { LookupAddress } from "node:dns";
import { createServer, type Server } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Server as TcpServer } from "node:net";
import { setImmediate as breathe } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { memoryInUse } from "../../bench/heap.ts";
import { guardedFetch, mostRead, type Outbound } from "../../src/outbound/guarded-fetch.ts";
import { reachOf } from "../../src/outbound/public-address.ts";
import { urlFault } from "../../src/outbound/url-fault.ts";

/** Counts whoever connects, whatever it says. */
let trap: TcpServer;
let trapPort = 0;
let connections = 0;
let site: Server;
let url = "";

const listen = async (server: TcpServer, host?: string): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return (server.address() as AddressInfo).port;
};

beforeAll(async () => {
  trap = createTcpServer((socket) => {
    connections++;
    socket.destroy();
  });
  trapPort = await listen(trap);
  site = createServer((request, response) => {
    if (request.url === "/away") {
      response.writeHead(302, { location: `http://127.0.0.1:${trapPort}/` }).end("go");
    } else if (request.url === "/long") {
      const fill = (): void => {
        while (response.write(Buffer.alloc(65_536, "x")));
      };
      response.on("drain", fill);
      fill();
    } else if (request.url === "/silent") request.resume();
    else if (request.url === "/endless") response.write("ok");
    else response.end("ok");
  });
  url = `http://127.0.0.1:${await listen(site, "127.0.0.1")}`;
});
afterAll(() => {
  site.closeAllConnections();
  site.close();
  trap.close();
});

/** A resolver of one's own: each answer once, and the last one for ever. */
function resolver(...answers: LookupAddress[][]): Outbound["lookup"] {
  return ((_name: string, _options: unknown, done: (error: null, found: LookupAddress[]) => void) =>
    done(
      null,
      (answers.length > 1 ? answers.shift() : answers[0]) as LookupAddress[],
    )) as unknown as Outbound["lookup"];
}
const v4 = (address: string): LookupAddress => ({ address, family: 4 });
const v6 = (address: string): LookupAddress => ({ address, family: 6 });

describe("N6 F22 the guard of what goes out", () => {
  const literal = [
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0177.0.0.1",
    "0x7f.0.0.1",
    "0x7f000001",
    "0.0.0.0",
    "0",
    "localhost",
    "a.localhost",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]",
    "[2001:0:7f00:1::]",
    "[fe80::1]",
    "[fc00::1]",
    "[fd12:3456::1]",
    "[ff02::1]",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.169.254",
    "168.63.129.16",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "１２７.0.0.1",
    "127。0。0。1",
  ];

  it.each(literal)("sends no packet to %s", async (host) => {
    const before = connections;
    const target = `http://${host}:${trapPort}/`;
    const answer = await guardedFetch(target, { allowPrivate: false, body: "{}" });
    expect(answer).toMatchObject({ ok: false, reason: "REFUSED" });
    expect(urlFault(target.replace("http:", "https:"), { allowPrivate: false })).toBe("is not a public address");
    expect(connections).toBe(before);
  });

  it.each([
    ["a name that leads to loopback", [[v4("127.0.0.1")]]],
    ["a name that has IPv6 only", [[v6("::1")]]],
    ["a name that has mapped IPv6 only", [[v6("::ffff:127.0.0.1")]]],
    ["a public name with one of ours beside", [[v4("93.184.215.14"), v4("127.0.0.1")]]],
    ["a name that leads to metadata", [[v4("169.254.169.254")]]],
    ["a name that leads nowhere", [[]]],
  ])("sends no packet to %s", async (_what, answers) => {
    const before = connections;
    const lookup = resolver(...(answers as LookupAddress[][]));
    const answer = await guardedFetch(`http://hook.example:${trapPort}/`, { allowPrivate: false, lookup });
    expect(answer).toMatchObject({ ok: false, reason: "REFUSED" });
    expect(connections).toBe(before);
  });

  it("asks a name once, in the socket's own look-up: one that answers otherwise the second time has no second time", async () => {
    let asked = 0;
    const rebinding = ((_name: string, _options: unknown, done: (error: null, found: LookupAddress[]) => void) =>
      done(null, [++asked === 1 ? v4("127.0.0.1") : v4("169.254.169.254")])) as unknown as Outbound["lookup"];
    // Loopback stands for the public address here, which a test cannot have.
    const { port } = new URL(url);
    const options = { allowPrivate: true, lookup: rebinding };
    expect(await guardedFetch(`http://hook.example:${port}/`, options)).toMatchObject({ ok: true, status: 200 });
    expect(asked).toBe(1);
    expect(await guardedFetch(`http://hook.example:${port}/`, options)).toMatchObject({ ok: false, reason: "REFUSED" });
  });

  it("asks a name that does not answer once, however many wait for it, and other names meanwhile", async () => {
    const asked: string[] = [];
    let answer = (): void => {};
    const silent = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const lookup = (async (name: string, _options: unknown, done: (error: null, found: LookupAddress[]) => void) => {
      asked.push(name);
      if (name === "dead.example") await silent;
      done(null, [v4("127.0.0.1")]);
    }) as unknown as Outbound["lookup"];
    const { port } = new URL(url);
    const to = (name: string) => guardedFetch(`http://${name}:${port}/`, { allowPrivate: true, lookup });
    const stuck = ["dead.example", "dead.example", "dead.example"].map(to);
    expect(await to("live.example")).toMatchObject({ ok: true });
    expect(asked.sort()).toEqual(["dead.example", "live.example"]);
    answer();
    for (const one of await Promise.all(stuck)) expect(one).toMatchObject({ ok: true, status: 200 });
    await to("dead.example");
    expect(asked).toHaveLength(3);
  });

  it("follows no redirect", async () => {
    const before = connections;
    expect(await guardedFetch(`${url}/away`, { allowPrivate: true })).toMatchObject({ ok: true, status: 302 });
    expect(connections).toBe(before);
  });

  it("refuses users, passwords and other schemes in a URL, and http:// but in development", async () => {
    const of = (text: string, allowPrivate = false) => urlFault(text, { allowPrivate });
    expect(of("https://a:b@hook.example/")).toBe("has a user or a password in it");
    expect(of("https://a@hook.example/")).toBe("has a user or a password in it");
    expect(of("ftp://hook.example/")).toBe("is no https:// URL");
    expect(of("hook.example")).toBe("is no URL");
    expect(of("http://hook.example/")).toBe("is not https://");
    expect(of("https://hook.example/x?y=z")).toBeUndefined();
    expect(of("http://127.0.0.1:8080/", true)).toBeUndefined();
    expect(of("http://169.254.169.254/", true)).toBe("is not a public address");
    const before = connections;
    const target = `http://a:b@127.0.0.1:${trapPort}/`;
    expect(await guardedFetch(target, { allowPrivate: true })).toMatchObject({ ok: false, reason: "REFUSED" });
    expect(connections).toBe(before);
  });

  it("lets public addresses through", () => {
    for (const address of ["1.1.1.1", "93.184.215.14", "172.32.0.1", "100.128.0.1", "2606:4700:4700::1111", "2a00::1"])
      expect([address, reachOf(address)]).toEqual([address, "PUBLIC"]);
  });

  it("reads mapped IPv6 as the IPv4 that it is, and a zone as no address", () => {
    const reached = ["::ffff:1.1.1.1", "::ffff:101:101", "::ffff:127.0.0.1", "::ffff:a9fe:a9fe", "fe80::1%eth0"].map(
      reachOf,
    );
    expect(reached).toEqual(["PUBLIC", "PUBLIC", "NEAR", "NEVER", "NEVER"]);
  });
});

describe("F20 an answer", () => {
  it("is read to a bound, and only where it is needed", async () => {
    const kept = await guardedFetch(`${url}/long`, { allowPrivate: true, keepBody: true });
    expect(kept.ok && kept.body?.length).toBe(mostRead);
    const dropped = await guardedFetch(`${url}/endless`, { allowPrivate: true });
    expect(dropped).toMatchObject({ ok: true, status: 200, body: undefined });
  });

  it("that does not come is waited for no longer than the caller says", async () => {
    const signal = AbortSignal.timeout(20);
    const answer = await guardedFetch(`${url}/silent`, { allowPrivate: true, signal });
    expect(answer).toMatchObject({ ok: false, reason: "TIMEOUT", detail: "It did not answer in time." });
  });

  it("that changes to another protocol is none, and nobody waits for what comes of it", async () => {
    const other = createTcpServer((socket) => {
      socket
        .on("error", () => undefined)
        .on("data", () => {
          socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
        });
    });
    const at = `http://127.0.0.1:${await listen(other, "127.0.0.1")}/`;
    const answer = await guardedFetch(at, { allowPrivate: true, body: "{}" }).finally(() => other.close());
    expect(answer).toMatchObject({ ok: false, reason: "UNREACHABLE" });
  });

  it("that does not come is given up in time, though nobody else holds the caller's limit and memory is collected", async () => {
    const answer = guardedFetch(`${url}/silent`, { allowPrivate: true, signal: AbortSignal.timeout(500) });
    for (let turn = 0; turn < 5; turn++) {
      await breathe();
      memoryInUse();
    }
    expect(await answer).toMatchObject({ ok: false, reason: "TIMEOUT" });
  });

  it("that cannot come says no more than that", async () => {
    const lookup = ((name: string, _options: unknown, done: (error: Error) => void) =>
      done(new Error(`getaddrinfo ENOTFOUND ${name} at 10.1.2.3`))) as unknown as Outbound["lookup"];
    const answer = await guardedFetch("https://inner.example/", { allowPrivate: false, lookup });
    expect(answer).toMatchObject({ reason: "UNREACHABLE", detail: "It was not reached, or broke off." });
  });
});
