/**
 * Unwrapped data keys, bounded in number and age. While the key service is down, keys that are here go on opening for
 * a while; nothing new is sealed.
 */
import { VigilError } from "../errors.ts";
import type { KeyService } from "./key-service.ts";

/** A row of `data_keys`. */
export interface WrappedKey {
  id: string;
  kek_id: string;
  wrapped: Buffer;
}

interface Entry {
  key: Buffer;
  /** When the key service last gave it, epoch ms. */
  at: number;
}

export const freshFor = 300_000; // 5 minutes: until then the key service is not asked again
export const openFor = 3_600_000; // 1 hour: how long a key opens without the key service
const maximum = 4_000; // keys kept: two organizations' worth each kilobyte

export type KeyUse = "SEAL" | "OPEN";

export function createKeyCache(service: KeyService, now: () => number) {
  const entries = new Map<string, Entry>();

  function keep(id: string, key: Buffer): Buffer {
    entries.delete(id);
    entries.set(id, { key, at: now() });
    if (entries.size > maximum) entries.delete(entries.keys().next().value as string);
    return key;
  }

  return {
    keep,
    /** The key where it need not be asked for. */
    fresh(id: string): Buffer | undefined {
      const entry = entries.get(id);
      return entry && Math.abs(now() - entry.at) < freshFor ? entry.key : undefined;
    },
    /** The key of a row, from here or from the key service. */
    async key(row: WrappedKey, organizationId: string, use: KeyUse): Promise<Buffer> {
      const fresh = this.fresh(row.id);
      if (fresh) return fresh;
      try {
        return keep(row.id, await service.unwrap(row.wrapped, row.kek_id, contextOf(organizationId, row.id)));
      } catch (error) {
        const entry = entries.get(row.id);
        if (use === "OPEN" && entry && now() - entry.at < openFor) return entry.key;
        if (error instanceof VigilError) throw error;
        const what = `The data key ${row.id} could not be unwrapped with the key "${row.kek_id}".`;
        throw new VigilError("UNAVAILABLE", what, { cause: error });
      }
    },
  };
}

/** What a wrapped key is bound to: it does not unwrap as another organization's, nor as another key. */
export function contextOf(organizationId: string, id: string): string {
  return `data_keys\n${organizationId}\n${id}`;
}
