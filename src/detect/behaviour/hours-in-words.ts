import { clock, dayWords } from "./local-time.ts";

const often = 0.15; // of the busiest hour

/** e.g. `usually 08:00–18:00 Mon–Fri, 09:00–13:00 Sat`; undefined: nothing yet. */
export function hoursInWords(weights: readonly number[]): string | undefined {
  const least = Math.max(...weights, 0) * often;
  if (least === 0) return undefined;
  const ofDays = Array.from({ length: 7 }, (_, day) => spansOf(weights.slice(day * 24, day * 24 + 24), least));
  const told: string[] = [];
  for (let day = 0; day < 7; ) {
    let to = day;
    while (to < 6 && ofDays[to + 1] === ofDays[day]) to++;
    if (ofDays[day] !== "") told.push(`${ofDays[day]} ${dayWords(day, to)}`);
    day = to + 1;
  }
  return told.length === 0 ? undefined : `usually ${told.join(", ")}`;
}

const gap = 2; // hours of a break that are no end of work

function spansOf(day: readonly number[], least: number): string {
  const spans: [from: number, to: number][] = [];
  for (const [hour, weight] of day.entries()) {
    if (weight < least) continue;
    const last = spans.at(-1);
    if (last && hour - last[1] <= gap) last[1] = hour + 1;
    else spans.push([hour, hour + 1]);
  }
  return spans.map(([from, to]) => `${clock(from)}–${clock(to)}`).join(" and ");
}
