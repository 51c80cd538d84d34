import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, it } from "vitest";
import { httpSink, importFile } from "../../src/commands/import.ts";

let directory: string;
let file: string;
const count = 6_000;
const now = Date.now();

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "vigil-import-"));
  file = join(directory, "events.ndjson");
  const line = (n: number) =>
    `${JSON.stringify({ action: "login", attributes: { n, padding: "x".repeat(12_000) } })}\n`;
  await writeFile(file, Array.from({ length: count }, (_, n) => line(n)).join(""));
});
afterAll(() => rm(directory, { recursive: true }));

it("A log of large events goes to the server in requests that it takes, and what it rejects is told by line", async () => {
  const sizes: number[] = [];
  const server = createServer(async (request, response) => {
    const body = gunzipSync(await buffer(request));
    sizes.push(body.length);
    const events = body
      .toString()
      .split("\n")
      .map((text) => JSON.parse(text) as { attributes: { n: number } });
    const index = events.findIndex(({ attributes }) => attributes.n === 5_432);
    const rejected = index < 0 ? [] : [{ index, code: "INVALID", message: "it is odd" }];
    response.end(JSON.stringify({ accepted: events.length - rejected.length, duplicates: 0, rejected }));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { accepted, rejected } = await importFile(file, "vigil", httpSink(url, "a token"), { now });
  expect([accepted, rejected]).toEqual([count - 1, [{ line: 5_433, code: "INVALID", message: "it is odd" }]]);
  expect(Math.max(...sizes)).toBeLessThan(10_485_760);
  server.close();
  server.closeAllConnections();
  await once(server, "close");
  await expect(importFile(file, "vigil", httpSink(url, "a token"), { now })).rejects.toThrow(
    /broke off.*nothing is added twice/,
  );
});

it("A batch that is refused while the file is still being read ends the import with its fault", async () => {
  let batches = 0;
  const sink = async () => {
    if (++batches === 1) throw new Error("the server refused it");
    return { accepted: 0, duplicates: 0, rejected: [] };
  };
  await expect(importFile(file, "vigil", sink, { now })).rejects.toThrow("the server refused it");
});
