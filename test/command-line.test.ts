import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeJwt } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateSshd } from "./generate/sshd.ts";

const command = join(import.meta.dirname, "../src/vigil.js");
let dataDir: string;
let port: number;
let running: ChildProcess | undefined;
const environment = (extra: Record<string, string> = {}) => {
  const { DATABASE_URL, REDIS_URL, VIGIL_OWNER_DATABASE_URL, ...rest } = process.env;
  return { ...rest, VIGIL_DATA_DIR: dataDir, PORT: String(port), ...extra };
};

/** Runs a command to its end. */
function vigil(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [command, ...args], { env: environment() });
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk) => {
    out += chunk;
  });
  child.stderr.on("data", (chunk) => {
    err += chunk;
  });
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, out: out.trim(), err: err.trim() })));
}

/** Starts the server and waits for the line that says where it is; gives what it printed. */
async function start(extra: Record<string, string> = {}): Promise<string> {
  const env = environment(extra);
  const child = spawn(process.execPath, [command, "start"], { env, stdio: ["ignore", "pipe", "pipe"] });
  running = child;
  let text = "";
  child.stderr.on("data", (chunk) => {
    text += chunk;
  });
  return new Promise((resolve, reject) => {
    child.stdout.on("data", (chunk) => {
      text += chunk;
      if (/is running[^\n]*\n/.test(text)) setImmediate(() => resolve(text));
    });
    child.on("exit", (code) => reject(new Error(`ended with ${code}: ${text}`)));
  });
}

function end(signal: NodeJS.Signals): Promise<number | null> {
  const child = running;
  running = undefined;
  return new Promise((resolve) => {
    child?.removeAllListeners("exit").on("exit", (code) => resolve(code));
    child?.kill(signal);
  });
}

function postgresAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
const postmaster = async () =>
  Number((await readFile(join(dataDir, "postgres/postmaster.pid"), "utf8")).split("\n")[0]);

async function incidents(token: string): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${port}/graphql`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json", connection: "close" },
    body: JSON.stringify({ query: "{ incidents { totalCount } }" }),
  });
  return ((await answer.json()) as { data: { incidents: { totalCount: number } } }).data.incidents.totalCount;
}

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "vigil-command-"));
  port = await new Promise<number>((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
});
afterAll(async () => {
  if (running) await end("SIGTERM");
  await rm(dataDir, { recursive: true, force: true });
});

describe("the command line", () => {
  let token: string;
  let found: number;

  it("starts with nothing set up, and prints where it is and a sign-in link that works once", async () => {
    const printed = await start();
    expect(printed).toMatch(/^Making the database in \S+, once/); // not a word would look as if nothing went on
    expect(printed).toContain(`http://127.0.0.1:${port}/graphql`);
    const link = /http\S+\/sign-in\?token=\S+/.exec(printed)?.[0] as string;
    const first = await fetch(link, { redirect: "manual" });
    expect(first.status).toBe(303);
    const cookie = first.headers.get("set-cookie") ?? "";
    expect(cookie).toMatch(/^vigil_session=.*HttpOnly.*SameSite=Strict/i);
    const answer = await fetch(`http://127.0.0.1:${port}/graphql`, {
      method: "POST",
      headers: { cookie: cookie.split(";")[0] as string, "content-type": "application/json" },
      body: JSON.stringify({ query: "{ viewer { name role } }" }),
    });
    expect(await answer.json()).toMatchObject({ data: { viewer: { name: "admin@demo.example", role: "ADMIN" } } });
    expect((await fetch(link, { redirect: "manual" })).status).toBe(401);
  });

  it("prints further sign-in links for a user, and says who is none", async () => {
    const link = (await vigil("sign-in", "--org", "demo", "--user", "Admin@demo.example")).out;
    expect(link).toMatch(new RegExp(`^http://127.0.0.1:${port}/sign-in\\?token=vigil_signin_\\w+$`));
    expect((await fetch(link, { redirect: "manual" })).status).toBe(303);
    const none = await vigil("sign-in", "--org", "demo", "--user", "nobody@demo.example");
    expect([none.code, none.out]).toEqual([1, ""]);
    expect(none.err).toContain("There is no user nobody@demo.example");
    // A narrower token leaves the user's role as it is. The audit log knows them by one spelling.
    const narrower = (await vigil("token", "--role", "VIEWER", "--user", "Admin@demo.example")).out;
    expect(decodeJwt(narrower).name).toBe("admin@demo.example");
    const reset = await vigil("second-factor-reset", "--user", "admin@demo.example");
    expect([reset.code, reset.out]).toEqual([0, ""]);
    const admin = (await vigil("token", "--role", "ADMIN")).out;
    const answer = await fetch(`http://127.0.0.1:${port}/graphql`, {
      method: "POST",
      headers: { authorization: `Bearer ${admin}`, "content-type": "application/json" },
      body: JSON.stringify({ query: "{ users(first: 5) { nodes { email name role } } }" }),
    });
    const first = { email: "admin@demo.example", name: "First administrator", role: "ADMIN" };
    expect(await answer.json()).toMatchObject({ data: { users: { nodes: [first] } } });
  }, 120_000);

  it("says in words that a file is not there", async () => {
    const fault = { code: 1, out: "", err: "There is no file or folder nowhere.yml" };
    expect(await vigil("rules", "check", "nowhere.yml")).toEqual(fault);
    expect(await vigil("import", "nowhere.yml", "--format", "sshd", "--org", "demo")).toEqual(fault);
  });

  it("prints the version that the API tells, too", async () => {
    const { version } = JSON.parse(await readFile(join(import.meta.dirname, "../package.json"), "utf8"));
    expect(await vigil("--version")).toEqual({ code: 0, out: version, err: "" });
  });

  it("comes to its end where whoever reads along has gone, and says so in words", async () => {
    const rule = join(import.meta.dirname, "../src/detect/rules/web/sensitive-file-served.yml");
    const child = spawn(process.execPath, [command, "rules", "check", rule], { env: environment() });
    child.stdout.destroy();
    let err = "";
    child.stderr.on("data", (chunk) => {
      err += chunk;
    });
    const code = await new Promise((resolve) => child.on("close", resolve));
    expect([code, err]).toEqual([1, "The output cannot be written: write EPIPE\n"]);
  });

  it("prints a token and nothing else, and imports a log whose repetition adds nothing", async () => {
    token = (await vigil("token", "--org", "demo", "--role", "ADMIN")).out;
    expect(token).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
    const file = join(dataDir, "auth.log");
    const lines = [...generateSshd({ seed: 3, lines: 3_000, start: Date.now() - 3_600_000 })];
    await writeFile(file, lines.join("\n"));
    expect((await vigil("import", file, "--format", "sshd")).out).toMatch(
      /^3000 lines: [1-9]\d* events, 0 known before/,
    );
    found = await incidents(token);
    expect(found).toBeGreaterThan(0);
    expect((await vigil("import", file, "--format", "sshd")).out).toMatch(
      /^3000 lines: 0 events, [1-9]\d* known before/,
    );
    expect(await incidents(token)).toBe(found);
    await writeFile(
      file,
      [...lines, "Nov 24 10:00:00 host sshd[1]: Accepted publickey for ann from 192.0.2.1 port 22 ssh2"].join("\n"),
    );
    expect((await vigil("import", file, "--format", "sshd")).out).toMatch(/^3001 lines: 1 events/);
  }, 120_000);

  it("says that it is running already, and how to stop it", async () => {
    const { code, err } = await vigil("start");
    expect(code).toBe(1);
    expect(err).toContain(`http://127.0.0.1:${port}`);
    expect(err).toContain(`kill ${running?.pid}`);
  });

  it("recovers from being killed, with everything kept, and tells of a setting that is misspelt", async () => {
    const orphan = await postmaster();
    await end("SIGKILL");
    expect(postgresAlive(orphan)).toBe(true);
    expect(await start({ VIGIL_TRUSTED_PROXY: "10.0.0.0/8" })).toMatch(/VIGIL_TRUSTED_PROXY\b.*VIGIL_TRUSTED_PROXIES/);
    expect(await incidents(token)).toBe(found);
  });

  it("ends on SIGTERM within ten seconds and leaves no process behind", async () => {
    const pid = await postmaster();
    const began = Date.now();
    expect(await end("SIGTERM")).toBe(0);
    expect(Date.now() - began).toBeLessThan(10_000);
    expect(postgresAlive(pid)).toBe(false);
  });

  it.each([["start"], ["token", "--org", "demo", "--role", "ADMIN"], ["doctor"]])(
    "leaves no PostgreSQL behind where it is told to stop before it has begun: %s",
    async (...args) => {
      const child = spawn(process.execPath, [command, ...args], { env: environment(), stdio: "ignore" });
      const ended = new Promise<number | null>((resolve) => child.on("exit", resolve));
      let pid = 0;
      const isThere = async (): Promise<boolean> => {
        pid = await postmaster().catch(() => 0);
        return pid > 0 && postgresAlive(pid);
      };
      await expect.poll(isThere, { timeout: 60_000 }).toBe(true);
      child.kill("SIGINT");
      const code = await ended; // null where the signal ended it
      if (args[0] === "start") expect(code).toBe(0);
      else expect([130, 0, 1]).toContain(code); // a command may have come to its own end before the signal came
      expect(postgresAlive(pid)).toBe(false);
    },
    120_000,
  );

  it("names a port that is taken", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(port, "127.0.0.1", resolve));
    const child = spawn(process.execPath, [command, "start"], { env: environment() });
    let err = "";
    child.stderr.on("data", (chunk) => {
      err += chunk;
    });
    const code = await new Promise((resolve) => child.on("exit", resolve));
    other.close();
    expect(code).toBe(1);
    expect(err).toContain(`Port ${port} on 127.0.0.1 is in use`);
  });

  it("makes no installation where there is none, by a command that looks at one", async () => {
    const before = dataDir;
    dataDir = join(before, "nowhere");
    try {
      for (const args of [["audit", "verify"], ["restored"], ["org", "create", "clinic"]]) {
        const { code, err } = await vigil(...args);
        expect([code, err]).toEqual([1, expect.stringContaining("holds no installation")]);
      }
    } finally {
      dataDir = before;
    }
  });

  it("lists every fault of the configuration", () => {
    const { status, stderr } = spawnSync(process.execPath, [command, "start"], {
      env: environment({ PORT: "http", LOG_LEVEL: "loud" }),
      encoding: "utf8",
    });
    expect(status).toBe(1);
    expect(stderr).toMatch(/2 fault.*PORT.*LOG_LEVEL/s);
  });
});
