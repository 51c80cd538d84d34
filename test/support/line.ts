/** A TCP proxy on loopback before whatever is talked to: what is wrong with a network is done to it here. */
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";

/** From the process to what it talks to, or back. */
export type Way = "there" | "back";

/** Asked about every piece before it goes on. False: it does not, and its connection is reset. */
export type Watcher = (way: Way, piece: Buffer, connection: number) => boolean;

export class Line {
  readonly port: number;
  readonly #server: Server;
  /** Both ends of what is open. */
  readonly #open = new Map<Socket, Socket>();
  #connections = 0;
  #isRefused = false;
  #delay = 0; // ms a piece
  #rate = Number.POSITIVE_INFINITY; // bytes a second
  #left = Number.POSITIVE_INFINITY; // bytes until it breaks
  #held: Promise<void> | undefined;
  #letGo: () => void = () => undefined;
  watcher: Watcher | undefined;

  private constructor(server: Server, port: number, to: () => number | undefined) {
    this.#server = server;
    this.port = port;
    server.on("connection", (near: Socket) => {
      if (this.#isRefused) return void near.resetAndDestroy();
      const port = to();
      if (port === undefined) return void near.destroy();
      const far = connect(port, "127.0.0.1");
      const connection = ++this.#connections;
      this.#open.set(near, far);
      for (const [socket, other] of [
        [near, far],
        [far, near],
      ] as const) {
        socket.setNoDelay(true);
        socket.on("error", () => other.destroy());
        socket.on("close", () => {
          this.#open.delete(near);
          other.destroy();
        });
      }
      void this.#carry(near, far, "there", connection);
      void this.#carry(far, near, "back", connection);
    });
  }

  /** `to` may change its port when it is started anew; undefined: nobody is there. */
  static async open(to: () => number | undefined): Promise<Line> {
    const server = createServer({ allowHalfOpen: true });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new Line(server, (server.address() as { port: number }).port, to);
  }

  /** Nobody is let in any more; what is open stays. */
  refuse(): void {
    this.#isRefused = true;
  }

  /** Of what is at its end, where that speaks HTTP. */
  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Ends all connections, and refuses new ones until it is healed. */
  down(): void {
    this.refuse();
    this.cut();
  }

  /** All connections end, now: what is on them is lost. */
  cut(): void {
    for (const [near, far] of this.#open) {
      near.destroy();
      far.destroy();
    }
  }

  /** All connections are reset. */
  reset(): void {
    for (const [near, far] of this.#open) {
      near.resetAndDestroy();
      far.resetAndDestroy();
    }
  }

  /** Each piece takes so long, ms. */
  latency(delay: number): void {
    this.#delay = delay;
  }

  /** At most so many bytes a second. */
  slow(rate: number): void {
    this.#rate = rate;
  }

  /** After so many more bytes every connection breaks. */
  limit(bytes: number): void {
    this.#left = bytes;
  }

  /** Connections stay open, and are made; nothing arrives. */
  blackhole(): void {
    this.#held ??= new Promise((resolve) => {
      this.#letGo = resolve;
    });
  }

  /** The process is told that there will be no more answers, and may go on speaking. */
  halfClose(): void {
    for (const near of this.#open.keys()) near.end();
  }

  /** All is as it should be again, for what comes. */
  heal(): void {
    this.#isRefused = false;
    [this.#delay, this.#rate, this.#left] = [0, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    this.watcher = undefined;
    this.#letGo();
    this.#held = undefined;
  }

  close(): void {
    this.heal();
    this.reset();
    this.#server.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  async #carry(from: Socket, to: Socket, way: Way, connection: number): Promise<void> {
    try {
      for await (const piece of from as AsyncIterable<Buffer>) {
        if (this.#delay > 0) await wait(this.#delay);
        if (Number.isFinite(this.#rate)) await wait((piece.length / this.#rate) * 1_000);
        await this.#held;
        this.#left -= piece.length;
        if (this.#left < 0 || this.watcher?.(way, piece, connection) === false) {
          from.resetAndDestroy();
          to.resetAndDestroy();
          return;
        }
        if (to.destroyed) return;
        if (!to.write(piece)) await roomIn(to);
      }
      to.end();
    } catch {
      to.destroy();
    }
  }
}

/** Until the socket takes more, or takes nothing any more. */
async function roomIn(socket: Socket): Promise<void> {
  const over = new AbortController();
  try {
    await Promise.race(["drain", "close"].map((event) => once(socket, event, { signal: over.signal })));
  } finally {
    over.abort(); // the other one is not waited for: a busy line would gather thousands
  }
}
