import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { audit } from "../../src/access/audit.ts";
import { type TestServer, testServer } from "../support/server.ts";
import { ask, entriesOf, lastSeq } from "./asking.ts";

let server: TestServer;
let directory: string;
let text: string;
let keyPath: string;

beforeAll(async () => {
  server = await testServer({});
  directory = await mkdtemp(join(tmpdir(), "vigil-export-"));
  await server.app.db.inOrganization(server.ours, async (tx) => {
    for (let n = 0; n < 1_200; n++) {
      const detail = { ü: "😀", "10": 1e21, "9": [1.5, -0.25, null], n, text: '"}],"hash":"\u2028\u2029' };
      await audit(tx, { actor: "ada@example.org", action: "TRIED", entityKind: "Thing", entityId: String(n), detail });
    }
  });
  await server.app.auditTrail.seal(server.ours, { force: true });
  await server.app.db.inOrganization(server.ours, (tx) =>
    audit(tx, { actor: "bob@example.org", action: "LATER", entityKind: "Thing", entityId: "x" }),
  );
  text = await (await download("/audit/export", server.admin)).text();
  keyPath = join(directory, "public.pem");
  await writeFile(keyPath, server.app.auditTrail.publicKey);
});
afterAll(async () => {
  await server.close();
  await rm(directory, { recursive: true, force: true });
});

const download = (path: string, as?: string): Promise<Response> =>
  fetch(`${server.url}${path}`, as ? { headers: { authorization: `Bearer ${as}` } } : {});

/**
 * Runs the verifier in a process that may not use the network, away from this repository, and whose lines end at U+2028
 * and U+2029, too, as those of newer Node.js do (nodejs/node#57591).
 */
async function verifier(content: string, ...words: string[]): Promise<{ code: number | null; said: string }> {
  const path = join(directory, "export.ndjson");
  await writeFile(path, content);
  const script = join(import.meta.dirname, "../../docs/verify-audit.mjs");
  const offline = join(directory, "offline.mjs");
  await writeFile(
    offline,
    `import net from "node:net"; import dns from "node:dns";
     net.Socket.prototype.connect = () => { throw new Error("network used"); }; dns.lookup = net.Socket.prototype.connect;
     import readline from "node:readline"; import { syncBuiltinESMExports } from "node:module";
     const { createInterface } = readline;
     readline.createInterface = async function* (given) {
       for await (const line of createInterface(given)) yield* line.split(/[\\u2028\\u2029]/);
     };
     syncBuiltinESMExports();`,
  );
  const child = spawn(process.execPath, ["--import", offline, script, path, ...words], { cwd: directory });
  let said = "";
  child.stdout.on("data", (chunk) => (said += chunk));
  child.stderr.on("data", (chunk) => (said += chunk));
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, said })));
}

test("A8: an export verifies offline, with nothing but the script and the public key", async () => {
  const { code, said } = await verifier(text, "--key", keyPath);
  expect(said).toMatch(/^VERIFIED: 120\d entries, 1 to 120\d, and 2 signed checkpoints\.\n$/);
  expect(code).toBe(0);
  const checkpoints = join(server.dataDir, "audit-checkpoints.ndjson");
  expect((await verifier(text, "--key", keyPath, "--checkpoints", checkpoints)).said).toContain("and 3 signed");
});

test("A8: the offline verifier takes a key that was copied as one line, and says in a word what it cannot use", async () => {
  const path = join(directory, "copied.pem");
  await writeFile(path, server.app.auditTrail.publicKey.replaceAll("\n", " "));
  expect(await verifier(text, "--key", path)).toMatchObject({ code: 0, said: expect.stringMatching(/^VERIFIED: /) });
  await writeFile(path, "MCowBQYDK2VwAyEA");
  const noKey = "NOT VERIFIED: there is no public key to check it with\n";
  expect(await verifier(text, "--key", path)).toEqual({ code: 1, said: noKey });
  const { code, said } = await verifier(text, "--key", join(directory, "nowhere.pem"));
  expect([code, said]).toEqual([1, expect.stringMatching(/^NOT VERIFIED: ENOENT: .*nowhere\.pem'\n$/)]);
});

const lines = () => text.trimEnd().split("\n");
test.each<[string, () => string[]]>([
  ["an entry's text", () => lines().map((line, n) => (n === 700 ? line.replace("ada@", "eve@") : line))],
  [
    "an entry's hash",
    () =>
      lines().map((line, n) => (n === 700 ? line.replace(/.(?="\}$)/, (digit) => (digit === "0" ? "1" : "0")) : line)),
  ],
  ["a removed entry", () => lines().filter((_line, n) => n !== 700)],
  [
    "two swapped entries",
    () => lines().map((line, n, all) => (n === 700 ? (all[701] as string) : n === 701 ? (all[700] as string) : line)),
  ],
  ["an end cut off", () => lines().filter((line) => !line.includes("LATER"))],
  [
    "an entry that breaks off",
    () =>
      lines()
        .slice(0, 900)
        .concat((lines()[900] as string).slice(0, 40)),
  ],
  ["what is no export", () => ["PK\u0003\u0004"]],
  ["an end cut off with its checkpoint", () => lines().slice(0, 900)],
  [
    "a checkpoint of another entry",
    () => lines().map((line) => (line.startsWith('{"checkpoint"') ? line.replace(/"seq":\d+/, '"seq":5') : line)),
  ],
])("A8: the offline verifier refuses %s", async (_what, changed) => {
  const { code, said } = await verifier(changed().join("\n"), "--key", keyPath);
  expect(said).toMatch(/^NOT VERIFIED: /);
  expect(code).toBe(1);
});

test("A8: an end cut off at an earlier checkpoint is seen by the checkpoints that were kept, whatever time the export bears", async () => {
  await server.app.auditTrail.seal(server.ours, { force: true });
  const whole = await (await download("/audit/export", server.admin)).text();
  const all = whole.trimEnd().split("\n");
  const [, first] = /"seq":(\d+)/.exec(all.find((line) => line.startsWith('{"checkpoint"')) ?? "") ?? [];
  const cut = all.filter((line) => {
    const number = /^\{"entry":\["[^"]*", (\d+),/.exec(line)?.[1] ?? /"checkpoint".*"seq":(\d+)/.exec(line)?.[1];
    return number === undefined || Number(number) <= Number(first);
  });
  expect((await verifier(cut.join("\n"), "--key", keyPath)).code).toBe(0); // by itself it cannot be seen
  const kept = join(directory, "kept.ndjson");
  const checkpoints = await readFile(join(server.dataDir, "audit-checkpoints.ndjson"), "utf8");
  await writeFile(kept, `${checkpoints}{"organization":"half a li\n`);
  const later = new Date(Date.now() + 3_600_000).toISOString(); // as one that is made an hour behind the last checkpoint
  const made = (lines: readonly string[]) =>
    lines.map((line) => line.replace(/"headAt":"[^"]+"/, `"headAt":"${later}"`)).join("\n");
  const { code, said } = await verifier(made(cut), "--key", keyPath, "--checkpoints", kept);
  expect(said).toMatch(new RegExp(`^NOT VERIFIED: the end is cut off: it ends at entry ${first}, and the checkpoint`));
  expect(code).toBe(1);
  const earlier = cut.map((line) => line.replace(/"exportedAt":"[^"]+"/, '"exportedAt":"2020-01-01T00:00:00.000Z"'));
  expect((await verifier(earlier.join("\n"), "--key", keyPath, "--checkpoints", kept)).said).toMatch(
    /exported on 2020-01-01T00:00:00.000Z, the checkpoints know entries up to \d+, which are not in it; of the checkpoint file 1 line cannot/,
  );
  expect((await verifier(made(all), "--key", keyPath, "--checkpoints", kept)).code).toBe(0);
  await writeFile(kept, `null\n{"organization":"${server.ours}","seq":99999}\n${checkpoints}`);
  expect((await verifier(whole, "--key", keyPath, "--checkpoints", kept)).code).toBe(0);
  expect((await verifier(all[0] as string, "--key", keyPath)).said).toContain("NOT VERIFIED: there are no entries");
});

test("A8: an export signed by another key is refused", async () => {
  const other = join(directory, "other.pem");
  const { generateKeyPairSync } = await import("node:crypto");
  await writeFile(other, generateKeyPairSync("ed25519").publicKey.export({ type: "spki", format: "pem" }));
  expect((await verifier(text, "--key", other)).said).toContain("not signed by this key");
});

test("an export of a range verifies by itself", async () => {
  const [row] = await server.database.asOwner<{ at: Date }>(
    "SELECT at FROM security_audit_log WHERE organization_id = $1 AND seq = 600",
    [server.ours],
  );
  const path = `/audit/export?from=${encodeURIComponent(row?.at.toISOString() ?? "")}`;
  const part = await (await download(path, server.admin)).text();
  expect(part.split("\n").length).toBeLessThan(text.split("\n").length - 500);
  expect((await verifier(part, "--key", keyPath)).said).toMatch(/^VERIFIED: /);
  expect((await download("/audit/export?from=yesterday", server.admin)).status).toBe(400);
});

test("the download needs the permission, and both it and its refusal are audited before the answer", async () => {
  const before = await lastSeq(server);
  expect((await download("/audit/export")).status).toBe(401);
  expect((await download("/audit/export", await server.token("VIEWER"))).status).toBe(403);
  expect((await download("/audit/export", server.key)).status).toBe(403);
  const allowed = await download("/audit/export", await server.token("AUDITOR"));
  expect(allowed.headers.get("content-type")).toContain("application/x-ndjson");
  const seen = await allowed.text();
  expect(seen).not.toContain(server.theirs);
  const actions = (await entriesOf(server, { after: before })).map(({ action }) => action);
  expect(actions).toEqual(["PERMISSION_REFUSED", "PERMISSION_REFUSED", "AUDIT_EXPORTED"]);
});

test("auditExport gives a path that answers the export for a short time, to whoever has it, and no other", async () => {
  const mutation = `mutation Export($input: AuditExportInput!) {
    auditExport(input: $input) { path expiresAt publicKey userErrors { code path } } }`;
  const { data } = await ask(server, mutation, { input: { range: { from: "2020-01-01T00:00:00Z" } } });
  expect(data.auditExport).toMatchObject({ userErrors: [], publicKey: server.app.auditTrail.publicKey });
  const answer = await download(data.auditExport.path);
  expect(answer.status).toBe(200);
  expect((await verifier(await answer.text(), "--key", keyPath)).code).toBe(0);
  const path = data.auditExport.path as string;
  expect((await download(path.replace("ticket=e", "ticket=f"))).status).toBe(401);
  expect((await download(`${path.slice(0, -3)}AAA`)).status).toBe(401);
  const wrong = { input: { range: { from: "2026-01-02T00:00:00Z", to: "2026-01-01T00:00:00Z" } } };
  expect((await ask(server, mutation, wrong)).data.auditExport).toMatchObject({
    path: null,
    userErrors: [{ code: "BAD_USER_INPUT" }],
  });
  const viewer = await ask(server, mutation, { input: {} }, { as: await server.token("VIEWER") });
  expect(viewer.errors?.[0]?.extensions.code).toBe("FORBIDDEN");
});

test("auditVerify answers over GraphQL what is wrong, and where", async () => {
  const query = `query Verify($range: AuditRangeInput) {
    auditVerify(range: $range) { ok entries lastSeq lastHash checkpoints unknownCheckpoints fault { kind seq upTo message } } }`;
  const good = (await ask(server, query)).data.auditVerify;
  expect(good).toMatchObject({ ok: true, checkpoints: 2, unknownCheckpoints: 0, fault: null });
  expect(good.lastSeq).toBe(good.entries);
  expect((await ask(server, query, {}, { as: server.outsider })).data.auditVerify).toMatchObject({
    ok: true,
    checkpoints: 0,
  });
  await server.database.asOwner("UPDATE security_audit_log SET actor = 'eve' WHERE organization_id = $1 AND seq = 77", [
    server.ours,
  ]);
  expect((await ask(server, query)).data.auditVerify).toMatchObject({
    ok: false,
    fault: { kind: "CHANGED", seq: 77, upTo: null },
  });
  const late = { range: { from: new Date(Date.now() - 1).toISOString() } };
  expect((await ask(server, query, late)).data.auditVerify.ok).toBe(true);
  const spoiled = await (await download("/audit/export", server.admin)).text();
  expect((await verifier(spoiled, "--key", keyPath)).said).toContain("entry 77");
  await server.database.asOwner(
    "UPDATE security_audit_log SET actor = 'ada@example.org' WHERE organization_id = $1 AND seq = 77",
    [server.ours],
  );
});

test("auditLog pages the entries, the latest first, by actor, action, entity and time", async () => {
  const query = `query Log($first: Int, $after: String, $filter: AuditEntryFilter) {
    auditLog(first: $first, after: $after, filter: $filter) {
      totalCount nodes { id seq at actor action entityKind entityId detail hash previousHash } pageInfo { hasNextPage endCursor } } }`;
  const filter = { action: { eq: "TRIED" }, actor: { eq: "ada@example.org" }, entityKind: { eq: "Thing" } };
  const seqs: number[] = [];
  let after: string | null = null;
  do {
    const { data } = await ask(server, query, { first: 100, after, filter });
    expect(data.auditLog.totalCount).toBe(1_200);
    seqs.push(...data.auditLog.nodes.map(({ seq }: { seq: number }) => seq));
    after = data.auditLog.pageInfo.hasNextPage ? data.auditLog.pageInfo.endCursor : null;
  } while (after);
  expect(seqs).toHaveLength(1_200);
  expect(seqs).toEqual([...seqs].sort((a, b) => b - a));
  const { data } = await ask(server, query, {
    first: 1,
    filter: { entityId: { eq: "7" }, at: { gte: "2020-01-01T00:00:00Z" } },
  });
  const [node] = data.auditLog.nodes;
  expect(node).toMatchObject({ action: "TRIED", entityId: "7", detail: { n: 7, ü: "😀" } });
  expect(node.previousHash).toMatch(/^[0-9a-f]{64}$/);
  const again = await ask(server, "query ($id: ID!) { node(id: $id) { ... on AuditEntry { seq hash } } }", {
    id: node.id,
  });
  expect(again.data.node).toEqual({ seq: node.seq, hash: node.hash });
  const foreign = await ask(
    server,
    "query ($id: ID!) { node(id: $id) { id } }",
    { id: node.id },
    { as: server.outsider },
  );
  expect(foreign.data?.node?.hash).toBeUndefined();
  const refused = await ask(server, query, {}, { as: await server.token("VIEWER") });
  expect(refused.errors?.[0]?.extensions.code).toBe("FORBIDDEN");
});
