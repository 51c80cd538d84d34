const step = 900_000; // 15 minutes: every zone's offset changes on such a mark
const cacheLimit = 10_000;

/** Turns a wall clock's time, read as UTC, into the true epoch ms in the zone. Throws a RangeError for an unknown zone. */
export function zoneReader(timeZone: string | undefined): (wall: number) => number {
  if (timeZone === undefined || timeZone === "UTC") return (wall) => wall;
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  const offsets = new Map<number, number>();

  function offsetAt(epoch: number): number {
    const mark = Math.floor(epoch / step) * step;
    let offset = offsets.get(mark);
    if (offset === undefined) {
      const parts: Record<string, number> = {};
      for (const { type, value } of format.formatToParts(mark)) parts[type] = Number(value);
      const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
      offset = Date.UTC(year, month - 1, day, hour, minute, second) - mark;
      if (offsets.size >= cacheLimit) offsets.clear();
      offsets.set(mark, offset);
    }
    return offset;
  }

  // The offset at the wall time taken for UTC is near enough to find the right one, except within hours of a change.
  return (wall) => wall - offsetAt(wall - offsetAt(wall));
}
