import { randomBytes } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

const schema = z.object({ jwtSecret: z.string(), ownerPassword: z.string(), serverPassword: z.string() });
export type Secrets = z.infer<typeof schema>;

/** The installation's own secrets, made on the first start and kept in `secrets.json`, readable by its owner only. */
export async function loadSecrets(dataDir: string): Promise<Secrets> {
  const path = join(dataDir, "secrets.json");
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const stored = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (stored !== undefined) return schema.parse(JSON.parse(stored));
  const secret = (): string => randomBytes(32).toString("base64url");
  const made = { jwtSecret: secret(), ownerPassword: secret(), serverPassword: secret() };
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, `${JSON.stringify(made, null, 2)}\n`, { mode: 0o600 });
  await rename(draft, path); // whole or not at all
  return made;
}
