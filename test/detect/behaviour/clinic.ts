/** A small clinic's events as they are sent, over some weeks, with journeys among them; seeded. */
import type { EventDraft } from "../../../src/ingest/event.ts";
import { seededRandom } from "../../generate/random.ts";

export const dayMs = 86_400_000;
export const weeks = Date.UTC(2026, 9, 6, 14); // a Tuesday, 09:00 in Chicago

const home = { country: "US", city: "Austin", lat: 30.27, lon: -97.74 };
const abroad = { country: "NG", city: "Lagos", lat: 6.45, lon: 3.39 };

export function logIn(by: string, time: number, wish: Partial<EventDraft> & { isAbroad?: boolean } = {}): EventDraft {
  const { isAbroad = false, ...rest } = wish;
  return {
    time,
    logsource: { product: "clinic", service: "portal" },
    action: "login",
    category: "AUTHENTICATION",
    outcome: "SUCCESS",
    actor: { name: by, roles: ["nurse"] },
    source: isAbroad ? { ip: "198.51.100.9", ...abroad } : { ip: "192.0.2.7", ...home },
    attributes: {},
    ...rest,
  };
}

/** Every working day of every user: a log-in (some fail), records read; towards the end a journey now and then, and a stranger. */
export function clinicHistory(seed: number, { users = 5, days = 24 } = {}): EventDraft[] {
  const random = seededRandom(seed);
  const drafts: EventDraft[] = [];
  for (let day = 0; day < days; day++)
    for (let user = 0; user < users; user++) {
      const by = `user${user}`;
      const begins = weeks + day * dayMs + Math.floor(random() * 3 * 3_600_000);
      const isAbroad = day > 16 && random() < 0.15;
      if (random() < 0.3) drafts.push(logIn(by, begins - 60_000, { isAbroad, outcome: "FAILURE" }));
      if (random() < 0.1) drafts.push(logIn(`guess${Math.floor(random() * 1e6)}`, begins, { outcome: "FAILURE" }));
      drafts.push(logIn(by, begins, { isAbroad, attributes: { "api_key.id": `key${user}` } }));
      if (day > 16 && random() < 0.1) drafts.push(logIn(by, begins + 3_600_000, { isAbroad: !isAbroad }));
      for (let n = 0; n < 3; n++)
        drafts.push(
          logIn(by, begins + Math.floor(random() * 6 * 3_600_000), {
            isAbroad,
            action: "record.read",
            category: "ACCESS",
            target: { type: "record", patientId: `p${Math.floor(random() * 30)}` },
          }),
        );
    }
  return drafts.sort((one, other) => (one.time as number) - (other.time as number));
}

export function cut<Item>(items: readonly Item[], sizeOf: () => number): Item[][] {
  const batches: Item[][] = [];
  for (let from = 0; from < items.length; ) {
    const size = Math.max(1, sizeOf());
    batches.push(items.slice(from, from + size));
    from += size;
  }
  return batches;
}
