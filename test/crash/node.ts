/** A serving node as a process of its own, which can be killed and comes back; and the one address that leads to them. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");

export class ServingNode {
  #child: ChildProcess | undefined;
  readonly port: number;
  readonly #env: NodeJS.ProcessEnv;
  readonly #warm: (url: string) => Promise<boolean>;
  isReady = false;

  /** `warm` is asked again and again until it says that the node does its work. */
  constructor(port: number, env: NodeJS.ProcessEnv, warm: (url: string) => Promise<boolean>) {
    this.port = port;
    this.#warm = warm;
    this.#env = { ...process.env, ...env, HOST: "127.0.0.1", PORT: String(port) };
  }

  /** Resolves when it answers. */
  async start(): Promise<void> {
    const child = spawn(process.execPath, [join(root, "src/vigil.js"), "start"], {
      env: this.#env,
      stdio: ["ignore", "ignore", "inherit"],
    });
    this.#child = child;
    while (child.exitCode === null && child.signalCode === null) {
      if (await this.#warm(`http://127.0.0.1:${this.port}`).catch(() => false)) {
        this.isReady = true;
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** kill -9; answers the process that is no more. */
  async kill(): Promise<number | undefined> {
    this.isReady = false;
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return undefined;
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
    return child.pid;
  }
}

/** Leads every new connection to the first node that is ready. */
export async function balance(nodes: readonly ServingNode[], port: number): Promise<{ close(): void }> {
  const open = new Set<Socket>();
  const server = createServer((near) => {
    const node = nodes.find(({ isReady }) => isReady);
    if (!node) return void near.destroy();
    const far = connect(node.port, "127.0.0.1");
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
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    close() {
      for (const socket of open) socket.destroy();
      server.close();
    },
  };
}
