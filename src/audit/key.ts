import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** The Ed25519 key that signs checkpoints. Whoever holds only the database does not hold it. */
export interface AuditKey {
  /** Names the key: the first 16 hexadecimal digits of its public half's SHA-256. */
  id: string;
  /** The public half, for whoever verifies. */
  publicPem: string;
  sign(text: string): Buffer;
  verify(text: string, signature: Uint8Array): boolean;
}

/** Reads a private Ed25519 key: PEM, or base64 of its PKCS #8 bytes. Throws when it is none. */
export function readAuditKey(text: string): AuditKey {
  const isPem = text.includes("-----BEGIN");
  const privateKey = isPem
    ? createPrivateKey(text)
    : createPrivateKey({ key: Buffer.from(text, "base64"), format: "der", type: "pkcs8" });
  if (privateKey.asymmetricKeyType !== "ed25519") throw new Error("not an Ed25519 key");
  const publicKey: KeyObject = createPublicKey(privateKey);
  const der = publicKey.export({ type: "spki", format: "der" });
  return {
    id: createHash("sha256").update(der).digest("hex").slice(0, 16),
    publicPem: publicKey.export({ type: "spki", format: "pem" }).toString(),
    sign: (content) => sign(null, Buffer.from(content), privateKey),
    verify: (content, signature) => verify(null, Buffer.from(content), publicKey, signature),
  };
}

/** The installation's key: as configured, else from the data directory, made there on the first start. */
export async function loadAuditKey(configured: string | undefined, dataDir: string): Promise<AuditKey> {
  if (configured !== undefined) return readAuditKey(configured);
  const path = join(dataDir, "audit-signing-key.pem");
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const made = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  // Exclusively: of two processes starting at once, one makes the key and both use it.
  await writeFile(path, made, { mode: 0o600, flag: "wx" }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
  return readAuditKey(await readFile(path, "utf8"));
}
