/** How much of somebody's activity lies near an hour of the week. */

/** What an hour counts for one that is so many hours away. */
const byHours = [1, 0.7, 0.5, 0.3, 0.15];
const sameKindOfDay = 0.5; // Monday to Friday are of a kind, and so are Saturday and Sunday
export const otherKindOfDay = 0.08;
const week = 168;

/** Below this share an hour is unusual: for nine hours on five days, from the fifth hour before or after, at weekends the third. */
export const enoughNear = 0.005;

/** The share of the activity that lies near, each hour by its distance in hours and days; 0 where there is none at all. */
export function near(weights: readonly number[], hour: number, otherDays: number = otherKindOfDay): number {
  let sum = 0;
  for (const weight of weights) sum += weight;
  if (sum === 0) return 0;
  let found = 0;
  for (let days = 0; days < 7; days++) {
    const factor = dayFactor(hour, days, otherDays);
    for (let away = -4; away <= 4; away++) {
      const slot = (hour + days * 24 + away + week) % week;
      found += factor * (byHours[Math.abs(away)] as number) * (weights[slot] ?? 0);
    }
  }
  return found / sum;
}

function dayFactor(hour: number, days: number, otherDays: number): number {
  if (days === 0) return 1;
  const day = Math.floor(hour / 24);
  return isWeekend(day) === isWeekend((day + days) % 7) ? sameKindOfDay : otherDays;
}

function isWeekend(day: number): boolean {
  return day >= 5;
}
