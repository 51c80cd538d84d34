import { createPublicKey, verify } from "node:crypto";
import { appendFile, readFile, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type TestDatabase, testDatabase } from "../support/database.ts";
import { type Auditing, auditing } from "./auditing.ts";

let database: TestDatabase;
let it: Auditing;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  it = await auditing(database);
});
afterEach(async () => {
  // Nothing is left that the next one's trail would sign.
  for (const table of ["audit_checkpoints", "security_audit_log"])
    await it.attack(`DELETE FROM ${table} WHERE organization_id = $ORG`);
  await it.close();
});

const minutes = 60_000;
const seals = async () => (await it.fileLines()).map(({ seq }) => seq);

test("A6: a checkpoint is due at the first entry, then after 5 minutes with new entries, or 1,000 entries", async () => {
  await it.trail.sealAll();
  expect(await seals()).toEqual([]); // nothing to sign
  await it.append(3);
  await it.trail.sealAll();
  expect(await seals()).toEqual([3]);
  await it.append(1);
  it.clock.now += 5 * minutes - 1;
  await it.trail.sealAll();
  expect(await seals()).toEqual([3]);
  it.clock.now += 1;
  await it.trail.sealAll();
  await it.trail.sealAll();
  expect(await seals()).toEqual([3, 4]);
  it.clock.now += 5 * minutes;
  await it.trail.sealAll(); // nothing new
  await it.append(999);
  it.clock.now -= 5 * minutes;
  await it.trail.sealAll();
  expect(await seals()).toEqual([3, 4]);
  await it.append(1);
  await it.trail.sealAll();
  expect(await seals()).toEqual([3, 4, 1004]);
  const stored = await it.base.asOwner(
    "SELECT seq::int FROM audit_checkpoints WHERE organization_id = $1 ORDER BY seq",
    [it.one],
  );
  expect(stored).toEqual([{ seq: 3 }, { seq: 4 }, { seq: 1004 }]);
});

test("A6: the signing key is made once, is nobody else's to read, and is not in the database", async () => {
  const path = join(it.dataDir, "audit-signing-key.pem");
  const made = await readFile(path, "utf8");
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect((await it.reopen()).publicKey).toBe(it.trail.publicKey);
  expect(await readFile(path, "utf8")).toBe(made);
});

test("A6: a forged checkpoint is seen for what it is", async () => {
  await it.append(5);
  await it.seal();
  const [line] = await it.fileLines();
  await writeFile(it.path, `${JSON.stringify({ ...line, hash: "0".repeat(64) })}\n`);
  expect((await it.trail.verify(it.one)).fault).toMatchObject({ kind: "FORGED", seq: 1, upTo: 5 });
});

test("A6: a line that our key did not sign keeps nothing from being signed, whatever entry it names", async () => {
  await it.append(5);
  await it.seal();
  const [line] = await it.fileLines();
  const forged = JSON.stringify({ ...line, seq: 1_000_000 });
  const strange = JSON.stringify({ ...line, seq: 2_000_000, key: "0123456789abcdef" });
  await appendFile(it.path, `${forged}\n${strange}\n`);
  await it.append(5);
  await it.seal();
  expect(await seals()).toEqual([5, 1_000_000, 2_000_000, 10]);
  expect((await it.trail.verify(it.one)).fault).toMatchObject({ kind: "FORGED" });
});

test("half a line, left by a crash, spoils neither what was before nor what comes after", async () => {
  await it.append(5);
  await it.seal();
  await appendFile(it.path, '{"organization":"');
  await it.append(5);
  await it.seal();
  expect(await it.trail.verify(it.one)).toMatchObject({ checkpoints: 2, unknownCheckpoints: 1 });
  expect((await it.trail.verify(it.one)).fault).toBeUndefined();
});

describe("A6: the webhook", () => {
  test("gets each checkpoint, signed as Standard Webhooks has it", async () => {
    const got: { headers: Record<string, string>; body: string }[] = [];
    const witness = createServer(async (request, response) => {
      let body = "";
      for await (const chunk of request) body += chunk;
      got.push({ headers: request.headers as Record<string, string>, body });
      response.end("ok");
    });
    await new Promise<void>((resolve) => witness.listen(0, "127.0.0.1", resolve));
    const auditWebhook = `http://127.0.0.1:${(witness.address() as AddressInfo).port}/`;
    const trail = await it.reopen({ auditWebhook });
    await it.append(2);
    await trail.sealAll();
    witness.close();
    const [sent] = got;
    expect(got).toHaveLength(1);
    expect(JSON.parse(sent?.body ?? "")).toEqual((await it.fileLines())[0]);
    const { "webhook-id": id, "webhook-timestamp": at, "webhook-signature": signature = "" } = sent?.headers ?? {};
    const signed = Buffer.from(`${id}.${at}.${sent?.body}`);
    const bytes = Buffer.from(signature.slice("v1a,".length), "base64");
    expect(verify(null, signed, createPublicKey(trail.publicKey), bytes)).toBe(true);
  });

  test("that cannot be reached holds nothing up", async () => {
    const trail = await it.reopen({ auditWebhook: "http://127.0.0.1:9/" });
    await it.append(2);
    await trail.sealAll();
    expect(await seals()).toEqual([2]);
  });
});
