/** Reads a MaxMind DB file: whole, into memory, but without holding anybody up. */
import { open, readFile } from "node:fs/promises";
import { Reader, type Response } from "mmdb-lib";

export interface Mmdb {
  /** The record of an address, as the file has it; undefined: it has none. */
  get(address: string): unknown;
  /** The day the file was made, YYYYMMDD. */
  day: string;
}

const marker = Buffer.from("\xab\xcd\xefMaxMind.com", "latin1");
const tailBytes = 128 * 1_024; // the format's limit of the metadata at the end

/** What keeps a file from being read as a MaxMind DB; undefined: nothing that can be seen without reading it whole. */
export async function mmdbFault(path: string): Promise<string | undefined> {
  try {
    const file = await open(path);
    try {
      const { size } = await file.stat();
      const length = Math.min(size, tailBytes);
      const { buffer } = await file.read({ buffer: Buffer.alloc(length), position: size - length });
      return buffer.includes(marker) ? undefined : `${path} is no MaxMind DB (.mmdb) file`;
    } finally {
      await file.close();
    }
  } catch (error) {
    return `${path} cannot be read: ${(error as NodeJS.ErrnoException).code ?? (error as Error).message}`;
  }
}

/** Throws what is wrong with the file. */
export async function openMmdb(path: string): Promise<Mmdb> {
  const reader = new Reader<Response>(await readFile(path));
  const { buildEpoch } = reader.metadata;
  return {
    get(address) {
      try {
        return reader.get(address) ?? undefined;
      } catch {
        return undefined; // an IPv6 address in a file of IPv4, or a record that is broken
      }
    },
    day: buildEpoch.toISOString().slice(0, 10).replaceAll("-", ""),
  };
}
