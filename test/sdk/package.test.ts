import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { freePort } from "../../src/embedded/free-port.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../..");
let project: string;

/** An application of somebody else's, with the SDK as npm would put it there. */
beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), "vigil-consumer-"));
  for (const folder of ["node_modules/@types", "node_modules/vigil"])
    await mkdir(join(project, folder), { recursive: true });
  await run(process.execPath, [join(root, "src/build-sdk.js"), join(project, "built")]);
  const { stdout } = await run("npm", ["pack", "--silent", "--pack-destination", project], {
    cwd: join(project, "built"),
  });
  const unpack = ["-xzf", stdout.trim(), "-C", "node_modules/vigil", "--strip-components=1"];
  await run("tar", unpack, { cwd: project });
  for (const name of ["@types/node", "express"])
    await symlink(join(root, "node_modules", name), join(project, "node_modules", name));
});
afterAll(() => rm(project, { recursive: true, force: true }));

const program = `
const server = createServer(vigil.http((request, response) => response.end("hello")));
server.listen(0, "127.0.0.1", async () => {
  console.log(await (await fetch("http://127.0.0.1:" + server.address().port)).text(), vigil.status().buffered >= 0);
  server.close();
  server.closeAllConnections();
});`;
const options = '{ url: "http://127.0.0.1:9", apiKey: "key" }';

describe("vigil/sdk as it is published", () => {
  it.each([
    ["import", "app.mjs", 'import { createServer } from "node:http"; import { monitorSecurity } from "vigil/sdk";'],
    [
      "require",
      "app.cjs",
      'const { createServer } = require("node:http"); const { monitorSecurity } = require("vigil/sdk");',
    ],
  ])("is loaded by %s, serves, and lets the process end", async (_how, file, head) => {
    await writeFile(join(project, file), `${head}\nconst vigil = monitorSecurity(${options});${program}`);
    const { stdout } = await run(process.execPath, [file], { cwd: project, timeout: 20_000 });
    expect(stdout).toBe("hello true\n");
  });

  it("runs the README's example as it stands, which ends in order when it is told to", async () => {
    const readme = await readFile(join(root, "README.md"), "utf8");
    const [, example] = /```js\n(import express from "express";\n[^`]*vigil\/sdk[^`]*)```/.exec(readme) ?? [];
    await writeFile(join(project, "readme.mjs"), example as string);
    const port = await freePort();
    const env = { ...process.env, VIGIL_KEY: "key", PORT: String(port) };
    const app = spawn(process.execPath, ["readme.mjs"], { cwd: project, env, stdio: ["ignore", "inherit", "inherit"] });
    const ended = once(app, "exit");
    const signIn = () => fetch(`http://127.0.0.1:${port}/sign-in`, { method: "POST" });
    await vi.waitFor(async () => expect((await signIn()).status).toBe(401), 20_000);
    app.kill("SIGTERM");
    expect(await ended).toEqual([0, null]);
  });

  it("has types for programs of both kinds, and depends on nothing", async () => {
    const text = `import { createServer, type IncomingMessage } from "node:http";
import { monitorSecurity, type SecurityMonitor } from "vigil/sdk";
const vigil: SecurityMonitor = monitorSecurity({ url: "http://x", apiKey: "k", identify: (request: IncomingMessage) => request.headers["x-user"]?.toString() });
createServer(vigil.http((request, response) => { vigil.loginFailed(request, "ann"); response.end(); }));
// @ts-expect-error: an option that there is not
monitorSecurity({ url: "http://x", apiKey: "k", speed: 9 });
`;
    for (const file of ["app.mts", "app.cts"]) await writeFile(join(project, file), text);
    const flags = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2023", "--types", "node"];
    await run(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), ...flags, "app.mts", "app.cts"], {
      cwd: project,
    }).catch((error: { stdout: string }) => expect(error.stdout).toBe(""));
    const manifest = JSON.parse(await readFile(join(project, "node_modules/vigil/package.json"), "utf8"));
    expect(Object.keys(manifest).filter((key) => /dependencies/i.test(key))).toEqual([]);
    const own = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
    expect(await readFile(join(root, "src/sdk/follow.ts"), "utf8")).toContain(`vigil-sdk/${own.version}`);
    const bundle = await readFile(join(project, "node_modules/vigil/esm/index.js"), "utf8");
    const imported = [...bundle.matchAll(/^import .* from "(.+)";$/gm)].map(([, name]) => name);
    expect(imported.filter((name) => !name?.startsWith("node:"))).toEqual([]);
  }, 120_000); // the compiler on a busy machine
});
