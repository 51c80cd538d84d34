import { randomBytes } from "node:crypto";
import { link, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

const schema = z.object({ jwtSecret: z.string(), ownerPassword: z.string(), serverPassword: z.string() });
export type Secrets = z.infer<typeof schema>;

/** The installation's own secrets, made on the first start and kept in `secrets.json`, readable by its owner only. */
export async function loadSecrets(dataDir: string): Promise<Secrets> {
  const path = join(dataDir, "secrets.json");
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const read = () =>
    readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw error;
    });
  let text = await read();
  if (text === undefined) {
    const secret = (): string => randomBytes(32).toString("base64url");
    const made = { jwtSecret: secret(), ownerPassword: secret(), serverPassword: secret() };
    const draft = `${path}.${process.pid}.${randomBytes(4).toString("hex")}`;
    await writeFile(draft, `${JSON.stringify(made, null, 2)}\n`, { mode: 0o600 });
    // A link never replaces: of two processes that start at once, both go by the same password of the database.
    await link(draft, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
    await rm(draft);
    text = (await read()) as string;
  }
  return schema.parse(JSON.parse(text));
}
