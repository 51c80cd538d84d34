import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { pipeline, type Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import type { Rejection } from "./event.ts";

const usualLimit = 65_536; // bytes; a longer line is no log line
const chunkSize = 262_144; // bytes read at a time: more gains nothing

export interface LogLine {
  text: string;
  /** Counts from 1, as editors do. */
  number: number;
  /** The file ends here without a line's end: what writes it may not be done. */
  open?: true;
}

export interface LineChunk {
  lines: LogLine[];
  /** Lines that were too long to read. */
  rejections: Rejection[];
  /** Bytes of the file read so far, of `totalBytes`: as stored, so compressed ones for a gzip file. */
  bytesRead: number;
  totalBytes: number;
}

/**
 * The lines of a log file (gzip by its name or its first bytes), a chunk at a time, in constant memory. LF or CRLF; the
 * last line may lack its end; invalid UTF-8 becomes U+FFFD; a line of more than `limit` bytes is
 * rejected. Throws what reading the file throws.
 */
export async function* readLines(path: string, limit = usualLimit): AsyncGenerator<LineChunk> {
  const { totalBytes, gzip } = await inspect(path);
  const file = createReadStream(path, { highWaterMark: chunkSize });
  const bytes: Readable = gzip ? pipeline(file, createGunzip({ chunkSize }), () => {}) : file;
  const splitter = new LineSplitter(limit);
  try {
    for await (const chunk of bytes) yield { ...splitter.push(chunk as Buffer), bytesRead: file.bytesRead, totalBytes };
    yield { ...splitter.end(), bytesRead: file.bytesRead, totalBytes };
  } finally {
    file.destroy();
    bytes.destroy();
  }
}

async function inspect(path: string): Promise<{ totalBytes: number; gzip: boolean }> {
  const handle = await open(path);
  try {
    const { size } = await handle.stat();
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(2), 0, 2, 0);
    const magic = bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
    return { totalBytes: size, gzip: magic || (path.endsWith(".gz") && size > 0) };
  } finally {
    await handle.close();
  }
}

type Split = Pick<LineChunk, "lines" | "rejections">;

class LineSplitter {
  #limit: number;
  /** The beginning of a line whose end has not been read. */
  #carry: Buffer[] = [];
  #carried = 0;
  /** Inside a line that was already reported as too long. */
  #skipping = false;
  #number = 1;

  constructor(limit: number) {
    this.#limit = limit;
  }

  push(chunk: Buffer): Split {
    const split: Split = { lines: [], rejections: [] };
    let start = 0;
    if (this.#skipping) {
      const newline = chunk.indexOf(10);
      if (newline < 0) return split;
      this.#skipping = false;
      this.#number++;
      start = newline + 1;
    }
    const end = chunk.lastIndexOf(10) + 1;
    if (end > start) {
      this.#decode(Buffer.concat([...this.#carry, chunk.subarray(start, end - 1)]), split);
      this.#carry = [];
      this.#carried = 0;
      start = end;
    }
    const tail = chunk.subarray(start);
    if (this.#carried + tail.length > this.#limit) {
      this.#carry = [];
      this.#carried = 0;
      this.#skipping = true;
      split.rejections.push(tooLong(this.#number, this.#limit));
    } else if (tail.length > 0) {
      this.#carry.push(Buffer.from(tail)); // a copy: the whole chunk would be kept alive
      this.#carried += tail.length;
    }
    return split;
  }

  end(): Split {
    const split: Split = { lines: [], rejections: [] };
    if (this.#carried > 0) this.#decode(Buffer.concat(this.#carry), split);
    const last = split.lines.at(-1);
    if (last !== undefined) last.open = true;
    return split;
  }

  #decode(bytes: Buffer, split: Split): void {
    const text = bytes.toString("utf8");
    const marked = this.#number === 1 && text.charCodeAt(0) === 0xfeff; // a byte order mark
    for (const line of (marked ? text.slice(1) : text).split("\n")) {
      const number = this.#number++;
      if (line.length > this.#limit / 3 && Buffer.byteLength(line) > this.#limit)
        split.rejections.push(tooLong(number, this.#limit));
      else split.lines.push({ text: line.endsWith("\r") ? line.slice(0, -1) : line, number });
    }
  }
}

function tooLong(number: number, limit: number): Rejection {
  return { index: number - 1, code: "TOO_LARGE", message: `line ${number} is longer than ${limit} bytes` };
}
