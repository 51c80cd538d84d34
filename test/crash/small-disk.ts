/** A directory that is a disk of its own, small enough to be filled. Linux, and only where one may mount. */
import { execFileSync } from "node:child_process";
import { open, rm } from "node:fs/promises";
import { join } from "node:path";

const size = 700; // MiB: a cluster of a few minutes, and its log

export interface SmallDisk {
  /** Leaves no byte; answers how to give them back. */
  fill(): Promise<() => Promise<void>>;
  close(): void;
}

/** Undefined: it may not be mounted here. */
export function smallDisk(directory: string): SmallDisk | undefined {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size}m,mode=700`, "tmpfs", directory], { stdio: "ignore" });
  } catch {
    return undefined;
  }
  const filler = join(directory, "filler");
  return {
    async fill() {
      const file = await open(filler, "w");
      try {
        for (let piece = Buffer.alloc(1_048_576, 1); ; ) {
          // The last bytes are taken in small pieces.
          await file.appendFile(piece).catch((error: NodeJS.ErrnoException) => {
            if (error.code !== "ENOSPC") throw error;
            piece = piece.subarray(0, piece.length >> 1);
          });
          if (piece.length < 512) break;
        }
      } finally {
        await file.close();
      }
      return () => rm(filler, { force: true });
    },
    close: () => void execFileSync("umount", ["-l", directory], { stdio: "ignore" }),
  };
}
