/** What a host tells us. Wrong options are refused at once, when the host starts, never later. */
import { hostname } from "node:os";
import { type Network, readNetwork } from "./address.ts";
import type { Fault } from "./faults.ts";
import type { Clock } from "./list.ts";
import { readSpared, type Spared } from "./never-blocked.ts";
import type { SentEvent } from "./sent-event.ts";

/** A request as `identify` gets it where its type is not named: Express's or node:http's request, Fastify's, Koa's context. */
export interface HostRequest {
  // biome-ignore lint/suspicious/noExplicitAny: whatever the host's own middleware put there
  readonly [name: string]: any;
}

/** Who a request is of. What is given must be what the log-in helpers are given, or users cannot be told apart. */
export interface Identity {
  id?: string | undefined;
  name?: string | undefined;
  email?: string | undefined;
  roles?: string[] | undefined;
  /** The session; a digest of it rather than what lets somebody in. */
  sessionId?: string | undefined;
}

/** The decision behind a demand for a second factor. */
export interface MfaDemand {
  id: string;
  /** Epoch ms. */
  expiresAt: number;
}

export interface MonitorOptions<Request = HostRequest> {
  /** Where Vigil answers, such as `https://vigil.example`. */
  url: string;
  /** An API key of the role ENFORCER; with one of the role INGEST events are sent and nothing is enforced. */
  apiKey: string;
  /**
   * Who the request is of: a user's name, or more of them; undefined: nobody is signed in. Asked before your handler, and
   * once more after it where it knew nobody. What it throws counts as nobody.
   */
  identify?: (request: Request) => Identity | string | undefined | null | Promise<Identity | string | undefined | null>;
  /**
   * Addresses and ranges of your own proxies. X-Forwarded-For is believed behind these only, and, where there are any,
   * behind UNIX sockets. Default: none.
   */
  trustedProxies?: readonly string[];
  /** How this program is called among the enforcers: processes of one name count as one. Default: the name of its host. */
  name?: string;
  /** `logsource.service` of the events. */
  service?: string;
  /**
   * Addresses, ranges and users, beside loopback and private ranges: what Vigil decides against one of these is not
   * followed. It spares whom a decision names, not all they do: at an address that is blocked such a user is refused, as
   * is a suspended user at such an address. Default: none.
   */
  neverBlock?: readonly string[];
  /** Vigil's public key (base64), which every list must be signed by. Default: the first one seen. */
  publicKey?: string;
  /** The part of plain requests (status below 400) that is sent, 0 to 1. Default: 1, all. */
  sampleRate?: number;
  /** Whether query strings are sent. They may hold what is private. Default: false. */
  sendQuery?: boolean;
  /** The last look at every event; answer a changed one, or undefined to keep it back. What it throws keeps it back. */
  redact?: (event: SentEvent) => SentEvent | undefined;
  /**
   * A second factor is demanded of this user. Answer true to let the request through (it is that of the second factor
   * itself, or it was given already); otherwise answer the request, as by a redirect, or, with `fetch`, return a Response.
   * Default, where it throws, and with `upgrade`, which gives no `response`: status 401.
   */
  onMfaRequired?: (request: Request, response: unknown, demand: MfaDemand) => unknown;
  /**
   * Faults of ours: SEND and ENFORCE are told once until they work again, the others once a minute for each thing that
   * failed. Default: a line on stderr.
   */
  onError?: (fault: Fault) => void;
  /** Whether decisions are enforced. Default: true. */
  enforce?: boolean;
  /**
   * While Vigil cannot be reached: false, blocks end when their time does; true, they stay until Vigil is back, and a
   * program that never got a list answers 503. Default: false.
   */
  failClosed?: boolean;
  /** Events kept while they cannot be sent; then the oldest are dropped and counted. Default: 10,000. */
  bufferSize?: number;
  /** Bytes of them that are kept. Default: 8,000,000. */
  bufferBytes?: number;
  /**
   * ms that an event waits for others to go with it. Plain requests (status below 400) wait five times as long where
   * nothing else is to be sent. Default: 100.
   */
  flushDelay?: number;
  /** For tests. */
  clock?: Clock;
}

export interface Settings<Request> extends MonitorOptions<Request> {
  base: URL;
  proxies: readonly Network[];
  spared: Spared;
  name: string;
  sampleRate: number;
  bufferSize: number;
  bufferBytes: number;
  flushDelay: number;
  clock: Clock;
}

/** Errors: TypeError, naming the option. */
export function readOptions<Request>(options: MonitorOptions<Request>): Settings<Request> {
  const { apiKey, name = hostname(), sampleRate = 1, flushDelay = 100 } = options;
  const { bufferSize = 10_000, bufferBytes = 8_000_000 } = options;
  const refuse = (option: string, wanted: string): never => {
    throw new TypeError(`monitorSecurity: ${option} must be ${wanted}`);
  };
  const base = URL.canParse(options.url) ? new URL(options.url) : undefined;
  if (!base || !/^https?:$/.test(base.protocol)) return refuse("url", "an http or https URL");
  // A key with a line break would make node:http throw at each request.
  if (typeof apiKey !== "string" || !/^[\x21-\x7e]+$/.test(apiKey)) {
    refuse(
      "apiKey",
      `an API key of Vigil, as \`vigil api-key\` prints it${apiKey === undefined ? "; there is none" : ""}`,
    );
  }
  if (typeof name !== "string" || name.length < 1 || name.length > 200) refuse("name", "1 to 200 characters");
  if (!(sampleRate >= 0 && sampleRate <= 1)) refuse("sampleRate", "a number from 0 to 1");
  if (!(Number.isInteger(bufferSize) && bufferSize >= 1 && bufferSize <= 1_000_000))
    refuse("bufferSize", "a whole number from 1 to 1,000,000");
  if (!(Number.isInteger(bufferBytes) && bufferBytes >= 100_000 && bufferBytes <= 1_000_000_000))
    refuse("bufferBytes", "a whole number from 100,000 to 1,000,000,000");
  if (!(flushDelay >= 0 && flushDelay <= 60_000)) refuse("flushDelay", "0 to 60,000 ms");
  const proxies = (options.trustedProxies ?? []).map(
    (text) => readNetwork(text) ?? refuse("trustedProxies", `addresses and ranges, which ${text} is not`),
  );
  return {
    ...options,
    base,
    proxies,
    spared: readSpared(options.neverBlock ?? []),
    name,
    sampleRate,
    bufferSize,
    bufferBytes,
    flushDelay,
    clock: options.clock ?? { now: Date.now, elapsed: () => performance.now() },
  };
}
