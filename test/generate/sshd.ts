import { Readable } from "node:stream";
import { pick, seededRandom } from "./random.ts";

export interface SshdTraffic {
  seed: number;
  /** How many lines to write. */
  lines: number;
  /** Epoch ms of the first line; the clock of the log is UTC. */
  start: number;
}

const host = "clinic-gw";
const staff = ["ana", "bruno", "chloe", "deniz", "deploy"];
const guesses = ["root", "admin", "test", "oracle", "postgres", "ubuntu", "git", "pi", "user", "ftp"];
const offices = ["10.20.0.14", "10.20.0.31", "192.0.2.77", "2001:db8:51::9"];
const scanners = ["203.0.113.9", "198.51.100.23", "203.0.113.140", "2001:db8:bad::2"];
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** An auth.log: log-ins and sessions of the staff, slips of the finger, scanners, and runs of password guessing. */
export function* generateSshd({ seed, lines, start }: SshdTraffic): Iterable<string> {
  const random = seededRandom(seed);
  let time = start;
  let pid = 1_000;
  let written = 0;
  while (written < lines) {
    time += random() * 60_000;
    const scene = pick(random, scenes);
    for (const [program, message, pause] of scene(random)) {
      if (written++ >= lines) return;
      time += pause * 1_000;
      yield `${stamp(time)} ${host} ${program}[${pid}]: ${message}`;
    }
    pid = pid >= 60_000 ? 1_000 : pid + 1 + Math.floor(random() * 9);
  }
}

/** Program, message, seconds after the line before. */
type Line = [program: string, message: string, pause: number];
type Scene = (random: () => number) => Line[];

const logIn: Scene = (random) => {
  const [user, from, port] = [pick(random, staff), pick(random, offices), portOf(random)];
  const key = "ED25519 SHA256:c2VlZGVkLWtleS1vZi10aGUtZ2VuZXJhdG9yLTAwMDE";
  return [
    ["sshd", `Accepted publickey for ${user} from ${from} port ${port} ssh2: ${key}`, 0],
    ["sshd", `pam_unix(sshd:session): session opened for user ${user}(uid=1001) by (uid=0)`, 0],
    ["sshd", `Disconnected from user ${user} ${from} port ${port}`, 1 + random() * 30],
    ["sshd", `pam_unix(sshd:session): session closed for user ${user}`, 0],
  ];
};

const slip: Scene = (random) => {
  const [user, from, port] = [pick(random, staff), pick(random, offices), portOf(random)];
  return [
    ["sshd", pamFailure(from, user), 0],
    ["sshd", `Failed password for ${user} from ${from} port ${port} ssh2`, 2],
    ["sshd", `Accepted password for ${user} from ${from} port ${port} ssh2`, 4],
  ];
};

const cron: Scene = () => [["CRON", "pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)", 0]];

const scan: Scene = (random) => {
  const [from, port] = [pick(random, scanners), portOf(random)];
  return [["sshd", `banner exchange: Connection from ${from} port ${port}: invalid format`, 0]];
};

const bruteForce: Scene = (random) => {
  const from = pick(random, scanners);
  const lines: Line[] = [];
  const tries = 5 + Math.floor(random() * 15);
  for (let i = 0; i < tries; i++) {
    const [user, port] = [pick(random, guesses), portOf(random)];
    if (user === "root") lines.push(["sshd", `Failed password for root from ${from} port ${port} ssh2`, 1]);
    else {
      lines.push(["sshd", `Invalid user ${user} from ${from} port ${port}`, 1]);
      lines.push(["sshd", `Failed password for invalid user ${user} from ${from} port ${port} ssh2`, 1]);
    }
  }
  lines.push(["sshd", `Connection closed by ${from} port ${portOf(random)} [preauth]`, 1]);
  return lines;
};

const scenes: readonly Scene[] = [logIn, logIn, logIn, logIn, slip, cron, cron, scan, bruteForce];

function pamFailure(from: string, user: string): string {
  return `pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=${from}  user=${user}`;
}

function portOf(random: () => number): number {
  return 1_024 + Math.floor(random() * 64_000);
}

function stamp(time: number): string {
  const at = new Date(time);
  return `${months[at.getUTCMonth()]} ${String(at.getUTCDate()).padStart(2)} ${at.toISOString().slice(11, 19)}`;
}

/** Lines as a stream of text, some 64 KiB at a time. */
export function textOf(lines: Iterable<string>): Readable {
  return Readable.from(
    (function* () {
      let text = "";
      for (const line of lines) {
        text += `${line}\n`;
        if (text.length < 65_536) continue;
        yield text;
        text = "";
      }
      yield text;
    })(),
  );
}
