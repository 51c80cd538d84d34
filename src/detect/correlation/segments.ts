/** The times that an episode covers: every counted event within them was in a window that fired, so it is counted. */

/** First and last event time, both inside. */
export type Segment = readonly [from: number, to: number];

const mostSegments = 16; // of one episode; beyond it the two oldest become one

export function covering(segments: readonly Segment[], time: number): Segment | undefined {
  for (let index = segments.length - 1; index >= 0; index--) {
    const segment = segments[index] as Segment;
    if (time >= segment[0] && time <= segment[1]) return segment;
  }
  return undefined;
}

/** Sorted; those that overlap become one. */
export function joined(segments: readonly Segment[], more: readonly Segment[]): Segment[] {
  const result: Segment[] = [];
  for (const [from, to] of [...segments, ...more].sort((one, other) => one[0] - other[0])) {
    const last = result.at(-1);
    if (last && from <= last[1]) result[result.length - 1] = [last[0], Math.max(last[1], to)];
    else result.push([from, to]);
  }
  const [oldest, next] = result;
  if (oldest && next && result.length > mostSegments) result.splice(0, 2, [oldest[0], next[1]]);
  return result;
}
