/** What a request says of itself, whichever framework it comes from. */
import type { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { type Address, formatAddress, type Network, readAddress } from "./address.ts";
import { clientBehind, type Peer } from "./client-address.ts";
import { originOf } from "./request-line.ts";

export interface Facts {
  client: Peer | undefined;
  /** The client has left, and its address with it. */
  isGone?: boolean;
  method: string;
  /** Path and query. */
  url: string;
  host: string | undefined;
  userAgent: string | undefined;
  referrer: string | undefined;
  /** What they say of the client, as a part of the request's line. */
  origin: string;
}

const peerKey = Symbol("vigil.peer");

/** What is known of a connection: whom it is of, and what the last request said that came through it. */
interface Known {
  /** Whom the monitor believes that asked: another may believe others. */
  proxies: readonly Network[];
  /** Of the connection; undefined: it has no address, as a UNIX socket. */
  peer: Peer | undefined;
  forwarded: string | undefined;
  client: Peer | undefined;
  host: string | undefined;
  userAgent: string | undefined;
  origin: string;
}

/** Facts of node:http's request. */
export function nodeFacts(request: IncomingMessage, proxies: readonly Network[]): Facts {
  const { headers } = request;
  const { client, host, userAgent, origin } = knownOf(request, headers, proxies);
  return {
    client,
    isGone: client === undefined && isGone(request.socket),
    method: request.method ?? "GET",
    // Express and Connect cut `url` to what is left of it behind a mount.
    url: (request as { originalUrl?: string }).originalUrl ?? request.url ?? "/",
    host,
    userAgent,
    referrer: headers.referer,
    origin,
  };
}

/** Facts of a fetch-style Request. `peer`: who the connection is of, "" if unknown; absent: the header is believed. */
export function fetchFacts(request: Request, proxies: readonly Network[], peer: string | undefined): Facts {
  const { headers } = request;
  const header = (name: string): string | undefined => headers.get(name) ?? undefined;
  const { pathname, search, host } = new URL(request.url);
  const forwarded = header("x-forwarded-for");
  const address = peer === undefined ? undefined : readAddress(peer);
  const known = address && clientBehind({ address, text: textOf(address, peer as string) }, forwarded, proxies);
  const client = peer === undefined ? clientOfHeader(forwarded, proxies) : known;
  const who = { client, host: header("host") ?? host, userAgent: header("user-agent") };
  return {
    ...who,
    method: request.method,
    url: pathname + search,
    referrer: header("referer"),
    origin: originOf(who),
  };
}

/** Where nobody tells whose connection it is, the header is believed if there are trusted proxies. */
function clientOfHeader(forwarded: string | undefined, proxies: readonly Network[]): Peer | undefined {
  const first = proxies[0];
  if (!first || forwarded === undefined) return undefined;
  const behind = clientBehind({ address: first.address, text: "" }, forwarded, proxies);
  return behind.text === "" ? undefined : behind;
}

/** Facts of the requests that a fetch handler watches: it may know whose connection it is, which a Request does not say. */
export const watched = new WeakMap<object, Facts>();

/**
 * Facts of whatever a helper was given: a Request, or what has it as `raw`, Express's or node:http's, Fastify's request,
 * Koa's context. The header of a Request that no fetch handler watches is believed if there are trusted proxies, as
 * nobody says whose connection it is: so it is where a host has its own copy of the Request, or watches nothing.
 */
export function anyFacts(request: unknown, proxies: readonly Network[]): Facts | undefined {
  if (typeof request !== "object" || request === null) return undefined;
  const { raw, req } = request as { raw?: IncomingMessage | Request; req?: IncomingMessage };
  const message = raw ?? req ?? (request as IncomingMessage | Request);
  const facts = watched.get(message);
  if (facts) return facts;
  if (message instanceof Request) return fetchFacts(message, proxies, undefined);
  return message.headers ? nodeFacts(message, proxies) : undefined;
}

/** The peer of a connection does not change: it is read once; and headers that are as before say what they said before. */
function knownOf({ socket }: IncomingMessage, headers: IncomingMessage["headers"], proxies: readonly Network[]): Known {
  const { host, "user-agent": userAgent } = headers;
  const forwarded = headers["x-forwarded-for"] as string | undefined;
  const kept = socket as { [peerKey]?: Known; remoteAddress?: string } | undefined;
  const before = kept?.[peerKey];
  const isSame = before !== undefined && before.forwarded === forwarded && before.proxies === proxies;
  if (isSame && before.userAgent === userAgent && before.host === host) return before;
  const peer = before ? before.peer : peerOf(kept?.remoteAddress);
  let known: Known;
  if (isSame) known = { ...before, host, userAgent };
  else {
    const behind = !peer && isOfPath(socket) ? clientOfHeader(forwarded, proxies) : undefined;
    const client = peer ? clientBehind(peer, forwarded, proxies) : behind;
    known = { proxies, peer, forwarded, client, host, userAgent, origin: "" };
  }
  known.origin = originOf(known);
  if (kept) kept[peerKey] = known;
  return known;
}

/** A TCP connection whose other end was reset has none any more; one that was closed has neither. */
const isGone = (socket: unknown): boolean =>
  socket instanceof Socket && (socket.destroyed || socket.localAddress !== undefined);

/** Whether it came through a UNIX socket, which has no addresses: then it is of this machine, as of a proxy. */
const isOfPath = (socket: object | undefined): boolean =>
  typeof (socket as { server?: { address?(): unknown } } | undefined)?.server?.address?.() === "string";

function peerOf(text: string | undefined): Peer | undefined {
  const address = text === undefined ? undefined : readAddress(text);
  return address && { address, text: textOf(address, text as string) };
}

/** An address as the server writes it: no zone, no mapping. */
export const textOf = (address: Address, text: string): string =>
  address.length === 1 && !text.includes(":") ? text : formatAddress(address);
