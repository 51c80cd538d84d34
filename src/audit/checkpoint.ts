/**
 * A checkpoint: where an organization's audit chain stood at a moment, signed. Kept outside the database, it shows what
 * the chain alone cannot: an end cut off, a chain computed anew, an older state restored.
 */
import { z } from "zod";
import type { AuditKey } from "./key.ts";

const schema = z.object({
  organization: z.uuid(),
  /** The last entry it covers. */
  seq: z.number().int().positive(),
  /** That entry's hash, in hexadecimal. */
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  /** ISO 8601. */
  at: z.string(),
  /** The signing key's id. */
  key: z.string(),
  /** Base64 of the Ed25519 signature. */
  signature: z.string(),
});
export type Checkpoint = z.infer<typeof schema>;

/** The end of an audit chain. */
export interface Head {
  seq: number;
  /** Hexadecimal. */
  hash: string;
}

function statement({ organization, seq, hash, at }: Omit<Checkpoint, "key" | "signature">): string {
  return `vigil audit checkpoint v1\n${organization}\n${seq}\n${hash}\n${at}\n`;
}

export function signCheckpoint(key: AuditKey, organization: string, { seq, hash }: Head, now: number): Checkpoint {
  const said = { organization, seq, hash, at: new Date(now).toISOString() };
  return { ...said, key: key.id, signature: key.sign(statement(said)).toString("base64") };
}

/** Whether our key signed it; undefined: another key did, which we cannot judge. */
export function isGenuine(key: AuditKey, checkpoint: Checkpoint): boolean | undefined {
  if (checkpoint.key !== key.id) return undefined;
  return key.verify(statement(checkpoint), Buffer.from(checkpoint.signature, "base64"));
}

/** A line of the checkpoint file; undefined when it is none. */
export function parseCheckpoint(line: string): Checkpoint | undefined {
  try {
    return schema.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
}
