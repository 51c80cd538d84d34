import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { madeOnce } from "../made-once.ts";

/** The Ed25519 key that signs checkpoints. Whoever holds only the database does not hold it. */
export interface AuditKey {
  /** Names the key: the first 16 hexadecimal digits of its public half's SHA-256. */
  id: string;
  /** The public half, for whoever verifies. */
  publicPem: string;
  /** Public keys that signed before this one took over, as PEM. */
  earlierPems: readonly string[];
  sign(text: string): Buffer;
  verify(text: string, signature: Uint8Array): boolean;
  /** Whether the named key, this one or an earlier one, signed it; undefined: it is none of ours. */
  verifyBy(id: string, text: string, signature: Uint8Array): boolean | undefined;
}

/** Reads a private Ed25519 key: PEM, or base64 of its PKCS #8 bytes. Throws when it is none. */
export function readAuditKey(text: string, earlier: readonly KeyObject[] = []): AuditKey {
  const isPem = text.includes("-----BEGIN");
  const privateKey = isPem
    ? createPrivateKey(text)
    : createPrivateKey({ key: Buffer.from(text, "base64"), format: "der", type: "pkcs8" });
  if (privateKey.asymmetricKeyType !== "ed25519") throw new Error("not an Ed25519 key");
  const publicKey: KeyObject = createPublicKey(privateKey);
  const id = idOf(publicKey);
  const before = new Map(earlier.map((one) => [idOf(one), one]));
  before.delete(id);
  const known = new Map([...before, [id, publicKey]]);
  return {
    id,
    publicPem: pemOf(publicKey),
    earlierPems: [...before.values()].map(pemOf),
    sign: (content) => sign(null, Buffer.from(content), privateKey),
    verify: (content, signature) => verify(null, Buffer.from(content), publicKey, signature),
    verifyBy: (by, content, signature) => {
      const one = known.get(by);
      return one && verify(null, Buffer.from(content), one, signature);
    },
  };
}

/** Reads public Ed25519 keys: PEM, one after the other, or base64 of their SPKI bytes, separated by commas. Throws. */
export function readPublicKeys(text: string): KeyObject[] {
  const parts = text.includes("-----BEGIN")
    ? text.split(/(?<=-----END PUBLIC KEY-----)/).filter((part) => part.trim() !== "")
    : text.split(",");
  return parts.map((part) => {
    const key = part.includes("-----BEGIN")
      ? createPublicKey(part.trim())
      : createPublicKey({ key: Buffer.from(part.trim(), "base64"), format: "der", type: "spki" });
    if (key.asymmetricKeyType !== "ed25519") throw new Error("not an Ed25519 key");
    return key;
  });
}

const idOf = (key: KeyObject): string =>
  createHash("sha256")
    .update(key.export({ type: "spki", format: "der" }))
    .digest("hex")
    .slice(0, 16);
const pemOf = (key: KeyObject): string => key.export({ type: "spki", format: "pem" }).toString();

/**
 * The installation's key: as configured, else from the data directory, made there on the first start. One that is in the
 * data directory still, when another is configured, signed before it.
 */
export async function loadAuditKey(
  configured: string | undefined,
  dataDir: string,
  earlier: readonly KeyObject[] = [],
): Promise<AuditKey> {
  const path = join(dataDir, "audit-signing-key.pem");
  if (configured !== undefined) {
    const left = await readFile(path, "utf8").catch(() => undefined);
    return readAuditKey(configured, left === undefined ? earlier : [...earlier, createPublicKey(left)]);
  }
  const make = (): string =>
    generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  return readAuditKey(await madeOnce(path, make), earlier);
}
