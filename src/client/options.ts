/** What a client is made with. */
import { VigilError } from "./error.ts";

/** A WebSocket constructor: the platform's, or that of the package `ws`. */
// biome-ignore lint/suspicious/noExplicitAny: constructors of different platforms have different types
export type WebSocketClass = new (url: any, protocols?: any, ...rest: any[]) => { close(code?: number): void };

export interface ClientOptions {
  /** Where Vigil is, e.g. `https://vigil.example`. In a browser: where the page comes from unless told. */
  url?: string | URL;
  /**
   * An API key or token, or what gives one: asked again for each request and connection. Without it the session cookie of
   * Vigil's own pages is used.
   */
  token?: string | (() => string | undefined | Promise<string | undefined>);
  /** More headers of HTTP requests. A socket has none of them, but for `x-vigil-purpose`. */
  headers?: Record<string, string>;
  fetch?: typeof globalThis.fetch;
  /** Node before version 22 has no WebSocket: give it that of `ws`. */
  webSocket?: WebSocketClass;
  /** How queries, and streams that were lost, are tried again. */
  retry?: Partial<RetryOptions>;
}

export interface RetryOptions {
  /** How often a query is tried, the first time included (4). Streams are resumed for as long as it takes. */
  attempts: number;
  /** The first wait, ms (500): half of it for certain, half by chance. It doubles with each failure. */
  first: number;
  /** The longest wait, ms (15,000). */
  longest: number;
  /** How long one request may take, ms (30,000). */
  timeout: number;
  /** Chance, in [0, 1). */
  random: () => number;
}

export interface Settings {
  /** POST here. */
  endpoint: string;
  /** And open sockets here. */
  socketUrl: string;
  headers: Record<string, string>;
  token(): Promise<string | undefined>;
  fetch: typeof globalThis.fetch;
  webSocket: WebSocketClass | undefined;
  retry: RetryOptions;
}

/** Errors: BAD_USER_INPUT where there is no URL, or none that can be. */
export function readOptions(options: ClientOptions): Settings {
  const { token, headers = {}, retry } = options;
  const page = typeof location === "undefined" ? undefined : location.href;
  const given = options.url ?? (typeof location === "undefined" ? undefined : location.origin);
  if (given === undefined) throw new VigilError("BAD_USER_INPUT", "`url` is missing: where is Vigil?");
  let url: URL;
  try {
    url = new URL(given, page);
  } catch (cause) {
    throw new VigilError("BAD_USER_INPUT", `\`url\` is not a URL: ${given}`, { cause });
  }
  url.pathname = `${url.pathname.replace(/\/(graphql)?\/?$/, "")}/graphql`;
  const socketUrl = new URL(url);
  socketUrl.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return {
    endpoint: url.href,
    socketUrl: socketUrl.href,
    headers,
    async token() {
      try {
        return typeof token === "function" ? await token() : token;
      } catch (cause) {
        if (cause instanceof VigilError) throw cause;
        throw new VigilError("NETWORK", `No token was given: ${(cause as Error)?.message}`, { cause });
      }
    },
    fetch: options.fetch ?? globalThis.fetch.bind(globalThis),
    webSocket: options.webSocket ?? (globalThis as { WebSocket?: WebSocketClass }).WebSocket,
    retry: { attempts: 4, first: 500, longest: 15_000, timeout: 30_000, random: Math.random, ...retry },
  };
}
