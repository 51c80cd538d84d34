const units = { D: 86_400, H: 3_600, M: 60, S: 1 } as const;
const names = { D: "day", H: "hour", M: "minute", S: "second" } as const;

/** Seconds of an ISO 8601 duration of weeks, days and shorter; 0: not one. */
export function secondsOf(duration: string): number {
  const parts = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?)?$/.exec(duration);
  if (!parts) return 0;
  const [weeks, days, hours, minutes, seconds] = parts.slice(1).map((part) => Number(part ?? 0)) as number[];
  return (weeks ?? 0) * 7 * 86_400 + (days ?? 0) * 86_400 + (hours ?? 0) * 3_600 + (minutes ?? 0) * 60 + (seconds ?? 0);
}

/** A length of time in words, by its two biggest units: 1 hour 30 minutes. */
export function durationText(seconds: number): string {
  let rest = Math.round(seconds);
  const said: string[] = [];
  for (const unit of ["D", "H", "M", "S"] as const) {
    const count = Math.floor(rest / units[unit]);
    rest -= count * units[unit];
    if (count > 0) said.push(`${count} ${names[unit]}${count === 1 ? "" : "s"}`);
  }
  return said.slice(0, 2).join(" ") || "0 seconds";
}
