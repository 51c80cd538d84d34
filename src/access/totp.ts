/** Codes that change every 30 seconds (RFC 6238 over RFC 4226), as authenticator applications make them. */
import { createHmac, timingSafeEqual } from "node:crypto";

const period = 30_000; // 30 seconds
const tolerance = 1; // steps that two clocks may differ, either way
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

export type Digest = "sha1" | "sha256" | "sha512";

/** The time step of a moment (epoch ms). */
export function stepOf(at: number): number {
  return Math.floor(at / period);
}

/** The code of one step. Applications know SHA-1 and 6 digits; the rest is for the RFC's own examples. */
export function codeOf(secret: Uint8Array, step: number, digits = 6, digest: Digest = "sha1"): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac(digest, secret).update(counter).digest();
  const offset = (mac.at(-1) ?? 0) & 0x0f;
  const number = mac.readUInt32BE(offset) & 0x7fff_ffff;
  return String(number % 10 ** digits).padStart(digits, "0");
}

/** The step that this code is of, around now and after `lastStep` (no code is good twice); undefined: none. */
export function matchingStep(secret: Uint8Array, code: string, now: number, lastStep: number): number | undefined {
  if (!/^[0-9]{6}$/.test(code)) return undefined;
  let found: number | undefined;
  for (let step = stepOf(now) - tolerance; step <= stepOf(now) + tolerance; step++) {
    const isSame = timingSafeEqual(Buffer.from(codeOf(secret, step)), Buffer.from(code));
    if (isSame && step > lastStep) found ??= step;
  }
  return found;
}

/** Base 32 (RFC 4648, no padding), in which secrets are typed. */
export function toBase32(bytes: Uint8Array): string {
  let bits = 0;
  let rest = 0;
  let text = "";
  for (const byte of bytes) {
    rest = (rest << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += alphabet[(rest >> bits) & 31];
    }
    rest &= (1 << bits) - 1;
  }
  return bits > 0 ? text + alphabet[(rest << (5 - bits)) & 31] : text;
}

/** What the QR code of an enrolment says. */
export function otpauthUri(secret: Uint8Array, account: string): string {
  return `otpauth://totp/Vigil:${encodeURIComponent(account)}?secret=${toBase32(secret)}&issuer=Vigil&algorithm=SHA1&digits=6&period=30`;
}
