/** What a request says of itself, whichever framework it comes from. */
import type { IncomingMessage } from "node:http";
import { type Address, formatAddress, type Network, readAddress } from "./address.ts";
import { clientBehind, type Peer } from "./client-address.ts";

export interface Facts {
  client: Peer | undefined;
  method: string;
  /** Path and query. */
  url: string;
  host: string | undefined;
  userAgent: string | undefined;
  referrer: string | undefined;
}

const peerKey = Symbol("vigil.peer");

/** What is known of a connection: whom it is of, and who the last request was of that came through it. */
interface Known {
  peer: Peer;
  forwarded: string | undefined;
  client: Peer;
}

/** Facts of node:http's request. */
export function nodeFacts(request: IncomingMessage, proxies: readonly Network[]): Facts {
  const { headers } = request;
  return {
    client: clientOf(request, headers["x-forwarded-for"] as string | undefined, proxies),
    method: request.method ?? "GET",
    // Express and Connect cut `url` to what is left of it behind a mount.
    url: (request as { originalUrl?: string }).originalUrl ?? request.url ?? "/",
    host: headers.host,
    userAgent: headers["user-agent"],
    referrer: headers.referer,
  };
}

/** Facts of a fetch-style Request. `peer`: who the connection is of; absent: whoever set the header is trusted. */
export function fetchFacts(request: Request, proxies: readonly Network[], peer: string | undefined): Facts {
  const { headers } = request;
  const header = (name: string): string | undefined => headers.get(name) ?? undefined;
  const { pathname, search, host } = new URL(request.url);
  const forwarded = header("x-forwarded-for");
  const address = peer === undefined ? undefined : readAddress(peer);
  const first = proxies[0];
  let client = address && clientBehind({ address, text: textOf(address, peer as string) }, forwarded, proxies);
  if (peer === undefined && first && forwarded !== undefined) {
    const behind = clientBehind({ address: first.address, text: "" }, forwarded, proxies);
    client = behind.text === "" ? undefined : behind;
  }
  return {
    client,
    method: request.method,
    url: pathname + search,
    host: header("host") ?? host,
    userAgent: header("user-agent"),
    referrer: header("referer"),
  };
}

/** Facts of whatever a helper was given: a Request, Express's or node:http's, Fastify's request, Koa's context. */
export function anyFacts(request: unknown, proxies: readonly Network[]): Facts | undefined {
  if (typeof request !== "object" || request === null) return undefined;
  if (request instanceof Request) return fetchFacts(request, proxies, undefined);
  const { raw, req } = request as { raw?: IncomingMessage; req?: IncomingMessage };
  const message = raw ?? req ?? (request as IncomingMessage);
  return message.headers ? nodeFacts(message, proxies) : undefined;
}

/** The peer of a connection does not change: it is read once; and a header that is as before says what it said before. */
function clientOf(
  { socket }: IncomingMessage,
  forwarded: string | undefined,
  proxies: readonly Network[],
): Peer | undefined {
  const kept = socket as { [peerKey]?: Known; remoteAddress?: string } | undefined;
  if (!kept) return undefined;
  let known = kept[peerKey];
  if (!known) {
    const text = kept.remoteAddress;
    const address = text === undefined ? undefined : readAddress(text);
    if (text === undefined || !address) return undefined;
    const peer = { address, text: textOf(address, text) };
    known = kept[peerKey] = { peer, forwarded: undefined, client: peer };
  }
  if (known.forwarded !== forwarded) {
    known.client = clientBehind(known.peer, forwarded, proxies);
    known.forwarded = forwarded;
  }
  return known.client;
}

/** An address as the server writes it: no zone, no mapping. */
export const textOf = (address: Address, text: string): string =>
  address.length === 1 && !text.includes(":") ? text : formatAddress(address);
