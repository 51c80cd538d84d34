/** Whom the server takes for the caller, behind proxies and without. Every request here comes from 127.0.0.1. */
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { expect, it } from "vitest";
import { WebSocket } from "ws";
import { createConnections } from "../../src/publish/connections.ts";
import { addressBehind } from "../../src/server/address.ts";
import { serving } from "./serving.ts";

it.each([
  ["nobody is trusted", [], "203.0.113.9", "127.0.0.1"],
  ["somebody else is trusted", ["192.0.2.1"], "203.0.113.9", "127.0.0.1"],
  ["the proxy says nothing", ["127.0.0.1"], undefined, "127.0.0.1"],
  ["the proxy says no address", ["127.0.0.1"], "unknown", "127.0.0.1"],
  ["the proxy tells who asks", ["127.0.0.1"], "203.0.113.9", "203.0.113.9"],
  ["who asks has written the header, too", ["127.0.0.0/8"], "198.51.100.1, 203.0.113.9", "203.0.113.9"],
  ["there are proxies behind each other", ["127.0.0.1", "2001:db8::/32"], "203.0.113.9, 2001:DB8::7", "203.0.113.9"],
])("where %s, it counts sign-in links by the right address", async (_when, trustedProxies, forwarded, expected) => {
  const heard: string[] = [];
  const emailSignIn = { request: ({ address }: { address: string }) => void heard.push(address) };
  await using server = await serving({ emailSignIn }, { trustedProxies });
  await fetch(`${server.url}/sign-in/link`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(forwarded ? { "x-forwarded-for": forwarded } : {}) },
    body: JSON.stringify({ email: "ada@clinic.example" }),
  });
  expect(heard).toEqual([expected]);
});

it.each([[[]], [["192.0.2.1"]]])(
  "knows a caller over a socket of both families by their IPv4 address: %s trusted",
  (proxies) => {
    const request = { socket: { remoteAddress: "::ffff:203.0.113.9" }, headers: {} } as unknown as IncomingMessage;
    expect(addressBehind(proxies)(request)).toBe("203.0.113.9");
  },
);

it("tells links, calendars, sockets and limits of the caller behind the proxy", async () => {
  const heard: Record<string, string> = {};
  const hear =
    <T>(what: string, answer: T) =>
    async (_token: string, address: string): Promise<T> => {
      heard[what] = address;
      return answer;
    };
  const alerting = {
    channels: {} as never,
    outside: {
      look: hear("look", []),
      acknowledge: hear("acknowledge", []),
      calendar: hear("calendar", ""),
    } as never,
    twilioStatus: async () => false,
    mailReport: async () => false,
  };
  const userChecks = {
    canAsk: false,
    ask: async () => ({ cursor: "" }),
    sendDue: async () => undefined,
    answer: async (token: string, _wasThem: boolean, address: string) => hear("answer", undefined)(token, address),
  };
  const connections = {
    ...createConnections(),
    enter: async (kind: string, key: string) => {
      heard[kind] = key;
      return () => undefined;
    },
  };
  await using server = await serving(
    { alerting, userChecks, connections },
    { trustedProxies: ["127.0.0.1"], operationLimits: { query: 1, mutation: 1, heavy: 1, secret: 1 } },
  );
  const from = (address: string): Record<string, string> => ({ "x-forwarded-for": address });
  const headers = from("203.0.113.9");
  const press = { method: "POST", headers, body: new URLSearchParams({ token: "t", answer: "no" }) };
  await fetch(`${server.url}/acknowledge?token=t`, { headers });
  await fetch(`${server.url}/acknowledge`, press);
  await fetch(`${server.url}/on-call.ics?token=t`, { headers });
  await fetch(`${server.url}/was-this-you`, press);
  const socket = new WebSocket(`${server.url.replace("http", "ws")}/graphql`, "graphql-transport-ws", { headers });
  await once(socket, "open");
  socket.terminate();
  const each = ["look", "acknowledge", "calendar", "answer", "address"];
  expect(heard).toEqual(Object.fromEntries(each.map((what) => [what, "203.0.113.9"])));
  const codeFrom = async (address: string): Promise<string> => {
    const answer = await server.graphql("{ viewer { name } }", { headers: from(address) });
    return ((await answer.json()) as { errors: { extensions: { code: string } }[] }).errors[0]?.extensions.code ?? "";
  };
  expect(await codeFrom("203.0.113.9")).toBe("UNAUTHENTICATED");
  expect(await codeFrom("203.0.113.9")).toBe("RATE_LIMITED");
  expect(await codeFrom("203.0.113.10")).toBe("UNAUTHENTICATED");
});
