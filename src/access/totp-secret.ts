/** How the secrets of second factors are kept: sealed with AES-256-GCM, bound to their user, under a key of the server's. */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";

const version = 1;
const nonceSize = 12; // bytes
const tagSize = 16; // bytes

/** Whose secret it is: a sealed secret opens for nobody else. */
export interface SecretOwner {
  organizationId: string;
  userId: string;
}

export interface TotpSeal {
  sealTotpSecret(owner: SecretOwner, secret: Uint8Array): Buffer;
  /** Throws for a secret that was changed, is another user's, or was sealed by another server's key. */
  openTotpSecret(owner: SecretOwner, sealed: Uint8Array): Buffer;
}

/** Seals under a key derived from the server's own secret. */
export function createTotpSeal(serverSecret: string): TotpSeal {
  const key = Buffer.from(hkdfSync("sha256", serverSecret, "", "vigil second factors", 32));
  const bindingOf = ({ organizationId, userId }: SecretOwner): Buffer =>
    Buffer.from(`second_factors/sealed_secret/${organizationId}/${userId}`);

  return {
    sealTotpSecret(owner, secret) {
      const nonce = randomBytes(nonceSize);
      const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(bindingOf(owner));
      const sealed = Buffer.concat([cipher.update(secret), cipher.final()]);
      return Buffer.concat([Buffer.of(version), nonce, cipher.getAuthTag(), sealed]);
    },
    openTotpSecret(owner, sealed) {
      const bytes = Buffer.from(sealed);
      if (bytes[0] !== version || bytes.length <= 1 + nonceSize + tagSize)
        throw new Error("A sealed secret is damaged");
      const nonce = bytes.subarray(1, 1 + nonceSize);
      const tag = bytes.subarray(1 + nonceSize, 1 + nonceSize + tagSize);
      const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: tagSize });
      decipher.setAAD(bindingOf(owner)).setAuthTag(tag);
      return Buffer.concat([decipher.update(bytes.subarray(1 + nonceSize + tagSize)), decipher.final()]);
    },
  };
}
