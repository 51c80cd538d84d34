/** Short texts that only this installation can have made: what they hold can be read by anybody, and changed by nobody. */
import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";

const macSize = 16; // bytes of HMAC-SHA256 that are kept: links go out by SMS

export interface TokenSigner {
  /** `purpose` keeps tokens of one kind from being taken for another's. */
  sign(purpose: string, content: Uint8Array): string;
  /** What a token of that purpose holds; undefined: it was not made here. */
  read(purpose: string, token: string): Buffer | undefined;
}

/** `secret`: the installation's own, which all of its processes share. */
export function createTokenSigner(secret: string): TokenSigner {
  const keys = new Map<string, Buffer>();
  function macOf(purpose: string, content: Uint8Array): Buffer {
    const key = keys.get(purpose) ?? Buffer.from(hkdfSync("sha256", secret, "vigil signed token", purpose, 32));
    keys.set(purpose, key);
    return createHmac("sha256", key).update(content).digest().subarray(0, macSize);
  }
  return {
    sign: (purpose, content) => Buffer.concat([content, macOf(purpose, content)]).toString("base64url"),
    read(purpose, token) {
      if (!/^[\w-]{24,1000}$/.test(token)) return undefined;
      const bytes = Buffer.from(token, "base64url");
      if (bytes.length <= macSize || bytes.toString("base64url") !== token) return undefined; // one spelling each
      const content = bytes.subarray(0, -macSize);
      return timingSafeEqual(bytes.subarray(-macSize), macOf(purpose, content)) ? content : undefined;
    },
  };
}
