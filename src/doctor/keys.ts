/** Keys: where they come from, and whether losing one machine would lose what they sealed. */
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { type Config, parseKeys } from "../config.ts";
import { prepareConnection, tenantQuery } from "../database/tenant-pool.ts";
import { outliveLoss } from "../database-away.ts";
import { createKeyring } from "../secrets/keyring.ts";
import { findUnopened, type Unopened } from "../secrets/unopened.ts";
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

/** Whether the keys that are here open what the database holds. Nothing where the schema lacks what is asked. */
export async function checkDataKeys(
  serverUrl: string,
  { dataDir, encryptionKeys }: Pick<Config, "dataDir" | "encryptionKeys">,
): Promise<Finding[]> {
  const path = join(dataDir, "encryption-keys");
  const keys = encryptionKeys ?? parseKeys(await readFile(path, "utf8").catch(() => "")).keys;
  const none = { currentKeyId: "", wrap: noKey, unwrap: noKey };
  const client = outliveLoss(new pg.Client({ connectionString: serverUrl, application_name: "vigil doctor" }));
  await client.connect();
  let found: Unopened;
  try {
    const { rows } = await client.query<{ id: string }>("SELECT organization_ids() AS id");
    await prepareConnection(client);
    const query: Parameters<typeof findUnopened>[1] = (id, text, values) => tenantQuery(client, id, text, values);
    const ids = rows.map(({ id }) => id);
    found = await findUnopened(ids, query, keys.length > 0 ? createKeyring(keys) : none);
  } catch {
    return []; // the schema is told of by itself
  } finally {
    await client.end();
  }
  if (found.keys.length === 0) return [good("data keys", "open with the encryption keys that are here")];
  const where = encryptionKeys === undefined ? path : "VIGIL_ENCRYPTION_KEYS";
  return [
    bad(
      "data keys",
      `what the encryption key ${found.keys.join(", ")} wrapped does not open: ${found.refuses ? "events are refused, and " : ""}what it sealed is not read`,
      `Put that key back into ${where}, behind the current one, from your copy. Every server and worker needs it until \`vigil keys rotate\` has wrapped all anew.`,
    ),
  ];
}

const noKey = (): Promise<never> => Promise.reject(new Error("there is no key"));
