import { createReadStream } from "node:fs";
import { mkdir, open, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import {
  type Checkpoint,
  type Cut,
  checkpointLine,
  isGenuine,
  isLost,
  parseCheckpoint,
  type Restored,
  type Statement,
} from "./checkpoint.ts";
import type { AuditKey } from "./key.ts";

/** The organization's latest checkpoint, and the latest restore of its log. */
export interface Latest {
  checkpoint?: Checkpoint;
  restored?: Restored;
}

/** All that was said of an organization's log, as it was written. */
export interface Outside {
  checkpoints: Checkpoint[];
  /** Where it was cut. */
  cuts: Cut[];
  /** From where it went on after a restore. */
  restored: Restored[];
  /** What a restore has lost: it stands in none of the others. */
  lost: Statement[];
  /** Lines that cannot be read, and restores that our key did not sign. */
  unreadable: number;
}

/** The place outside the database: one checkpoint a line, only ever appended to. */
export interface CheckpointFile {
  append(said: Statement): Promise<void>;
  /** Reads only what was appended since the last call. */
  last(organizationId: string): Promise<Latest>;
  all(organizationId: string): Promise<Outside>;
}

/** Lines that are read since it was last asked for: the newest that is genuine counts. */
interface Read extends Latest {
  fresh: Checkpoint[];
}

const mostFresh = 100; // of an organization: others' lines in between are an attack, or another installation's

/** `key`: what it did not sign counts for nothing, or one line that names a far entry would end all signing. */
export function openCheckpointFile(path: string, key: AuditKey): CheckpointFile {
  const latest = new Map<string, Read>();
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
        const said = parseCheckpoint(line);
        if (!said) continue;
        const read: Read = latest.get(said.organization) ?? { fresh: [] };
        latest.set(said.organization, read);
        if (!("kind" in said)) {
          read.fresh.push(said);
          if (read.fresh.length > mostFresh) read.fresh.shift();
        } else if (said.kind === "RESTORED" && said.at > (read.restored?.at ?? "") && isGenuine(key, said) === true)
          read.restored = said;
      }
      seen = size;
      const read = latest.get(organizationId);
      if (!read) return {};
      const newest = read.fresh.findLast((one) => isGenuine(key, one) === true);
      if (newest) read.checkpoint = newest;
      read.fresh = [];
      return read;
    },
    async all(organizationId) {
      const all: Statement[] = [];
      const restores: Restored[] = [];
      let unreadable = 0;
      for await (const line of lines(0, await sizeOf(path))) {
        const said = parseCheckpoint(line);
        if (!said) unreadable++;
        else if (said.organization !== organizationId) continue;
        else if (!("kind" in said && said.kind === "RESTORED")) all.push(said);
        else if (isGenuine(key, said) === true) restores.push(said);
        else unreadable++;
      }
      const outside: Outside = { checkpoints: [], cuts: [], restored: [], lost: [], unreadable };
      for (const said of [...all, ...restores]) {
        if (isLost(said, restores) && isGenuine(key, said) === true) outside.lost.push(said);
        else if (!("kind" in said)) outside.checkpoints.push(said);
        else if (said.kind === "CUT") outside.cuts.push(said);
        else outside.restored.push(said);
      }
      return outside;
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
