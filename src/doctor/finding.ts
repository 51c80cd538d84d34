/** What `vigil doctor` says of one thing, and how to mend it. */

export interface Finding {
  /** What was looked at, e.g. `database`. */
  part: string;
  /** BAD: Vigil does not work, or what it holds is in danger. CARE: somebody should look at it. */
  level: "GOOD" | "CARE" | "BAD";
  /** How it is. */
  says: string;
  /** What to do; absent where nothing is. */
  mend?: string;
}

export const good = (part: string, says: string): Finding => ({ part, level: "GOOD", says });
export const care = (part: string, says: string, mend: string): Finding => ({ part, level: "CARE", says, mend });
export const bad = (part: string, says: string, mend: string): Finding => ({ part, level: "BAD", says, mend });

const marks = { GOOD: "ok  ", CARE: "care", BAD: "BAD " } as const;

/** One line for each, and one more below it that says how to mend it. */
export function findingLines(findings: readonly Finding[]): string[] {
  const width = Math.max(...findings.map(({ part }) => part.length));
  return findings.flatMap(({ part, level, says, mend }) => [
    `${marks[level]}  ${part.padEnd(width)}  ${says}`,
    ...(mend === undefined ? [] : [`${" ".repeat(width + 6)}  -> ${mend}`]),
  ]);
}
