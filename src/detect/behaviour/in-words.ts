/** Figures as findings tell them. */

export function kmWords(km: number): string {
  return `${Math.round(km).toLocaleString("en-US")} km`;
}

/** e.g. `40 s`, `25 min`, `3.5 h`, `70 days`. */
export function spanWords(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 360) / 10} h`;
  return `${Math.round(seconds / 86_400)} days`;
}

const shown = 4;

export function listWords(items: readonly string[]): string {
  if (items.length > shown) return `${items.slice(0, shown).join(", ")} and ${items.length - shown} more`;
  return items.length < 2 ? items.join("") : `${items.slice(0, -1).join(", ")} and ${items.at(-1)}`;
}
