/** What a follower was shown, beside what there was to be shown. Pure. */
export interface Judgement {
  missed: number;
  doubled: number;
  outOfOrder: number;
  /** Shown, and in nobody's feed. */
  foreign: number;
}

/** `due` and `shown` are places in the feed, each place once in `due`. */
export function judge(due: readonly string[], shown: readonly string[]): Judgement {
  const places = new Map(due.map((place, index) => [place, index]));
  const seen = new Set<string>();
  const verdict: Judgement = { missed: 0, doubled: 0, outOfOrder: 0, foreign: 0 };
  let last = -1;
  for (const place of shown) {
    const index = places.get(place);
    if (index === undefined) verdict.foreign++;
    else if (seen.has(place)) verdict.doubled++;
    else {
      if (index < last) verdict.outOfOrder++;
      last = Math.max(last, index);
      seen.add(place);
    }
  }
  verdict.missed = due.length - seen.size;
  return verdict;
}
