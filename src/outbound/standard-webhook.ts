/** Signs and verifies messages as Standard Webhooks 1.0.0 has it (https://www.standardwebhooks.com). Pure. */
import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  randomBytes,
  sign,
  timingSafeEqual,
  verify,
} from "node:crypto";

/** A secret of the symmetric kind (v1), as both sides know it. */
export function makeWebhookSecret(): string {
  return `whsec_${randomBytes(32).toString("base64")}`;
}

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/;
const seeds = Buffer.from("302e020100300506032b657004220420", "hex"); // PKCS #8 of an Ed25519 seed (RFC 8410)

/** What is wrong with a secret; undefined: it can sign. The words repeat nothing of it. */
export function secretFault(secret: string): string | undefined {
  const [, prefix = "", rest = ""] = /^(whsec_|whsk_)?(.*)$/s.exec(secret) ?? [];
  if (rest === "" || !base64.test(rest)) return "is whsec_ or whsk_ and base64";
  const { length } = Buffer.from(rest, "base64");
  if (prefix === "whsk_") return length === 32 || length === 64 ? undefined : "has an Ed25519 key of 32 or 64 bytes";
  return length >= 24 && length <= 64 ? undefined : "has 24 to 64 bytes";
}

/** `v1,…` by HMAC-SHA256 with a `whsec_` secret, `v1a,…` by Ed25519 with a `whsk_` one, of exactly these bytes. */
export function signatureOf(secret: string, id: string, timestamp: number, body: string): string {
  const signed = `${id}.${timestamp}.${body}`;
  if (secret.startsWith("whsk_"))
    return `v1a,${sign(null, Buffer.from(signed), privateKeyOf(secret)).toString("base64")}`;
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  return `v1,${createHmac("sha256", key).update(signed).digest("base64")}`;
}

/** The headers of a message. Several secrets: one signature each, so that a receiver may change from one to the other. */
export function webhookHeaders(
  secrets: readonly string[],
  id: string,
  now: number,
  body: string,
): Record<string, string> {
  const timestamp = Math.floor(now / 1000);
  return {
    "webhook-id": id,
    "webhook-timestamp": String(timestamp),
    "webhook-signature": secrets.map((secret) => signatureOf(secret, id, timestamp, body)).join(" "),
  };
}

const tolerance = 300; // seconds

/** Whether a message is of whoever has the secret (`whsec_`, or the public key `whpk_`), and of these five minutes. */
export function isSigned(
  secret: string,
  headers: Record<string, string | undefined>,
  body: string,
  now: number,
): boolean {
  const { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": given } = headers;
  if (!id || !given || !timestamp || !/^\d{1,12}$/.test(timestamp)) return false;
  if (Math.abs(Math.floor(now / 1000) - Number(timestamp)) > tolerance) return false;
  return given.split(" ").some((one) => {
    const [version, signature = ""] = one.split(",");
    if (secret.startsWith("whpk_")) {
      const signed = Buffer.from(`${id}.${timestamp}.${body}`);
      return version === "v1a" && verify(null, signed, publicKeyOf(secret), Buffer.from(signature, "base64"));
    }
    const expected = Buffer.from(signatureOf(secret, id, Number(timestamp), body).slice("v1,".length));
    const got = Buffer.from(signature);
    return version === "v1" && got.length === expected.length && timingSafeEqual(got, expected);
  });
}

/** The public half of a `whsk_` key, for receivers. */
export function publicHalf(secret: string): string {
  const der = createPublicKey(privateKeyOf(secret)).export({ format: "der", type: "spki" });
  return `whpk_${der.subarray(-32).toString("base64")}`;
}

function privateKeyOf(secret: string): KeyObject {
  const seed = Buffer.from(secret.slice("whsk_".length), "base64").subarray(0, 32);
  return createPrivateKey({ key: Buffer.concat([seeds, seed]), format: "der", type: "pkcs8" });
}

function publicKeyOf(key: string): KeyObject {
  const prefix = Buffer.from("302a300506032b6570032100", "hex"); // SPKI of an Ed25519 key
  const point = Buffer.from(key.slice("whpk_".length), "base64");
  return createPublicKey({ key: Buffer.concat([prefix, point]), format: "der", type: "spki" });
}
