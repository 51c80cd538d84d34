import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
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
  await run(process.execPath, [join(root, "src/build/sdk.js"), join(project, "built")]);
  const { stdout } = await run("npm", ["pack", "--silent", "--pack-destination", project], {
    cwd: join(project, "built"),
  });
  const unpack = ["-xzf", stdout.trim(), "-C", "node_modules/vigil", "--strip-components=1"];
  await run("tar", unpack, { cwd: project });
  for (const name of ["@types/node", "@types/react", "csstype", "express", "react", "react-dom", "scheduler", "ws"])
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

  // Beside each other: most of it is what they wait for when they end.
  it.concurrent.each([
    ["README.md", "readme.mjs"],
    ["docs/integrate.md", "integrate.mjs"],
  ])(
    "runs the example of %s as it stands, which ends in order when it is told to",
    async (path, file) => {
      const page = await readFile(join(root, path), "utf8");
      const [, example] = /```js\n(import express from "express";\n[^`]*vigil\/sdk[^`]*)```/.exec(page) ?? [];
      await writeFile(join(project, file), example as string);
      const port = await freePort();
      const env = { ...process.env, VIGIL_KEY: "key", PORT: String(port) };
      const app = spawn(process.execPath, [file], { cwd: project, env, stdio: ["ignore", "inherit", "ignore"] });
      const ended = once(app, "exit");
      const signIn = () => fetch(`http://127.0.0.1:${port}/sign-in`, { method: "POST" });
      await vi.waitFor(async () => expect((await signIn()).status).toBe(401), 20_000);
      app.kill("SIGTERM");
      expect(await ended).toEqual([0, null]);
    },
    30_000,
  );

  it("brings a client that both kinds of programs load, which renders before anything has come", async () => {
    const body = `
const client = createClient({ url: "http://127.0.0.1:9", token: "t", webSocket: WebSocket, retry: { attempts: 1 } });
const Number = () => React.createElement("b", null, useLatest(client, "subscription { realtimeMetrics { openIncidents } }", {}).state);
console.log(renderToString(React.createElement(Number)));
const document = { kind: "Document", definitions: [{ kind: "OperationDefinition", operation: "query", selectionSet: {
  kind: "SelectionSet", selections: [{ kind: "Field", name: { kind: "Name", value: "viewer" } }] } }] };
client.query(document).catch((error) => console.log(error instanceof VigilError, error.code));`;
    const from = [
      ["React", "react"],
      ["{ WebSocket }", "ws"],
      ["{ renderToString }", "react-dom/server"],
      ["{ createClient, VigilError }", "vigil/client"],
      ["{ useLatest }", "vigil/client/react"],
    ];
    const imports = from.map(([what, name]) => `import ${what} from "${name}";`).join("\n");
    const requires = from.map(([what, name]) => `const ${what} = require("${name}");`).join("\n");
    for (const [file, head] of [
      ["client.mjs", imports],
      ["client.cjs", requires],
    ] as const) {
      await writeFile(join(project, file), head + body);
      const { stdout } = await run(process.execPath, [file], { cwd: project, timeout: 20_000 });
      expect(stdout).toBe("<b>connecting</b>\ntrue NETWORK\n");
    }
    const bundle = await readFile(join(project, "node_modules/vigil/esm/client/index.js"), "utf8");
    expect(bundle).not.toMatch(/^import |\brequire\(|\bprocess\.|\bBuffer\b/m);
  });

  it("gives types to operations of one's own, by the codegen.ts of docs/client.md, and compiles its program", async () => {
    const page = await readFile(join(root, "docs/client.md"), "utf8");
    const [config = "", program = ""] = [...page.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, text]) => text);
    const own = join(project, "own");
    await mkdir(join(own, "src"), { recursive: true });
    await symlink(join(root, "node_modules/@graphql-codegen"), join(project, "node_modules/@graphql-codegen"));
    await symlink(
      join(root, "node_modules/@graphql-typed-document-node"),
      join(project, "node_modules/@graphql-typed-document-node"),
    );
    const schema = JSON.stringify(join(root, "schema.graphql")); // for that of a server that runs
    await writeFile(join(own, "codegen.ts"), config.replace(/\[\{ "http:.*\}\],/, `${schema},`));
    await writeFile(join(own, "package.json"), '{ "type": "module" }');
    const wrong = "// @ts-expect-error: a variable that is missing\nawait client.query(openIncidents);\n";
    await writeFile(join(own, "src/open.ts"), `${program}${wrong}`);
    const started = (bin: string, ...flags: string[]) =>
      run(process.execPath, [join(root, "node_modules", bin), ...flags], { cwd: own }).catch(
        (error: { stdout: string; stderr: string }) => expect(error.stdout + error.stderr).toBe(""),
      );
    await started(".bin/graphql-codegen", "--config", "codegen.ts", "--silent");
    expect(await readdir(join(own, "src/generated"))).toContain("gql.ts");
    const flags = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2022", "--types", "node"];
    await started("typescript/bin/tsc", ...flags, "src/open.ts");
  }, 120_000);

  it("has types for programs of both kinds, and depends on nothing", async () => {
    const text = `import { createServer, type IncomingMessage } from "node:http";
import { monitorSecurity, type SecurityMonitor } from "vigil/sdk";
const vigil: SecurityMonitor = monitorSecurity({ url: "http://x", apiKey: "k", identify: (request: IncomingMessage) => request.headers["x-user"]?.toString() });
createServer(vigil.http((request, response) => { vigil.loginFailed(request, "ann"); response.end(); }));
// @ts-expect-error: an option that there is not
monitorSecurity({ url: "http://x", apiKey: "k", speed: 9 });
`;
    for (const file of ["app.mts", "app.cts"]) await writeFile(join(project, file), text);
    const client = `import { createClient, VigilError, type VigilClient } from "vigil/client";
import { useLive, type Live } from "vigil/client/react";
class Text<Result, Variables> extends String { __apiType?: (variables: Variables) => Result }
const query = new Text<{ incident: { id: string } | null }, { number: number }>("…");
const events = new Text<{ incidentEvents: { cursor: string; kind: string } }, { after?: string | null }>("…");
const client: VigilClient = createClient({ url: "http://x", token: async () => "t" });
export async function main(): Promise<string | undefined> {
  for await (const event of client.follow(events, {}, { snapshot: () => client.query(query, { number: 1 }) })) {
    if (event.type === "snapshot") return event.data.incident?.id;
    if (event.type === "change") return event.data.incidentEvents.kind;
  }
  // @ts-expect-error: a variable that is missing
  await client.query(query);
  // @ts-expect-error: a field that there is not
  return (await client.query(query, { number: 1 })).incidents;
}
export const shown = (): Live<number> => useLive(client, events, {}, { initial: 0, reduce: (count, event) => count + (event.type === "change" ? 1 : 0) });
export const isBusy = (error: unknown): boolean => error instanceof VigilError && error.code === "RATE_LIMITED";
`;
    for (const file of ["client.mts", "client.cts"]) await writeFile(join(project, file), client);
    const flags = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2023", "--lib", "es2023,dom"];
    flags.push("--types", "node,react");
    const programs = ["app.mts", "app.cts", "client.mts", "client.cts"];
    await run(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), ...flags, ...programs], {
      cwd: project,
    }).catch((error: { stdout: string }) => expect(error.stdout).toBe(""));
    const manifest = JSON.parse(await readFile(join(project, "node_modules/vigil/package.json"), "utf8"));
    expect(manifest.dependencies).toBeUndefined();
    // All that is in it: no sources, no maps, nothing of the server; and small enough that nobody minds it.
    const files = await readdir(join(project, "node_modules/vigil"), { recursive: true, withFileTypes: true });
    const names = files.filter((file) => file.isFile()).map(({ name }) => name);
    expect(names.filter((name) => !/^(?:package\.json|CHANGELOG\.md|[\w-]+\.(?:js|d\.ts))$/.test(name))).toEqual([]);
    const sizes = await Promise.all(
      files
        .filter((file) => file.isFile() && file.name !== "CHANGELOG.md") // which grows with time, and is no program
        .map(({ parentPath, name }) => stat(join(parentPath, name))),
    );
    expect(sizes.reduce((sum, { size }) => sum + size, 0)).toBeLessThan(400_000); // bytes: both formats with types
    expect(manifest.peerDependenciesMeta).toEqual({ react: { optional: true } });
    const own = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
    expect(await readFile(join(root, "src/sdk/follow.ts"), "utf8")).toContain(`vigil-sdk/${own.version}`);
    const bundle = await readFile(join(project, "node_modules/vigil/esm/index.js"), "utf8");
    const imported = [...bundle.matchAll(/^import .* from "(.+)";$/gm)].map(([, name]) => name);
    expect(imported.filter((name) => !name?.startsWith("node:"))).toEqual([]);
  }, 120_000); // the compiler on a busy machine
});
