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

/** Says that the log begins behind a checkpoint, since the entries up to it were kept long enough. */
export interface Cut extends Checkpoint {
  kind: "CUT";
}

function statement(
  { organization, seq, hash, at }: Omit<Checkpoint, "key" | "signature">,
  what: "checkpoint" | "cut" = "checkpoint",
): string {
  return `vigil audit ${what} v1\n${organization}\n${seq}\n${hash}\n${at}\n`;
}

export function signCheckpoint(key: AuditKey, organization: string, { seq, hash }: Head, now: number): Checkpoint {
  const said = { organization, seq, hash, at: new Date(now).toISOString() };
  return { ...said, key: key.id, signature: key.sign(statement(said)).toString("base64") };
}

export function signCut(key: AuditKey, organization: string, { seq, hash }: Head, now: number): Cut {
  const said = { organization, seq, hash, at: new Date(now).toISOString() };
  return { kind: "CUT", ...said, key: key.id, signature: key.sign(statement(said, "cut")).toString("base64") };
}

/** Whether our key or an earlier one of ours signed it; undefined: another did, which we cannot judge. */
export function isGenuine(key: AuditKey, checkpoint: Checkpoint | Cut): boolean | undefined {
  const what = "kind" in checkpoint ? "cut" : "checkpoint";
  return key.verifyBy(checkpoint.key, statement(checkpoint, what), Buffer.from(checkpoint.signature, "base64"));
}

/** A line of the checkpoint file: a checkpoint, or `{"cut": …}`; undefined when it is neither. */
export function parseCheckpoint(line: string): Checkpoint | Cut | undefined {
  try {
    const read = JSON.parse(line) as { cut?: unknown };
    return read.cut === undefined ? schema.parse(read) : { kind: "CUT", ...schema.parse(read.cut) };
  } catch {
    return undefined;
  }
}

/** What `parseCheckpoint` reads. */
export function checkpointLine(said: Checkpoint | Cut): string {
  if (!("kind" in said)) return JSON.stringify(said);
  const { kind: _, ...cut } = said;
  return JSON.stringify({ cut });
}
