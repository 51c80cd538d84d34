/**
 * What a sealed value looks like: version (1 byte) ‖ key id (16) ‖ nonce (12) ‖ tag (16) ‖ data, AES-256-GCM. The place
 * it belongs to is authenticated with it, so a record opens only where it was sealed.
 */
import { createCipheriv, createDecipheriv, randomFillSync } from "node:crypto";

const version = 1;
const keyIdEnd = 17;
const nonceEnd = keyIdEnd + 12;
const tagEnd = nonceEnd + 16;

/** Where a record's key id stands, for SQL: `substring(column FROM 2 FOR 16)`. */
export const keyIdInSql = (column: string): string => `encode(substring(${column} FROM 2 FOR 16), 'hex')::uuid`;

/** A record cannot be opened: changed, cut, moved to another place, or of another key. Says nothing of its content. */
export class RecordFault extends Error {}

const nonces = Buffer.alloc(12 * 1_024);
let used = nonces.length;

/** 96 fresh random bits, from a pool: one system call for a thousand. Each is copied out and given once. */
function writeNonce(record: Buffer): void {
  if (used === nonces.length) {
    randomFillSync(nonces);
    used = 0;
  }
  nonces.copy(record, keyIdEnd, used, used + 12);
  nonces.fill(0, used, used + 12);
  used += 12;
}

export function sealRecord(key: Buffer, keyId: Buffer, place: string, data: Buffer | string): Buffer {
  const header = Buffer.alloc(tagEnd);
  header[0] = version;
  keyId.copy(header, 1);
  writeNonce(header);
  const cipher = createCipheriv("aes-256-gcm", key, header.subarray(keyIdEnd, nonceEnd));
  cipher.setAAD(authenticated(header, place));
  const body = typeof data === "string" ? cipher.update(data, "utf8") : cipher.update(data);
  cipher.final();
  cipher.getAuthTag().copy(header, nonceEnd);
  return Buffer.concat([header, body]);
}

export function openRecord(key: Buffer, place: string, record: Buffer): Buffer {
  if (record.length < tagEnd || record[0] !== version) throw new RecordFault("this is no record of Vigil");
  const decipher = createDecipheriv("aes-256-gcm", key, record.subarray(keyIdEnd, nonceEnd), { authTagLength: 16 });
  decipher.setAAD(authenticated(record, place));
  decipher.setAuthTag(record.subarray(nonceEnd, tagEnd));
  try {
    return Buffer.concat([decipher.update(record.subarray(tagEnd)), decipher.final()]);
  } catch {
    throw new RecordFault("a sealed record does not open here: it was changed, moved, or sealed under another key");
  }
}

/** Version, key id and place. */
function authenticated(header: Buffer, place: string): Buffer {
  return Buffer.concat([header.subarray(0, keyIdEnd), Buffer.from(place, "utf8")]);
}

/** The id of the key a record was sealed with. */
export function keyIdOf(record: Buffer): string {
  if (record.length < tagEnd || record[0] !== version) throw new RecordFault("this is no record of Vigil");
  const hex = record.toString("hex", 1, keyIdEnd);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

export function keyIdBytes(id: string): Buffer {
  return Buffer.from(id.replaceAll("-", ""), "hex");
}
