/** Hours as people live them: by the organization's time zone, with its daylight saving. */

const quarterMs = 900_000; // time zones differ by quarters of an hour
const days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

interface Zone {
  format: Intl.DateTimeFormat;
  /** Hour of the week by quarter of an hour since the epoch; only so that the same answer is not computed again. */
  found: Map<number, number>;
}

const zones = new Map<string, Zone>();
const kept = 4_096; // quarters of an hour, 6 weeks

function zoneOf(timeZone: string): Zone {
  const known = zones.get(timeZone);
  if (known) return known;
  const zone = { format: formatOf(timeZone), found: new Map<number, number>() };
  zones.set(timeZone, zone);
  return zone;
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const parts = { weekday: "short", hour: "2-digit", hourCycle: "h23" } as const;
  try {
    return new Intl.DateTimeFormat("en-US", { ...parts, timeZone });
  } catch {
    return new Intl.DateTimeFormat("en-US", { ...parts, timeZone: "UTC" }); // a zone that this Node does not know
  }
}

/** 0 is Monday 00:00–00:59, 167 Sunday 23:00–23:59. */
export function hourOfWeek(time: number, timeZone: string): number {
  const { format, found } = zoneOf(timeZone);
  const quarter = Math.floor(time / quarterMs);
  const known = found.get(quarter);
  if (known !== undefined) return known;
  if (found.size >= kept) found.clear();
  const parts = format.formatToParts(quarter * quarterMs);
  const read = (type: string) => parts.find((part) => part.type === type)?.value ?? "";
  const hour = days.indexOf(read("weekday")) * 24 + Number(read("hour"));
  found.set(quarter, hour);
  return hour;
}

/** e.g. `Tue 02:00–03:00`. */
export function hourWords(hour: number): string {
  return `${days[Math.floor(hour / 24)]} ${clock(hour % 24)}–${clock((hour % 24) + 1)}`;
}

export function dayWords(from: number, to: number): string {
  return from === to ? (days[from] as string) : `${days[from]}–${days[to]}`;
}

export function clock(hour: number): string {
  return `${String(hour).padStart(2, "0")}:00`;
}
