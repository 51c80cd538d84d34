import { randomBytes } from "node:crypto";
import { link, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseKeys } from "../config.ts";
import type { NamedKey } from "./key-service.ts";

/**
 * The keys of an installation that was given none: made on the first start, kept in `encryption-keys` in the data
 * directory, readable by its owner only, in the form of VIGIL_ENCRYPTION_KEYS. Losing the file loses what was sealed.
 */
export async function loadKeyFile(dataDir: string): Promise<NamedKey[]> {
  const path = join(dataDir, "encryption-keys");
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const read = () =>
    readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw error;
    });
  let text = await read();
  if (text === undefined) {
    const draft = `${path}.${process.pid}.${randomBytes(4).toString("hex")}`;
    const made = `local-${randomBytes(4).toString("hex")}:${randomBytes(32).toString("base64")}\n`;
    await writeFile(draft, made, { mode: 0o600 });
    // A link never replaces: of two processes that start at once, the second takes the first one's key.
    await link(draft, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
    await rm(draft);
    text = (await read()) as string;
  }
  const { keys, faults } = parseKeys(text);
  if (faults.length > 0) throw new Error(`${path} is damaged: ${faults.join("; ")}`);
  return keys;
}
