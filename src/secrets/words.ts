import type { Tx } from "../db.ts";
import { sealedColumns } from "./sealed-columns.ts";
import type { Vault } from "./vault.ts";

/** Where a person's own words are kept. */
export type WordsKind =
  | "resolution"
  | "entry"
  | "breakGlassReason"
  | "breakGlassNote"
  | "reviewNote"
  | "task"
  | "evidence";

/** What sealing words needs. */
export type WordsVault = Pick<Vault, "seal" | "indexer">;

export interface SealedWords {
  sealed: Buffer;
  /** Keyed by the organization: for the audit log, which shows by it that the words stayed as they were, and not what they are. */
  digest: string;
}

/** Seals what a person wrote, which may name patients, for one row. */
export async function sealWords(
  tx: Tx,
  vault: WordsVault,
  { kind, rowId, text }: { kind: WordsKind; rowId: string; text: string },
): Promise<SealedWords> {
  const place = sealedColumns[kind];
  const [sealed] = await vault.seal(tx, place, [{ rowId, data: JSON.stringify(text) }]);
  const digestOf = await vault.indexer(tx, place);
  return { sealed: sealed as Buffer, digest: digestOf(text).toString("hex") };
}
