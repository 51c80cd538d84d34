/**
 * Two others that read sshd logs, from Debian's packages, for this bench alone. Each answers with its lines a second from
 * its first line to its last, without the time that it takes to start; and throws unless it found what is in the file.
 */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { freePort } from "../src/embedded/free-port.ts";

/** Lines a second of a file. */
export type Peer = (file: string) => Promise<number>;

const run = promisify(execFile);
const longestRun = 120_000; // ms

/**
 * fail2ban-regex with the stock filter of sshd: it only parses. As the server does, it stops at the first expression that
 * matches, and it asks no DNS. How long it took is what it says itself.
 */
export function fail2ban(): Peer | undefined {
  if (!isOnPath("fail2ban-regex")) return missing("fail2ban");
  const flags = ["--no-check-all", "--usedns=no", "--print-no-missed", "--print-no-ignored"];
  return async (file) => {
    const { lines, failures } = await contentOf(file);
    const { stdout } = await run("fail2ban-regex", [...flags, file, "sshd"]);
    const [, read, matched] = (/^Lines: (\d+) lines, \d+ ignored, (\d+) matched/m.exec(stdout) ?? []).map(Number);
    const seconds = Number(/^\[processed in ([\d.]+) sec\]/m.exec(stdout)?.[1]);
    // It also matches the end of a connection that failed before.
    const isRight = read === lines && matched !== undefined && matched >= failures && matched <= 1.1 * failures;
    if (!isRight || !(seconds > 0)) throw new Error(`fail2ban-regex did not match the failures:\n${stdout}`);
    return lines / seconds;
  };
}

/**
 * CrowdSec, replaying the file with what its collection for Linux has: the parsers of syslog, of times and of sshd, and the
 * scenarios of fast and of slow guessing. As it does not go without one, it has a local API that keeps its alerts in SQLite.
 * Left out is what needs a network or a database of its own: the central API, places and networks of addresses. Where it
 * is not installed, Debian's package is unpacked into the directory, as its installation asks for a network.
 */
export async function crowdsec(directory: string): Promise<Peer | undefined> {
  const root = isOnPath("crowdsec") ? "/" : await unpack("crowdsec", join(directory, "crowdsec-package"));
  if (!root) return missing("crowdsec");
  const home = join(directory, "crowdsec");
  const config = await configure(root, home);
  return async (file) => {
    const { bursts, lines } = await contentOf(file);
    await rm(join(home, "data"), { recursive: true, force: true });
    await mkdir(join(home, "data"));
    const account = ["machines", "add", "bench", "--auto", "--force", "--file", join(home, "account.yaml")];
    await run(join(root, "usr/bin/cscli"), ["-c", config, ...account]);
    const { seconds, alerts, said } = await replay(join(root, "usr/bin/crowdsec"), config, file);
    if (!(seconds > 0) || alerts < bursts / 2) throw new Error(`CrowdSec gave ${alerts} alerts of ${bursts}:\n${said}`);
    return lines / seconds;
  };
}

/** From the start of its reading to the end: after that it only waits, for 2 s, before it stops. */
async function replay(program: string, config: string, file: string) {
  const words = ["-c", config, "-dsn", `file://${file}`, "-type", "syslog"];
  const child = spawn(program, words, { stdio: ["ignore", "ignore", "pipe"], timeout: longestRun });
  const exit = once(child, "exit");
  const said: string[] = [];
  let [began, ended, alerts] = [Number.NaN, Number.NaN, 0];
  for await (const line of createInterface({ input: child.stderr })) {
    if (line.includes("Starting processing data")) began = performance.now();
    else if (line.includes("Acquisition is finished")) ended = performance.now();
    else if (line.includes("performed 'crowdsecurity/ssh-bf'")) alerts++;
    else said.push(line);
  }
  const [code] = await exit;
  if (code !== 0) throw new Error(`CrowdSec ended with ${code}:\n${said.slice(-20).join("\n")}`);
  return { seconds: (ended - began) / 1_000, alerts, said: said.slice(-20).join("\n") };
}

/** Its configuration in a directory of its own: what is enabled there is linked, as its installation does. */
async function configure(root: string, home: string): Promise<string> {
  const hub = join(root, "usr/share/crowdsec/hub");
  const enabled = {
    "parsers/s00-raw": ["syslog-logs"],
    "parsers/s01-parse": ["sshd-logs"],
    "parsers/s02-enrich": ["dateparse-enrich"],
    scenarios: ["ssh-bf", "ssh-slow-bf"],
  };
  for (const [kind, names] of Object.entries(enabled)) {
    await mkdir(join(home, kind), { recursive: true });
    for (const name of names)
      await symlink(join(hub, kind, "crowdsecurity", `${name}.yaml`), join(home, kind, `${name}.yaml`));
  }
  await symlink(join(root, "etc/crowdsec/patterns"), join(home, "patterns"));
  await writeFile(join(home, "simulation.yaml"), "simulation: off\n");
  const settings = {
    common: { daemonize: false, log_media: "stdout", log_level: "info", log_dir: home, working_dir: home },
    config_paths: {
      config_dir: home,
      data_dir: join(home, "data"),
      simulation_path: join(home, "simulation.yaml"),
      hub_dir: hub,
      index_path: join(hub, ".index.json"),
      notification_dir: join(home, "notifications"),
      plugin_dir: join(home, "plugins"),
    },
    crowdsec_service: { parser_routines: 1 }, // as it comes
    db_config: { type: "sqlite", db_path: join(home, "data/crowdsec.db"), use_wal: true },
    prometheus: { enabled: false },
    api: {
      client: { credentials_path: join(home, "account.yaml") },
      server: { listen_uri: `127.0.0.1:${await freePort()}`, profiles_path: join(root, "etc/crowdsec/profiles.yaml") },
    },
  };
  await writeFile(join(home, "account.yaml"), "");
  await writeFile(join(home, "config.yaml"), JSON.stringify(settings)); // JSON is YAML
  return join(home, "config.yaml");
}

/** Downloads Debian's package and unpacks it; nothing where that cannot be done. */
async function unpack(name: string, directory: string): Promise<string | undefined> {
  await mkdir(directory);
  try {
    await run("apt-get", ["download", name], { cwd: directory });
    const [file] = await readdir(directory);
    await run("dpkg", ["-x", join(directory, file as string), join(directory, "root")]);
    return join(directory, "root");
  } catch {
    return undefined;
  }
}

/** What is in a log of the generator: a burst of guesses ends with a connection closed before the log-in. */
async function contentOf(file: string): Promise<{ lines: number; failures: number; bursts: number }> {
  const text = await readFile(file, "utf8");
  const count = (pattern: RegExp): number => text.match(pattern)?.length ?? 0;
  return {
    lines: count(/\n/g),
    failures: count(/: (?:Failed password|Invalid user) /g),
    bursts: count(/\[preauth\]/g),
  };
}

function isOnPath(command: string): boolean {
  return (process.env.PATH ?? "").split(":").some((directory) => existsSync(join(directory, command)));
}

function missing(name: string): undefined {
  console.error(`import: measured without ${name}, which is not installed: apt-get install ${name}`);
}
