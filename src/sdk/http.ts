/** Requests to Vigil over node:http, which the host has loaded anyway. They never keep the host's process alive. */
import { Agent, type IncomingMessage, request as requestHttp } from "node:http";
import type { Socket } from "node:net";

export interface Call {
  method: "GET" | "POST";
  path: string;
  headers?: Record<string, string>;
  body?: Buffer | string;
  /** ms for all of it. */
  timeout: number;
  /** Gets an answer with status 200 part by part instead of at its end; what it throws ends the call. */
  onPart?: (text: string) => void;
  /** Ends it early. */
  signal?: AbortSignal | undefined;
  /** Whether the process waits for the answer, as in close(). */
  hold?: boolean;
}

export interface Reply {
  status: number;
  headers: IncomingMessage["headers"];
  /** Empty where `onPart` got it. */
  body: string;
}

const longestBody = 268_435_456; // 256 MiB streamed: a million decisions
const longestKept = 1_048_576; // 1 MiB: an answer to a batch

/** A connection that was kept for the next request was closed under it, before any answer. */
class Hangup extends Error {}

export class Connection {
  readonly #url: URL;
  readonly #agent: Agent;
  readonly #request: typeof requestHttp;
  readonly #authorization: string;
  /** Vigil is on this machine: what is sent crosses no wire. */
  readonly isLocal: boolean;

  constructor(url: URL, apiKey: string) {
    this.#url = url;
    this.isLocal = /^(localhost|127\.[\d.]+|\[::1\])$/.test(url.hostname);
    this.#authorization = `Bearer ${apiKey}`;
    // One more than are ever wanted, so that none waits for another: for decisions, for events and for acknowledgements.
    const options = { keepAlive: true, maxSockets: 4 };
    // TLS is loaded by those only who need it.
    const https = url.protocol === "https:" ? process.getBuiltinModule("node:https") : undefined;
    this.#agent = https ? new https.Agent(options) : new Agent(options);
    this.#request = https?.request ?? requestHttp;
  }

  /** Errors: no answer, a broken one, one too long, or none in time. */
  call(call: Call): Promise<Reply> {
    return this.#try(call).catch((error: unknown) => {
      // Closed for being idle at the very moment it was used again: what is sent twice counts once.
      if (error instanceof Hangup) return this.#try(call);
      throw error;
    });
  }

  #try(call: Call): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const { method, path, timeout, onPart, hold = false } = call;
      const headers = { ...call.headers, authorization: this.#authorization };
      const target = new URL(`${this.#url.pathname.replace(/\/$/, "")}${path}`, this.#url);
      const request = this.#request(target, {
        method,
        headers,
        agent: this.#agent,
        ...(call.signal ? { signal: call.signal } : {}),
      });
      const timer = setTimeout(() => request.destroy(new Error(`no answer within ${timeout} ms`)), timeout);
      if (!hold) timer.unref();
      const settle = (error?: Error): void => {
        clearTimeout(timer);
        if (error) reject(error);
      };
      let isAnswered = false;
      request.on("socket", (socket: Socket) => (hold ? socket.ref() : socket.unref()));
      request.on("error", (error: NodeJS.ErrnoException) =>
        settle(request.reusedSocket && error.code === "ECONNRESET" && !isAnswered ? new Hangup(error.message) : error),
      );
      request.on("response", (response) => {
        isAnswered = true;
        const status = response.statusCode ?? 0;
        const isStreamed = onPart !== undefined && status === 200;
        let body = "";
        let length = 0;
        response.setEncoding("utf8");
        response.on("data", (part: string) => {
          length += part.length;
          try {
            if (length > (isStreamed ? longestBody : longestKept)) throw new Error("the answer is too long");
            if (isStreamed) onPart(part);
            else body += part;
          } catch (error) {
            request.destroy(error as Error);
            settle(error as Error);
          }
        });
        response.on("error", settle);
        response.on("close", () => {
          if (!response.complete) return settle(new Error("the answer broke off"));
          settle();
          resolve({ status, headers: response.headers, body });
        });
      });
      request.end(call.body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
