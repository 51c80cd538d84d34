/** Keys: where they come from, and whether losing one machine would lose what they sealed. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "../config.ts";
import { bad, care, type Finding, good } from "./finding.ts";

type Settings = Pick<Config, "dataDir" | "databaseUrl" | "encryptionKeys" | "auditSigningKey" | "jwtSecret">;

export async function checkKeys(config: Settings): Promise<Finding[]> {
  const { dataDir, databaseUrl, encryptionKeys, auditSigningKey, jwtSecret } = config;
  const shared = databaseUrl !== undefined; // then other servers and workers may be there
  const kept = async (part: string, name: string, file: string, given: boolean, loss: string): Promise<Finding> => {
    if (given) return good(part, `of ${name}`);
    const path = join(dataDir, file);
    const mode = await stat(path).then(
      (found) => found.mode & 0o777,
      () => undefined,
    );
    if (mode !== undefined && (mode & 0o077) !== 0)
      return bad(part, `${path} is open to others (mode ${mode.toString(8)})`, `chmod 600 ${path}`);
    if (shared)
      return care(part, `only in ${path}`, `Set ${name}: every server and worker needs the same, and a copy. ${loss}`);
    return mode === undefined
      ? good(part, `made on the first start, in ${path}`)
      : care(part, `only in ${path}`, `Keep a copy elsewhere. ${loss}`);
  };
  return [
    await kept(
      "encryption key",
      "VIGIL_ENCRYPTION_KEYS",
      "encryption-keys",
      encryptionKeys !== undefined,
      "Without it what was sealed is lost.",
    ),
    await kept(
      "audit key",
      "VIGIL_AUDIT_SIGNING_KEY",
      "audit-signing-key.pem",
      auditSigningKey !== undefined,
      "Without it older checkpoints cannot be verified.",
    ),
    await kept(
      "token secret",
      "VIGIL_JWT_SECRET",
      "secrets.json",
      jwtSecret !== undefined,
      "Without it everybody signs in anew.",
    ),
  ];
}
