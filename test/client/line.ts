/** A line to the server that can be cut: what is on it is lost, and while it is down nobody gets through. */

import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

export interface Line extends AsyncDisposable {
  url: string;
  /** Cuts all connections, now. */
  cut(): void;
  /** Cuts, and refuses new ones until `up`. */
  down(): void;
  up(): void;
  /** Connections that were made. */
  connections(): number;
}

export async function lineTo(url: string): Promise<Line> {
  const { hostname, port } = new URL(url);
  const open = new Set<Socket>();
  let isDown = false;
  let connections = 0;
  const server = createServer((near) => {
    if (isDown) return void near.destroy();
    connections++;
    const far = connect(Number(port), hostname);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(one);
      one.on("error", () => one.destroy());
      one.on("close", () => {
        open.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const cut = (): void => {
    for (const socket of open) socket.destroy();
  };
  return {
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    cut,
    down() {
      isDown = true;
      cut();
    },
    up() {
      isDown = false;
    },
    connections: () => connections,
    async [Symbol.asyncDispose]() {
      cut();
      server.close();
    },
  };
}
