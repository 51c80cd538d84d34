/** The PostgreSQL of a crash run: a cluster of its own on one port, which is stopped in every way there is. */
import { execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import pg from "pg";
import { binaries } from "../../src/embedded/binaries.ts";
import { freePort } from "../../src/embedded/free-port.ts";
import { openEmbeddedPostgres } from "../../src/embedded/postgres.ts";
import { runAs } from "../../src/embedded/run-as.ts";
import { loadSecrets } from "../../src/embedded/secrets.ts";

export class OwnPostgres {
  readonly port: number;
  readonly #dataDir: string;
  readonly #passwords: { ownerPassword: string; serverPassword: string };
  readonly #settings: Readonly<Record<string, string>>;

  private constructor(
    dataDir: string,
    port: number,
    passwords: { ownerPassword: string; serverPassword: string },
    settings: Readonly<Record<string, string>>,
  ) {
    this.#dataDir = dataDir;
    this.port = port;
    this.#passwords = passwords;
    this.#settings = settings;
  }

  /** Makes the cluster as a new server makes its own, and starts it. */
  static async open(dataDir: string, more: Readonly<Record<string, string>> = {}): Promise<OwnPostgres> {
    const secrets = await loadSecrets(dataDir);
    await (await openEmbeddedPostgres(dataDir, secrets)).close();
    const own = new OwnPostgres(dataDir, await freePort(), secrets, more);
    await own.start();
    return own;
  }

  /** Of the server's role, by whichever port leads here. */
  serverUrl(port = this.port): string {
    return `postgres://vigil_server:${encodeURIComponent(this.#passwords.serverPassword)}@127.0.0.1:${port}/vigil`;
  }

  get ownerUrl(): string {
    return `postgres://postgres:${encodeURIComponent(this.#passwords.ownerPassword)}@127.0.0.1:${this.port}/vigil`;
  }

  /** Resolves when it answers. A start may have to wait for the last processes of the one before. */
  async start(): Promise<void> {
    const programs = await binaries();
    const as = runAs([programs.postgres, this.#dataDir]);
    const settings = {
      listen_addresses: "127.0.0.1",
      unix_socket_directories: "",
      max_connections: "100",
      ...this.#settings,
    };
    const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    const command = [...as.prefix, programs.postgres, "-D", join(this.#dataDir, "postgres"), "-p", String(this.port)];
    for (const until = Date.now() + 60_000; ; await wait(100)) {
      const log = await open(join(this.#dataDir, "postgres.log"), "a");
      const child = spawn(command[0] as string, [...command.slice(1), ...flags], {
        ...as.ids,
        detached: true,
        stdio: ["ignore", log.fd, log.fd],
        env: { PATH: process.env.PATH, TZ: "UTC" },
      });
      await log.close();
      while (child.exitCode === null && child.signalCode === null) {
        if (await this.#answers()) return;
        await wait(50);
      }
      if (Date.now() > until) throw new Error(`PostgreSQL does not start; see ${this.#dataDir}/postgres.log`);
    }
  }

  /** Connections end, all is written: SIGINT, `pg_ctl stop -m fast`. */
  stop(): Promise<void> {
    return this.#end("SIGINT");
  }

  /** The postmaster is no more; its children notice. */
  kill(): Promise<void> {
    return this.#end("SIGKILL");
  }

  async isRunning(): Promise<boolean> {
    const pid = await this.#pid().catch(() => undefined);
    return pid !== undefined && isAlive(pid);
  }

  /** One backend of the server's role is killed: PostgreSQL cuts all connections and recovers. False: there was none. */
  async killBackend(): Promise<boolean> {
    const children = this.#children(await this.#pid());
    const backend = children.find((pid) => commandOf(pid).includes("vigil_server"));
    if (backend === undefined) return false;
    process.kill(backend, "SIGKILL");
    return true;
  }

  /** Nothing of it moves; its sockets stay open. */
  async freeze(): Promise<() => void> {
    const postmaster = await this.#pid();
    process.kill(postmaster, "SIGSTOP");
    const all = [postmaster, ...this.#children(postmaster)];
    for (const pid of all) send(pid, "SIGSTOP");
    return () => {
      for (const pid of all.reverse()) send(pid, "SIGCONT");
    };
  }

  async #answers(): Promise<boolean> {
    const client = new pg.Client({ connectionString: this.ownerUrl, connectionTimeoutMillis: 2_000 });
    client.on("error", () => undefined);
    try {
      await client.connect();
      return true;
    } catch {
      return false;
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  async #pid(): Promise<number> {
    return Number((await readFile(join(this.#dataDir, "postgres", "postmaster.pid"), "utf8")).split("\n")[0]);
  }

  #children(postmaster: number): number[] {
    try {
      return execFileSync("pgrep", ["-P", String(postmaster)], { encoding: "utf8" })
        .trim()
        .split("\n")
        .map(Number);
    } catch {
      return [];
    }
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const pid = await this.#pid();
    const all = [pid, ...this.#children(pid)];
    process.kill(pid, signal);
    while (all.some(isAlive)) await wait(20);
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // it has ended meanwhile
  }
}

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}
