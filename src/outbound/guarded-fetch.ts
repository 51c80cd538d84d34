/**
 * HTTP to addresses that organizations give. Whom the socket connects to is decided in the socket's own look-up, so that
 * a name cannot point elsewhere between the check and the connection. No redirect is followed; no more of an answer is
 * read than a bound, and only where its caller needs it.
 */
import { type LookupAddress, lookup as systemLookup } from "node:dns";
import { type ClientRequest, request as http, type IncomingMessage } from "node:http";
import { request as https } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { performance } from "node:perf_hooks";
import { abortAfter } from "../deadline.ts";
import { reachOf } from "./public-address.ts";
import { hostFault, hostOf, type Reach } from "./url-fault.ts";

export interface Outbound extends Reach {
  method?: "GET" | "POST" | undefined;
  headers?: Record<string, string> | undefined;
  body?: string | Buffer | undefined;
  /** Given up when it aborts; after 15 seconds in any case. */
  signal?: AbortSignal | undefined;
  /** Whether the caller needs what is answered, e.g. the provider's id; otherwise it is dropped. */
  keepBody?: boolean | undefined;
  /** How names are looked up: the system's way, unless a test says otherwise. */
  lookup?: typeof systemLookup | undefined;
}

/** What came of it. A `detail` names no address and repeats nothing of the other side's. */
export type Answered =
  | { ok: true; status: number; retryAfter: string | undefined; body: string | undefined; ms: number }
  | { ok: false; reason: "REFUSED" | "TIMEOUT" | "UNREACHABLE"; detail: string; ms: number };

export const longestTry = 15_000; // 15 seconds for the whole of it
export const mostRead = 65_536; // 64 KiB of an answer

class Refused extends Error {}

/** Never throws for what is at the other side. */
export async function guardedFetch(target: string, outbound: Outbound): Promise<Answered> {
  const started = performance.now();
  const failed = (reason: "REFUSED" | "TIMEOUT" | "UNREACHABLE", detail: string): Answered => ({
    ok: false,
    reason,
    detail,
    ms: Math.round(performance.now() - started),
  });
  const url = URL.canParse(target) ? new URL(target) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) return failed("REFUSED", "It is no https:// URL.");
  if (url.username || url.password) return failed("REFUSED", "The URL has a user or a password in it.");
  if (hostFault(url, outbound)) return failed("REFUSED", "It is not a public address.");
  const { signal, end } = abortAfter(longestTry, outbound.signal);
  if (signal.aborted) return failed("TIMEOUT", "It was given up before it began.");
  try {
    const answer = await send(url, outbound, signal);
    const ms = Math.round(performance.now() - started);
    const body = await read(answer, outbound.keepBody === true);
    const retryAfter = answer.headers["retry-after"];
    return { ok: true, status: answer.statusCode ?? 0, retryAfter, body, ms };
  } catch (error) {
    if (error instanceof Refused) return failed("REFUSED", error.message);
    if (signal.aborted) return failed("TIMEOUT", "It did not answer in time.");
    return failed("UNREACHABLE", "It was not reached, or broke off.");
  } finally {
    end();
  }
}

function send(url: URL, outbound: Outbound, signal: AbortSignal): Promise<IncomingMessage> {
  const { method = "POST", headers = {}, body } = outbound;
  return new Promise((resolve, reject) => {
    const options = {
      method,
      signal,
      agent: false as const, // a connection of its own: every one has been looked up and judged
      host: hostOf(url),
      headers: { ...headers, ...(body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) }) },
      lookup: judged(outbound),
      maxHeaderSize: 16_384,
    };
    const made: ClientRequest = (url.protocol === "https:" ? https : http)(url, options, resolve);
    made.on("error", reject);
    // Of an answer that wants to talk another protocol (101) Node tells nothing else; aborting it later tells nothing, too.
    made.on("close", () => reject(new Error("it ended without an answer")));
    made.end(body);
  });
}

type Found = (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void;
/** Who waits for the look-ups that are under way, by their names. */
const underWay = new WeakMap<typeof systemLookup, Map<string, Found[]>>();

/**
 * One look-up of a name at a time, whoever waits for it: the system's takes one of the process's four threads for as long as
 * the name's servers are silent, and a storm to one dead name would hold up every other name.
 */
function lookUp(lookup: typeof systemLookup, hostname: string, options: object, done: Found): void {
  const names = underWay.get(lookup) ?? new Map<string, Found[]>();
  underWay.set(lookup, names);
  const others = names.get(hostname);
  if (others) return void others.push(done);
  const waiting = [done];
  names.set(hostname, waiting);
  lookup(hostname, { ...options, all: true }, (error, found) => {
    names.delete(hostname);
    for (const one of waiting) one(error, error ? [] : [found].flat());
  });
}

/** A look-up of which every address has to be allowed: a name that has one of ours is refused whole. */
function judged({ allowPrivate, lookup = systemLookup }: Outbound): LookupFunction {
  return (hostname, options, done) => {
    lookUp(lookup, hostname, options, (error, addresses) => {
      if (error) return done(error, []);
      const mayBe = (address: string): boolean => {
        const reach = isIP(address) > 0 ? reachOf(address) : "NEVER";
        return reach === "PUBLIC" || (reach === "NEAR" && allowPrivate);
      };
      const [first] = addresses;
      if (!first || !addresses.every(({ address }) => mayBe(address)))
        return done(new Refused("Its name does not lead to a public address."), []);
      if (options.all) done(null, addresses);
      else done(null, first.address, first.family);
    });
  };
}

/** At most the bound, and then the connection ends. What is not needed is let go at once. */
async function read(answer: IncomingMessage, isNeeded: boolean): Promise<string | undefined> {
  answer.on("error", () => undefined);
  if (!isNeeded) {
    answer.destroy();
    return undefined;
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= mostRead) break; // ends the stream
  }
  return Buffer.concat(chunks).subarray(0, mostRead).toString("utf8");
}
