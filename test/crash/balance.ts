/** The one address that leads to the servers, as a load balancer would. */
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

interface Server {
  port: number;
  process: { isReady: boolean };
}

/** Leads every new connection to the first server that is ready. */
export async function balance(servers: readonly Server[], port: number): Promise<{ close(): void }> {
  const open = new Set<Socket>();
  const listener = createServer((near) => {
    const server = servers.find(({ process }) => process.isReady);
    if (!server) return void near.destroy();
    const far = connect(server.port, "127.0.0.1");
    const pairs: [Socket, Socket][] = [
      [near, far],
      [far, near],
    ];
    for (const [one, other] of pairs) {
      open.add(one);
      one.on("error", () => one.destroy());
      one.on("close", () => {
        open.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  listener.listen(port, "127.0.0.1");
  await once(listener, "listening");
  return {
    close() {
      for (const socket of open) socket.destroy();
      listener.close();
    },
  };
}
