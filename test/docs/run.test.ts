/** Every command and operation of the README and of docs/ is run as it stands there, or is listed here with the reason why not. */
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { Kind, parse, print } from "graphql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rememberRunningServer } from "../../src/embedded/running.ts";
import { ask } from "../audit/asking.ts";
import { failedLogins, type TestServer, testServer } from "../support/server.ts";

const root = join(import.meta.dirname, "../..");
const paths = ["README.md", ...readdirSync(join(root, "docs")).map((name) => `docs/${name}`)].filter((path) =>
  path.endsWith(".md"),
);
const pages = paths.map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
const blocks = (language: string) =>
  pages.flatMap(({ path, text }) =>
    [...text.matchAll(new RegExp(`^( *)\`\`\`${language}\\n(.*?)^ *\`\`\`$`, "gms"))].map(
      ([, indent = "", body = ""]) => [path, body.replaceAll(new RegExp(`^${indent}`, "gm"), "")] as const,
    ),
  );

/** Commands that cannot run here; docs/hipaa.md's are run by hipaa.test.ts. */
const elsewhere: readonly [command: RegExp, reason: string][] = [
  [/^npm (ci|start|test)$/m, "installs this very directory, or runs these tests: .ci/run and command-line.test.ts do"],
  [/^docker compose /m, "needs Docker: deploy.test.ts judges what compose.yaml runs"],
  [/^sudo systemd-run /m, "needs systemd: it is the command after it that the units run, too"],
  [/^kubectl /m, "needs a cluster: deploy.test.ts judges the manifests"],
  [/^pg_dump |^psql |^pg_restore /m, "dumps a server's database and restores it: audit/dump.test.ts does"],
  [/^vigil backup /m, "backs up a data directory of its own: commands/backup.test.ts does, and restores it"],
  [/^npm run test:crash -- /m, "takes minutes: docs/faults.md has what a run of it said"],
  [/^npm run schema -- --release$/m, "writes into this directory: schema/breaking.test.ts judges what it compares"],
  [/^npm run build:sdk$/m, "writes into this directory: sdk/package.test.ts packs and installs what it builds"],
  [
    /npx graphql-codegen /m,
    "installs packages: sdk/package.test.ts runs the page's codegen.ts and compiles its program",
  ],
  [/^npm sbom /m, "lists what is installed here: .ci/run's bare clone has all of it, and this directory may not"],
  [/^npx vigil worker$/m, "goes on until it is stopped: redis.test.ts and crash/ start workers"],
];
const linesOf = (text: string): string[] => text.replaceAll(/^export /gm, "").split("\n");
/** What stands in several places is run once: where most stands with it. */
const shell = blocks("sh").filter(
  ([, text], place, all) =>
    !all.some(([, other], at) => {
      const isWithin = linesOf(text).every((line) => linesOf(other).includes(line));
      return at !== place && isWithin && (other.length > text.length || at < place);
    }),
);
const isElsewhere = (text: string): boolean => elsewhere.some(([command]) => command.test(text));

let server: TestServer;
let directory: string;
let incident: { id: string; number: number };
let rule: { id: string };
let sign: { id: string };

beforeAll(async () => {
  server = await testServer({});
  const rules = await ask(
    server,
    '{ alertRules(first: 1, filter: { reference: { eq: "password_spraying" } }) { nodes { id } } }',
  );
  const onTrial =
    "mutation ($id: ID!) { alertRuleUpdate(id: $id, input: { mode: MONITOR }) { userErrors { message } } }";
  await ask(server, onTrial, rules.data.alertRules.nodes[0]);
  await server.failLogins("ann", { times: 12, from: "203.0.113.7" });
  const spray = Array.from({ length: 10 }, (_, n) => failedLogins(`user-${n}`, 1, "203.0.113.9")).flat();
  await server.app.ingest(server.ours, spray);
  const found = await ask(server, "{ detections(first: 100) { nodes { id incident { id } } } }");
  sign = found.data.detections.nodes.find((one: { incident: object | null }) => one.incident === null);
  const { data } = await ask(server, "{ incidents(first: 1) { nodes { id number rule { id } } } }");
  [incident] = data.incidents.nodes;
  rule = data.incidents.nodes[0].rule;
  directory = await mkdtemp(join(tmpdir(), "vigil-docs-"));
  await mkdir(join(directory, "my-rules"));
  const [, example = ""] = blocks("yaml rule")[0] ?? [];
  const line = (of: object): string => `${JSON.stringify(of)}\n`;
  const record = { timeUnixNano: `${Date.now()}000000`, body: { stringValue: "a line" } };
  const files: Record<string, string | Buffer> = {
    "my-rules/export.yml": example,
    "auth.log": "Nov 28 03:10:00 web sshd[7]: Failed password for root from 203.0.113.7 port 5022 ssh2\n",
    "access.log": '203.0.113.7 - - [28/Nov/2026:03:10:00 +0000] "GET /patients/1 HTTP/1.1" 200 512 "-" "curl/8"\n',
    "cloudtrail.json.gz": gzipSync(JSON.stringify({ Records: [{ eventName: "ConsoleLogin", eventID: "c1" }] })),
    "okta.json": line({ eventType: "user.session.start", uuid: "o1" }),
    "otlp.jsonl": line({ resourceLogs: [{ scopeLogs: [{ logRecords: [record] }] }] }),
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
  await rememberRunningServer(directory, { pid: process.pid, url: server.url });
}, 120_000);
afterAll(async () => {
  await server?.close();
  await rm(directory, { recursive: true, force: true });
});

/** Of several imports the first goes into the database by itself; the others find a server that runs, and send to it. */
function besideServer(text: string): string {
  const [first, second] = text.match(/^npx vigil import .*$/gm) ?? [];
  if (!first || !second) return text;
  return `${text.replace(first, () => `${first}\ncp server.json "$VIGIL_DATA_DIR"`)}\nrm "$VIGIL_DATA_DIR/server.json"\n`;
}

/** As somebody types it in the directory of Vigil, but for where the server is and where their files are; to its end, or `until` it has said something. */
function run(text: string, until?: RegExp): Promise<{ code: number | null; out: string; err: string }> {
  const env = {
    ...process.env,
    DATABASE_URL: server.database.serverUrl,
    VIGIL_OWNER_DATABASE_URL: server.database.ownerUrl,
    VIGIL_DATA_DIR: server.dataDir,
  };
  const script = besideServer(text)
    .replaceAll("npx vigil", `"${process.execPath}" "${root}/src/vigil.js"`) // what npx finds: hipaa.test.ts lets it look
    .replaceAll("localhost:4000", new URL(server.url).host)
    .replaceAll("/var/log/auth.log", "auth.log");
  const child = spawn("bash", ["-e", "-o", "pipefail", "-c", script], { cwd: directory, env, detached: true });
  const told = { out: "", err: "" };
  child.stdout.on("data", (chunk) => {
    told.out += chunk;
    if (until?.test(told.out)) process.kill(-(child.pid as number)); // curl, too, which goes on for ever
  });
  child.stderr.on("data", (chunk) => {
    told.err += chunk;
  });
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, ...told })));
}

describe("the commands", () => {
  const here = shell.filter(([, text]) => !isElsewhere(text));

  it("that are not run are those that are listed, and each of those is there", () => {
    expect(here.length).toBeGreaterThan(6);
    for (const [command] of elsewhere)
      expect([command, shell.some(([, text]) => command.test(text))]).toEqual([command, true]);
    const mixed = shell.filter(([, text]) => isElsewhere(text)).flatMap(([, text]) => text.split("\n"));
    const ours = mixed.filter((line) => /^(npx )?vigil (?!worker)/.test(line)).map((line) => line.replace("npx ", ""));
    const runHere = here.map(([, text]) => text).join("\n");
    const hipaa = pages.find(({ path }) => path === "docs/hipaa.md")?.text ?? "";
    const ran = ["vigil restored", "vigil backup /backups/monday"]; // by what test/redis.test.ts and commands/backup.test.ts call
    const alone = ours.filter((line) => !runHere.includes(line) && !hipaa.includes(line) && !ran.includes(line));
    expect(alone).toEqual([]); // beside others, but run all the same
  });

  it.each(here.filter(([, text]) => !text.includes("curl -N")))(
    "%s: %s",
    async (_path, text) => {
      const { code, out, err } = await run(text);
      expect([code, code === 0 ? "" : err]).toEqual([0, ""]);
      expect(out).not.toMatch(/"error|[1-9]\d* rejected/);
      const sent = text.includes("seq 10") ? 10 : 1;
      if (text.includes("/ingest")) expect(JSON.parse(out)).toMatchObject({ accepted: sent, rejected: [] });
      for (const _import of text.matchAll(/npx vigil import/g))
        expect(out).toMatch(/lines: [1-9]\d* events|known before/);
    },
    120_000,
  );

  it.each(here.filter(([, text]) => text.includes("curl -N")))(
    "%s follows what happens: %s",
    async (_path, text) => {
      const event = /"incidentEvents":\{"cursor":".*"incident":\{"number":\d+,"title":"/;
      let out = "";
      const following = run(text, event).then((told) => {
        out = told.out;
      });
      // It is told of what comes after it began to follow, which may be after the first of these.
      for (let n = 0; out === ""; n++) {
        await server.failLogins(`user${n}`, { times: 10, from: `203.0.113.${n % 250}` });
        await Promise.race([following, wait(200)]); // the command needs the machine to start
      }
      await following;
      expect(out).toMatch(event);
    },
    60_000,
  );
});

describe("the operations", () => {
  /** What a reader puts in the place of the variables. */
  const given: Record<string, () => object> = {
    Ingest: () => ({ input: { events: [{ action: "login", outcome: "failure", actor: { name: "bo" } }] } }),
    Respond: () => ({
      id: incident.id,
      input: { type: "BLOCK_IP", target: "203.0.113.7", reason: "it guesses", ttl: "PT1H" },
    }),
    Judge: () => ({ id: sign.id }),
    Noisy: () => ({ range: { from: new Date(Date.now() - 7 * 86_400_000), to: new Date() } }),
    Except: () => ({
      input: {
        ruleId: rule.id,
        name: "the scanner",
        reason: "it scans weekly",
        expiresAt: new Date(Date.now() + 86_400_000),
        yaml: "filter:\n  scanner: { source.ip: 192.0.2.10 }\n  condition: not scanner\n",
      },
    }),
    Silenced: () => ({ matchers: [{ field: "SEVERITY", operator: "EQUALS", value: "LOW" }] }),
    Try: () => ({
      input: {
        yaml: blocks("yaml rule")[0]?.[1],
        events: [{ action: "record.export", category: "data", outcome: "success" }],
      },
    }),
    Preview: () => ({
      input: { yaml: blocks("yaml rule")[0]?.[1], range: { from: new Date(Date.now() - 86_400_000), to: new Date() } },
    }),
    Activate: () => ({ id: rule.id }),
  };
  const operations = blocks("graphql").flatMap(([path, text]) =>
    parse(text).definitions.map((definition) => [path, print(definition)] as const),
  );

  it("have variables only where they are known here", () => {
    expect(operations.length).toBeGreaterThan(15);
    for (const [path, text] of operations) {
      const [definition] = parse(text).definitions;
      if (definition?.kind !== Kind.OPERATION_DEFINITION) throw new Error(`${path} shows a fragment alone`);
      const hasVariables = (definition.variableDefinitions ?? []).length > 0;
      expect([path, definition.name?.value, hasVariables]).toEqual([
        path,
        definition.name?.value,
        (definition.name?.value ?? "") in given,
      ]);
    }
  });

  it.each(operations)("%s: %s", async (_path, text) => {
    const name = /^(?:query|mutation|subscription) (\w+)/.exec(text)?.[1] ?? "";
    const document = text.replace(/ruleId: "…"/, `ruleId: "${rule?.id}"`).replace(/\bid: "…"/, `id: "${incident?.id}"`);
    const { data, errors } = await ask(server, document, given[name]?.() ?? {});
    expect(errors).toBeUndefined();
    for (const part of Object.values(data as Record<string, { userErrors?: object[] }>)) {
      expect(part).not.toBeNull();
      expect(part.userErrors ?? []).toEqual([]);
    }
  });
});
