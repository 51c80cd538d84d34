import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bounds } from "../../src/retention/policy.ts";
import { type TestServer, testServer } from "../support/server.ts";

const root = join(import.meta.dirname, "../..");
const page = await readFile(join(root, "docs/hipaa.md"), "utf8");
const block = (name: string): string => new RegExp(`^\`\`\`sh ${name}\n(.*?)^\`\`\`$`, "ms").exec(page)?.[1] ?? "";
const evidence = block("evidence").split("\n").slice(0, -1);
const rows =
  page
    .split("\n## Retention")[0]
    ?.split("\n")
    .filter((line) => line.startsWith("| 164.")) ?? [];

let server: TestServer;
let directory: string;
let token: string | undefined;
/** Erasing waits for running servers: it is begun before the lines above it, and touches nothing of theirs. */
const drill = evidence.find((line) => line.includes("org erase")) ?? "";
let drilled: ReturnType<typeof run>;
beforeAll(async () => {
  server = await testServer({});
  directory = await mkdtemp(join(tmpdir(), "vigil-evidence-"));
  token = (await run('printf %s "$TOKEN"')).out; // as the page sets it up, once for all lines: npx finds the command
  drilled = run(drill);
});
afterAll(async () => {
  await drilled;
  await server?.close();
  await rm(directory, { recursive: true, force: true });
});

function run(line: string): Promise<{ code: number | null; out: string; err: string }> {
  const env = {
    ...process.env,
    VIGIL_URL: server.url,
    DATABASE_URL: server.database.serverUrl,
    VIGIL_OWNER_DATABASE_URL: server.database.ownerUrl,
    VIGIL_DATA_DIR: server.dataDir,
    EVIDENCE: directory,
    ...(token ? { TOKEN: token } : {}),
  };
  const script = line.replaceAll("npx vigil", `"${process.execPath}" "${root}/src/vigil.js"`); // what npx finds
  const child = spawn("bash", ["-e", "-c", `${block("setup")}\n${script}`], { cwd: root, env });
  const text = { out: "", err: "" };
  child.stdout.on("data", (chunk) => {
    text.out += chunk;
  });
  child.stderr.on("data", (chunk) => {
    text.err += chunk;
  });
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, ...text })));
}

describe("the HIPAA page", () => {
  it("has evidence for every row that is here, and none for what is only planned", () => {
    expect(rows.length).toBeGreaterThan(15);
    for (const row of rows) {
      const [safeguard, , state = "", proof = ""] = row
        .split("|")
        .slice(1)
        .map((cell) => cell.trim());
      expect([safeguard, state.split(":")[0]]).toEqual([
        safeguard,
        expect.stringMatching(/^(Here|Partly|Planned|Yours)$/),
      ]);
      const names = proof.match(/E\d+/g) ?? [];
      expect([safeguard, names.length > 0]).toEqual([safeguard, /^(Here|Partly)/.test(state)]);
      for (const name of names)
        expect([name, evidence.some((line) => line.endsWith(`# ${name}`))]).toEqual([name, true]);
    }
  });

  it("tells the retention that holds", () => {
    for (const [name, { default: days, minimum }] of Object.entries(bounds)) {
      const number = (value: number) => value.toLocaleString("en");
      expect(page).toMatch(
        new RegExp(`^\\| ${name} +\\| ${number(days)} days +\\| ${number(minimum)} days or more`, "m"),
      );
    }
  });

  it.each(evidence)(
    "shows what it says: %s",
    async (line) => {
      const { code, out, err } = await (line === drill ? drilled : run(line));
      expect([code, code === 0 ? "" : err]).toEqual([0, ""]);
      expect(out).not.toMatch(/"errors":|"userErrors":\[\{/);
      if (line.startsWith("ask")) expect(JSON.parse(out).data).toBeTruthy();
    },
    60_000,
  );
});
