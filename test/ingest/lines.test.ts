import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type LineChunk, readLines } from "../../src/ingest/lines.ts";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "vigil-lines-"));
});
afterAll(() => rm(directory, { recursive: true }));

async function read(content: string | Buffer, name = "log"): Promise<LineChunk[]> {
  const path = join(directory, name);
  await writeFile(path, content);
  const chunks: LineChunk[] = [];
  for await (const chunk of readLines(path)) chunks.push(chunk);
  return chunks;
}

async function texts(content: string | Buffer, name?: string): Promise<string[]> {
  return (await read(content, name)).flatMap(({ lines }) => lines.map(({ text }) => text));
}

describe("reading the lines of a file", () => {
  it("takes LF and CRLF, blank lines, and a last line without end", async () => {
    expect(await texts("a\r\n\nb\n c")).toEqual(["a", "", "b", " c"]);
    expect(await texts("a\n")).toEqual(["a"]);
    expect(await texts("")).toEqual([]);
    expect(await texts("\ufeffa\n\ufeffb")).toEqual(["a", "\ufeffb"]);
  });

  it("unpacks gzip, also several files in one, known by name or by first bytes", async () => {
    const packed = Buffer.concat([gzipSync("a\nb"), gzipSync("c\n")]);
    expect(await texts(packed, "log.gz")).toEqual(["a", "bc"]);
    expect(await texts(packed, "log.1")).toEqual(["a", "bc"]);
    await expect(texts("plain", "false.gz")).rejects.toThrow();
    await expect(texts(gzipSync("a\n".repeat(1_000)).subarray(0, 25), "cut.gz")).rejects.toThrow();
  });

  it("numbers lines from 1 across chunks, and splits no character between them", async () => {
    const lines = Array.from({ length: 60_000 }, (_, i) => `${i} ä😀`);
    const chunks = await read(lines.join("\n"));
    expect(chunks.length).toBeGreaterThan(3);
    const all = chunks.flatMap((chunk) => chunk.lines);
    expect(all.map(({ text }) => text)).toEqual(lines);
    expect(all.every(({ number }, i) => number === i + 1)).toBe(true);
  });

  it("replaces bytes that are no UTF-8", async () => {
    expect(await texts(Buffer.from([0x61, 0xff, 0x62, 0x0a]))).toEqual(["a\ufffdb"]);
  });

  it.each([65_537, 300_000, 1_000_000])("reports a line of %i bytes and goes on after it", async (length) => {
    const chunks = await read(`first\n${"x".repeat(length)}\nthird\n${"y".repeat(length)}`);
    const lines = chunks.flatMap((chunk) => chunk.lines);
    expect(lines).toEqual([
      { text: "first", number: 1 },
      { text: "third", number: 3 },
    ]);
    const rejections = chunks.flatMap((chunk) => chunk.rejections);
    expect(rejections.map(({ index, code }) => [index, code])).toEqual([
      [1, "TOO_LARGE"],
      [3, "TOO_LARGE"],
    ]);
  });

  it("keeps a line of just 64 KiB", async () => {
    expect(await texts(`${"x".repeat(65_536)}\nb`)).toEqual(["x".repeat(65_536), "b"]);
  });

  it("tells how far it has come, in bytes of the file", async () => {
    const packed = gzipSync(Array.from({ length: 100_000 }, (_, i) => `line ${i}`).join("\n"));
    const chunks = await read(packed, "progress.gz");
    expect(chunks.at(-1)).toMatchObject({ bytesRead: packed.length, totalBytes: packed.length });
  });

  it("closes the file when its reader stops early", async () => {
    const path = join(directory, "early");
    await writeFile(path, "a\n".repeat(1_000_000));
    for await (const chunk of readLines(path)) {
      expect(chunk.lines[0]?.text).toBe("a");
      break;
    }
    await rm(path);
  });
});
