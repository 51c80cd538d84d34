/** A process of Vigil's by itself: started, killed, frozen, sent away, and started again. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";

const root = join(import.meta.dirname, "../..");
const startLimit = 90_000; // 90 seconds, on a machine that is busy with faults

export class OwnProcess {
  readonly name: string;
  readonly #command: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #isUp: (output: string) => Promise<boolean>;
  #child: ChildProcess | undefined;
  #isEndWanted = false;
  #output = "";
  isReady = false;
  /** Times it ended though nobody wanted it to, with how. */
  readonly unwanted: string[] = [];

  /** `isUp` is asked again and again, with what the process has said, until it does its work. */
  constructor(name: string, command: string, env: NodeJS.ProcessEnv, isUp: (output: string) => Promise<boolean>) {
    this.name = name;
    this.#command = command;
    this.#env = { ...process.env, ...env };
    this.#isUp = isUp;
  }

  /** Resolves when it does its work. Errors: it ended, or did not begin in time. */
  async start(): Promise<void> {
    this.#isEndWanted = false;
    this.#output = "";
    const child = spawn(process.execPath, [join(root, "src/vigil.js"), this.#command], {
      env: this.#env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.#output = (this.#output + text).slice(-20_000);
      });
    }
    child.once("exit", (code, signal) => {
      this.isReady = false;
      if (!this.#isEndWanted) this.unwanted.push(`${signal ?? code}: ${this.#output.slice(-1_500)}`);
    });
    const until = Date.now() + startLimit;
    while (child.exitCode === null && child.signalCode === null) {
      if (await this.#isUp(this.#output).catch(() => false)) {
        this.isReady = true;
        return;
      }
      if (Date.now() > until) throw new Error(`${this.name} does not come up: ${this.#output.slice(-1_500)}`);
      await wait(50);
    }
    if (!this.#isEndWanted) throw new Error(`${this.name} ended while it started: ${this.#output.slice(-1_500)}`);
  }

  /** Starts it until it runs: what it needs may be away for a while. */
  async startAnyhow(limit: number): Promise<void> {
    for (const until = Date.now() + limit; ; ) {
      try {
        return await this.start();
      } catch (error) {
        if (Date.now() > until) throw error;
        this.unwanted.pop(); // without what it needs it may say so and end
        await wait(500);
      }
    }
  }

  kill(): Promise<void> {
    return this.#end("SIGKILL");
  }

  /** As whoever looks after processes sends one away. Errors: it did not end in time. */
  async stop(): Promise<void> {
    await this.#end("SIGTERM");
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  freeze(): void {
    this.#child?.kill("SIGSTOP");
  }

  thaw(): void {
    this.#child?.kill("SIGCONT");
  }

  /** Whether nobody wanted it to end, and it did. */
  get isLost(): boolean {
    const { exitCode = null, signalCode = null } = this.#child ?? {};
    return (exitCode !== null || signalCode !== null) && !this.#isEndWanted;
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    this.isReady = false;
    this.#isEndWanted = true;
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill(signal);
    if (signal === "SIGTERM") {
      const late = wait(20_000, "late");
      if ((await Promise.race([gone, late])) === "late") throw new Error(`${this.name} did not end within 20 s`);
    } else await gone;
  }
}
