import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Auditing, auditing } from "./auditing.ts";

const command = join(import.meta.dirname, "../../src/vigil.js");
let it: Auditing;
beforeAll(async () => {
  it = await auditing();
  await it.append(20);
  await it.seal();
});
afterAll(() => it.close());

function run(...words: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const { REDIS_URL, VIGIL_OWNER_DATABASE_URL, ...rest } = process.env;
  const env = { ...rest, DATABASE_URL: it.base.serverUrl, VIGIL_DATA_DIR: it.dataDir };
  const child = spawn(process.execPath, words, { env });
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk) => {
    out += chunk;
  });
  child.stderr.on("data", (chunk) => {
    err += chunk;
  });
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, out, err })));
}

test("A8: `vigil audit export` and `vigil audit key` give what the offline verifier takes", {
  timeout: 180_000, // each starts Node and the whole program, on a machine that may be busy
}, async () => {
  const [exported, key] = await Promise.all([run(command, "audit", "export"), run(command, "audit", "key")]);
  expect(key.out.trim()).toBe(it.trail.publicKey.trim());
  await writeFile(join(it.dataDir, "export.ndjson"), exported.out);
  await writeFile(join(it.dataDir, "public.pem"), key.out);
  const script = join(import.meta.dirname, "../../docs/verify-audit.mjs");
  const words = [
    script,
    join(it.dataDir, "export.ndjson"),
    "--key",
    join(it.dataDir, "public.pem"),
    "--checkpoints",
    it.path,
  ];
  expect(await run(...words)).toMatchObject({ code: 0, out: expect.stringMatching(/^VERIFIED: 2\d entries/) });
});

test("A5: `vigil audit verify` ends with 0 on a good log, and with 1 and the first bad entry on another", {
  timeout: 180_000,
}, async () => {
  const good = await run(command, "audit", "verify");
  expect(good).toMatchObject({ code: 0, err: "" });
  expect(good.out).toMatch(/^demo: verified, \d+ entries, 1 checkpoints outside the database agree$/m);
  expect(good.out).toMatch(/^other: verified/m);
  await it.attack("DELETE FROM security_audit_log WHERE organization_id = $ORG AND seq > 15");
  const [all, other] = await Promise.all([
    run(command, "audit", "verify"),
    run(command, "audit", "verify", "--org", "other"),
  ]);
  expect(all.code).toBe(1);
  expect(all.out).toMatch(/^demo: FAULTY first bad entry 16: CUT /m);
  expect(all.out).toMatch(/^other: verified/m);
  expect(other).toMatchObject({ code: 0, out: expect.stringMatching(/^other: verified/) });
});
