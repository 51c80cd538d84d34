import { VigilError } from "../errors.ts";
import type { KeyService, NamedKey } from "./key-service.ts";
import { openRecord, sealRecord } from "./record.ts";

/** Keys from the configuration or the data directory: the first wraps, the others still unwrap. */
export function createKeyring(keys: readonly NamedKey[]): KeyService {
  const [current] = keys;
  if (!current) throw new Error("a keyring has at least one key");
  const byId = new Map(keys.map(({ id, key }) => [id, key]));
  const noId = Buffer.alloc(16); // the key is named beside the record, by a text
  return {
    currentKeyId: current.id,
    async wrap(key, context) {
      return { keyId: current.id, wrapped: sealRecord(current.key, noId, `${context}\n${current.id}`, key) };
    },
    async unwrap(wrapped, keyId, context) {
      const key = byId.get(keyId);
      if (!key) {
        throw new VigilError("UNAVAILABLE", `The encryption key "${keyId}" is not among VIGIL_ENCRYPTION_KEYS.`);
      }
      return openRecord(key, `${context}\n${keyId}`, wrapped);
    },
  };
}
