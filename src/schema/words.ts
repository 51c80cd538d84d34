import { wordsKey } from "../audit/phi-read.ts";
import type { WordsKind } from "../secrets/words.ts";
import type { Context } from "./context.ts";
import { mark, mayReadPatients } from "./phi.ts";
import { openSealed } from "./sealed.ts";

interface Words {
  /** The row's id. */
  id: string;
  sealed: Uint8Array | null;
  /** The same in clear, of before words were sealed. */
  clear?: string | null;
}

/**
 * What a person wrote. It may name patients, so it is withheld from whoever may not read their data, but for its
 * writer; what others read of it is noted for the audit log.
 */
export async function readWords(
  context: Context,
  kind: WordsKind,
  words: Words,
  isWriter = false,
): Promise<string | null> {
  const { id, sealed, clear = null } = words;
  if (!sealed && clear === null) return null;
  if (!isWriter && !(await mayReadPatients(context))) return mark;
  const opened = sealed ? await openSealed<string>(context, kind, { id, sealed }) : clear;
  if (opened === null || opened === undefined) return mark;
  if (!isWriter) context.patients?.add(`${wordsKey}${kind}:${id}`); // whom they name is not known
  return opened;
}
