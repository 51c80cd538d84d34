import { createReadStream } from "node:fs";
import { mkdir, open, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import { type Checkpoint, type Cut, checkpointLine, parseCheckpoint } from "./checkpoint.ts";

/** The place outside the database: one checkpoint a line, only ever appended to. */
export interface CheckpointFile {
  append(said: Checkpoint | Cut): Promise<void>;
  /** The latest one of the organization. Reads only what was appended since the last call. */
  last(organizationId: string): Promise<Checkpoint | undefined>;
  /** All of the organization, as they were written, where its log was cut, and how many lines cannot be read. */
  all(organizationId: string): Promise<{ checkpoints: Checkpoint[]; cuts: Cut[]; unreadable: number }>;
}

export function openCheckpointFile(path: string): CheckpointFile {
  const latest = new Map<string, Checkpoint>();
  let seen = 0; // bytes already in `latest`

  async function* lines(start: number, end: number): AsyncGenerator<string> {
    if (end <= start) return;
    const input = createReadStream(path, { start, end: end - 1, encoding: "utf8" });
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) if (line) yield line;
  }

  return {
    async append(said) {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      const file = await open(path, "a+", 0o600);
      try {
        const { size } = await file.stat();
        const { buffer } = await file.read(Buffer.alloc(1), 0, 1, Math.max(0, size - 1));
        const torn = size > 0 && buffer[0] !== 10; // a crash left half a line
        await file.write(`${torn ? "\n" : ""}${checkpointLine(said)}\n`);
        await file.sync();
      } finally {
        await file.close();
      }
    },
    async last(organizationId) {
      const size = await sizeOf(path);
      if (size < seen) {
        latest.clear(); // another file is there now
        seen = 0;
      }
      for await (const line of lines(seen, size)) {
        const checkpoint = parseCheckpoint(line);
        if (checkpoint && !("kind" in checkpoint)) latest.set(checkpoint.organization, checkpoint);
      }
      seen = size;
      return latest.get(organizationId);
    },
    async all(organizationId) {
      const checkpoints: Checkpoint[] = [];
      const cuts: Cut[] = [];
      let unreadable = 0;
      for await (const line of lines(0, await sizeOf(path))) {
        const said = parseCheckpoint(line);
        if (!said) unreadable++;
        else if (said.organization !== organizationId) continue;
        else if ("kind" in said) cuts.push(said);
        else checkpoints.push(said);
      }
      return { checkpoints, cuts, unreadable };
    },
  };
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return 0;
    throw error;
  }
}
