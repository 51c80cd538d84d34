/** What restores of an older state have lost of an audit log, as far as it had been signed. */
import { isLost, type Restored, type Statement } from "./checkpoint.ts";

/** Entries that a restore has lost; others of the same numbers may be there since. */
export interface Loss {
  from: number;
  /** The last one that is known of. */
  upTo: number;
  /** When the restore was noted, ISO 8601. */
  at: string;
}

/** One for each restore that has lost anything. */
export function lossesOf(restored: readonly Restored[], lost: readonly Statement[]): Loss[] {
  return restored.flatMap((one) => {
    const upTo = lost.reduce((last, said) => (isLost(said, [one]) ? Math.max(last, said.seq) : last), one.seq);
    return upTo > one.seq ? [{ from: one.seq + 1, upTo, at: one.at }] : [];
  });
}
