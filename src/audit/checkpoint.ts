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

/** The state before the first entry can be restored, too. */
const restoredSchema = schema.extend({
  seq: z.number().int().nonnegative(),
  hash: z.string().regex(/^(?:[0-9a-f]{64})?$/),
});

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

/** Says that an older state of the log was restored, which goes on from here: what was signed before of later entries is lost. */
export interface Restored extends Checkpoint {
  kind: "RESTORED";
}

/** What stands in the checkpoint file. */
export type Statement = Checkpoint | Cut | Restored;

function statement(
  { organization, seq, hash, at }: Omit<Checkpoint, "key" | "signature">,
  what: "checkpoint" | "cut" | "restored",
): string {
  return `vigil audit ${what} v1\n${organization}\n${seq}\n${hash}\n${at}\n`;
}

function signed(
  key: AuditKey,
  what: "checkpoint" | "cut" | "restored",
  { organization, seq, hash, now }: Head & { organization: string; now: number },
): Checkpoint {
  const said = { organization, seq, hash, at: new Date(now).toISOString() };
  return { ...said, key: key.id, signature: key.sign(statement(said, what)).toString("base64") };
}

export function signCheckpoint(key: AuditKey, organization: string, { seq, hash }: Head, now: number): Checkpoint {
  return signed(key, "checkpoint", { organization, seq, hash, now });
}

export function signCut(key: AuditKey, organization: string, { seq, hash }: Head, now: number): Cut {
  return { kind: "CUT", ...signed(key, "cut", { organization, seq, hash, now }) };
}

export function signRestored(key: AuditKey, organization: string, { seq, hash }: Head, now: number): Restored {
  return { kind: "RESTORED", ...signed(key, "restored", { organization, seq, hash, now }) };
}

/** Whether our key or an earlier one of ours signed it; undefined: another did, which we cannot judge. */
export function isGenuine(key: AuditKey, said: Statement): boolean | undefined {
  const what = "kind" in said ? (said.kind === "CUT" ? "cut" : "restored") : "checkpoint";
  return key.verifyBy(said.key, statement(said, what), Buffer.from(said.signature, "base64"));
}

/** Whether it was signed before a restore, of an entry that the restored log did not have. */
export function isLost(said: Statement, restored: readonly Restored[]): boolean {
  return restored.some(({ seq, at }) => said.seq > seq && said.at < at);
}

/** Now, but not before a restore, though a clock was set back: what was signed before it may be lost. */
export function timeAfter(restored: readonly Restored[], now: number): number {
  return restored.reduce((latest, { at }) => Math.max(latest, Date.parse(at)), now);
}

/** A line of the checkpoint file: a checkpoint, `{"cut": …}` or `{"restored": …}`; undefined when it is none of them. */
export function parseCheckpoint(line: string): Statement | undefined {
  try {
    const read = JSON.parse(line) as { cut?: unknown; restored?: unknown };
    if (read.cut !== undefined) return { kind: "CUT", ...schema.parse(read.cut) };
    if (read.restored !== undefined) return { kind: "RESTORED", ...restoredSchema.parse(read.restored) };
    return schema.parse(read);
  } catch {
    return undefined;
  }
}

/** What `parseCheckpoint` reads. */
export function checkpointLine(said: Statement): string {
  if (!("kind" in said)) return JSON.stringify(said);
  const { kind, ...rest } = said;
  return JSON.stringify({ [kind.toLowerCase()]: rest });
}
