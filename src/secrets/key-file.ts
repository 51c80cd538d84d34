import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { parseKeys } from "../config.ts";
import { madeOnce } from "../made-once.ts";
import type { NamedKey } from "./key-service.ts";

/**
 * The keys of an installation that was given none: made on the first start, kept in `encryption-keys` in the data
 * directory, readable by its owner only, in the form of VIGIL_ENCRYPTION_KEYS. Losing the file loses what was sealed.
 */
export async function loadKeyFile(dataDir: string): Promise<NamedKey[]> {
  const path = join(dataDir, "encryption-keys");
  const text = await madeOnce(
    path,
    () => `local-${randomBytes(4).toString("hex")}:${randomBytes(32).toString("base64")}\n`,
  );
  const { keys, faults } = parseKeys(text);
  if (faults.length > 0) throw new Error(`${path} is damaged: ${faults.join("; ")}`);
  return keys;
}
