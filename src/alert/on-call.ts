/**
 * Who is on call: layers of people in turn, of which the later one wins where it applies, and overrides, which win over
 * all. Turns change by the wall's clock, so that a hand-over at 09:00 stays at 09:00 when clocks change. Decides only.
 */
import { datePlus, localAt, minutesOf, momentOf } from "./local-time.ts";
import { type Hours, isWithin } from "./mute-times.ts";

export interface Layer {
  name: string;
  /** Ids, in turn. */
  users: readonly string[];
  /** The date of its first hand-over, YYYY-MM-DD. */
  startsOn: string;
  /** The time of every hand-over, HH:MM. */
  handOver: string;
  /** How many days a turn lasts: 1 daily, 7 weekly. */
  turnDays: number;
  /** When it applies; empty: always. */
  hours: readonly Hours[];
}

export interface Schedule {
  /** IANA. */
  timeZone: string;
  layers: readonly Layer[];
}

export interface Override {
  userId: string;
  /** Epoch ms; `endsAt` is past it. */
  startsAt: number;
  endsAt: number;
}

const dayMs = 86_400_000;

/** Who is on call, and what says so: a layer's name; null: an override. */
export interface Duty {
  userId: string;
  layer: string | null;
}

/** Who is on call at a moment, epoch ms; null: nobody. Of several overrides the one that started last wins. */
export function dutyAt({ timeZone, layers }: Schedule, overrides: readonly Override[], at: number): Duty | null {
  const over = overrides
    .filter(({ startsAt, endsAt }) => startsAt <= at && at < endsAt)
    .reduce<Override | undefined>((last, one) => (last && last.startsAt > one.startsAt ? last : one), undefined);
  if (over) return { userId: over.userId, layer: null };
  for (const layer of [...layers].reverse()) {
    if (layer.hours.length > 0 && !layer.hours.some((hours) => isWithin(hours, timeZone, at))) continue;
    const userId = turnAt(layer, timeZone, at);
    if (userId !== undefined) return { userId, layer: layer.name };
  }
  return null;
}

/** The id of who is on call at a moment, epoch ms; null: nobody. */
export function onCallAt(schedule: Schedule, overrides: readonly Override[], at: number): string | null {
  return dutyAt(schedule, overrides, at)?.userId ?? null;
}

/** A layer without people or turns, which no change lets in, has nobody on call. */
function turnAt({ users, startsOn, handOver, turnDays }: Layer, timeZone: string, at: number): string | undefined {
  if (users.length === 0 || !(turnDays >= 1)) return undefined;
  const { date } = localAt(timeZone, at);
  // by moments, not by the clock's reading: an hour that comes twice does not hand back
  const begun = at >= momentOf(timeZone, date, minutesOf(handOver) ?? 0) ? date : datePlus(date, -1);
  const days = Math.round((Date.parse(begun) - Date.parse(startsOn)) / dayMs);
  return days < 0 ? undefined : users[Math.floor(days / turnDays) % users.length];
}

export interface Shift {
  userId: string | null;
  /** Epoch ms. */
  from: number;
  to: number;
}

/** Who is on call from one moment to another, without a gap: where nobody is, `userId` is null. */
export function onCallBetween(
  schedule: Schedule,
  overrides: readonly Override[],
  { from, to }: { from: number; to: number },
): Shift[] {
  const shifts: Shift[] = [];
  const edges = [...edgesOf(schedule, overrides, from, to)].sort((a, b) => a - b);
  edges.forEach((start, index) => {
    const end = edges[index + 1] ?? to;
    const userId = onCallAt(schedule, overrides, start);
    const last = shifts.at(-1);
    if (last && last.userId === userId) last.to = end;
    else shifts.push({ userId, from: start, to: end });
  });
  return shifts;
}

/** Every moment at which somebody else may be on call, and some more. */
function edgesOf(
  { timeZone, layers }: Schedule,
  overrides: readonly Override[],
  from: number,
  to: number,
): Set<number> {
  const edges = new Set([from]);
  const add = (at: number): void => void (at > from && at < to && edges.add(at));
  for (const { startsAt, endsAt } of overrides) for (const at of [startsAt, endsAt]) add(at);
  const marks = new Set([0]);
  for (const { handOver, hours } of layers) {
    for (const text of [handOver, ...hours.flatMap((one) => [one.from, one.to])]) marks.add(minutesOf(text ?? "") ?? 0);
  }
  const last = datePlus(localAt(timeZone, to).date, 1);
  for (let date = datePlus(localAt(timeZone, from).date, -1); date <= last; date = datePlus(date, 1)) {
    const start = momentOf(timeZone, date, 0);
    const end = momentOf(timeZone, datePlus(date, 1), 0);
    for (const minute of marks) add(momentOf(timeZone, date, minute));
    // the clocks change on this day: marks may come twice or be leapt over
    if (end - start !== dayMs) for (let at = start; at < end; at += 60_000) add(at);
  }
  return edges;
}
