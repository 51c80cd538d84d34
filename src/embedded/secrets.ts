import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { z } from "zod";
import { madeOnce } from "../made-once.ts";

const schema = z.object({ jwtSecret: z.string(), ownerPassword: z.string(), serverPassword: z.string() });
export type Secrets = z.infer<typeof schema>;

/** The installation's own secrets, made on the first start and kept in `secrets.json`, readable by its owner only. */
export async function loadSecrets(dataDir: string): Promise<Secrets> {
  const text = await madeOnce(join(dataDir, "secrets.json"), () => {
    const secret = (): string => randomBytes(32).toString("base64url");
    const made = { jwtSecret: secret(), ownerPassword: secret(), serverPassword: secret() };
    return `${JSON.stringify(made, null, 2)}\n`;
  });
  return schema.parse(JSON.parse(text));
}
