/**
 * What becomes of events of which the database takes none because of one: that one is found and refused, and the others
 * are stored. Whoever can write a name into an event could else keep all that is sent with it from being seen.
 */
import { VigilError } from "../errors.ts";
import type { EventDraft } from "./event.ts";
import type { Stored } from "./lanes.ts";

const mostTries = 500; // transactions: each event that is refused takes two for each time that the rest is halved

/**
 * Stores halves, and of those that are not stored halves again, in order. `fault` is why the whole was not. Throws it
 * where the events are not the cause, or nothing of what was sent could be stored.
 */
export async function storeApart(
  drafts: readonly EventDraft[],
  store: (drafts: readonly EventDraft[]) => Promise<Stored>,
  fault: unknown,
  /** Told of each that is refused, why. */
  onRefused: (why: unknown) => void,
): Promise<Stored> {
  if (!mayBeTheirs(fault)) throw fault;
  const refused: number[] = [];
  let [accepted, duplicates, tries] = [0, 0, 0];

  async function storeWithin(from: number, to: number, why: unknown): Promise<void> {
    if (to - from === 1) {
      refused.push(from);
      return onRefused(why);
    }
    if (tries >= mostTries) throw why;
    const middle = Math.floor((from + to) / 2);
    for (const [start, end] of [[from, middle] as const, [middle, to] as const]) {
      tries++;
      try {
        const stored = await store(drafts.slice(start, end));
        accepted += stored.accepted;
        duplicates += stored.duplicates;
      } catch (error) {
        if (!mayBeTheirs(error)) throw error;
        await storeWithin(start, end, error);
      }
    }
  }

  try {
    await storeWithin(0, drafts.length, fault);
  } catch (error) {
    if (accepted + duplicates === 0) throw error;
    const message = "Not all of the events could be stored. Send them again: those with an id count once.";
    throw new VigilError("UNAVAILABLE", message, { cause: error });
  }
  if (accepted + duplicates === 0 && !isRefusal(fault)) throw fault; // rather Vigil's own than that of each of them
  return { accepted, duplicates, refused };
}

/** Of PostgreSQL: data that it does not take (class 22), or more than it has room for in an index or a row (54000). */
const isRefusal = (error: unknown): boolean =>
  error instanceof Error && /^(22\w{3}|54000)$/.test(String((error as { code?: unknown }).code));

/** Whether it may be for what is in an event; what fails while events are judged, too. */
const mayBeTheirs = (error: unknown): boolean =>
  isRefusal(error) || error instanceof TypeError || error instanceof RangeError;
