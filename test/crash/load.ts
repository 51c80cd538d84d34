/** What goes in: one address tries ten users, of two organizations, out of order, late and twice, until each is accepted. */
import { setTimeout as wait } from "node:timers/promises";
import { type Chance, shuffled } from "./chance.ts";

export const burst = 10; // log-ins: as many as make an incident

export interface Organization {
  slug: string;
  id: string;
  /** Of its addresses: 45 and 46. */
  number: number;
  ingestKey: string;
  /** Of the application that follows its decisions. */
  enforcerKey: string;
  token: string;
}

export interface Load {
  /** Ids of events that were accepted, by the organization's slug. */
  accepted: Map<string, Set<string>>;
  /** Addresses whose whole burst was accepted. */
  attacked: Map<string, Set<string>>;
  /** Sendings that failed, by why, and were repeated. */
  refusals: Map<string, number>;
  /** Ends with the bursts that are under way accepted. */
  end(): Promise<void>;
  /** Resolves when a burst that began after now was accepted. */
  served(): Promise<void>;
}

const addressOf = (organization: number, n: number): string =>
  `${organization}.${1 + (n >> 14)}.${(n >> 7) & 127}.${1 + (n & 127)}`;

export function startLoad(url: string, organizations: readonly Organization[], seed: number, chance: Chance): Load {
  const sets = (): Map<string, Set<string>> => new Map(organizations.map(({ slug }) => [slug, new Set()]));
  const [accepted, attacked, refusals] = [sets(), sets(), new Map<string, number>()];
  let isOver = false;
  let waiting: { since: number; done: () => void }[] = [];

  async function send(to: Organization, events: object[]): Promise<void> {
    for (;;) {
      const answer = await fetch(`${url}/ingest`, {
        method: "POST",
        headers: { authorization: `Bearer ${to.ingestKey}`, "content-type": "application/json" },
        body: JSON.stringify(events),
        signal: AbortSignal.timeout(20_000),
      }).catch((error: Error) => error);
      if (!(answer instanceof Error) && answer.ok) {
        await answer.text();
        return;
      }
      const text = answer instanceof Error ? "" : (await answer.text().catch(() => "")).slice(0, 120);
      const why = answer instanceof Error ? `${answer.name}: ${answer.message}` : `${answer.status} ${text}`;
      refusals.set(why, (refusals.get(why) ?? 0) + 1);
      await wait(100);
    }
  }

  async function attack(to: Organization, n: number): Promise<void> {
    const began = Date.now();
    const ip = addressOf(to.number, n);
    const time = began - Math.floor(chance() * 300_000); // up to 5 minutes late
    const events = Array.from({ length: burst }, (_, index) => ({
      id: `crash-${seed}-${to.slug}-${n}-${index}`,
      time: time + index * 100,
      action: "login",
      category: "authentication",
      outcome: "failure",
      actor: { name: `${to.slug}-${n}-${index}` },
      source: { ip },
    }));
    const mixed = shuffled(events, chance);
    // In two sendings, whose second repeats some of the first.
    await send(to, mixed.slice(0, 6));
    await send(to, mixed.slice(4));
    for (const { id } of events) accepted.get(to.slug)?.add(id);
    attacked.get(to.slug)?.add(ip);
    const done = waiting.filter(({ since }) => since <= began);
    waiting = waiting.filter(({ since }) => since > began);
    for (const one of done) one.done();
  }

  const senders = organizations.flatMap((to) =>
    [0, 1].map(async (sender) => {
      for (let n = sender; !isOver; n += 2) {
        await attack(to, n);
        await wait(200 + chance() * 600);
      }
    }),
  );
  return {
    accepted,
    attacked,
    refusals,
    async end() {
      isOver = true;
      await Promise.all(senders);
    },
    served: () => new Promise((done) => waiting.push({ since: Date.now(), done })),
  };
}
