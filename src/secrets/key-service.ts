/** Who holds the keys that wrap the data keys. The local keyring is one; a key management service would be another. */
export interface KeyService {
  /** The key that wraps from now on. */
  readonly currentKeyId: string;
  /** Wraps a data key under the current key. `context` is bound to it: it must be given again to unwrap. */
  wrap(key: Buffer, context: string): Promise<{ keyId: string; wrapped: Buffer }>;
  /** Throws when the key is unknown, the service cannot be reached, or anything was changed. */
  unwrap(wrapped: Buffer, keyId: string, context: string): Promise<Buffer>;
}

/** A key of the keyring. */
export interface NamedKey {
  id: string;
  /** 32 bytes. */
  key: Buffer;
}
