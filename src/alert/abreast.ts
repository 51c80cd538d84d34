/**
 * Bounds what a process that dies has sent and not written down: only so many messages are between their first byte and
 * their ledger at once. One that waits for a slow receiver gives its place up after a moment, and takes it again, above
 * the bound if need be, when its answer is there: slow receivers hold nothing up.
 */

/** The place of one message. */
export interface Place {
  /** The receiver has answered: now it counts until it is written down. */
  answered(): void;
  /** It is written down, or nothing is to be. */
  leave(): void;
}

export interface Abreast {
  /** Resolved, in the order of asking, when there is a place. */
  enter(): Promise<Place>;
  /** A place at once, above the bound too. */
  pass(): Place;
}

/** `bound`: messages. `patienceMs`: for how long one that has no answer counts. */
export function createAbreast(bound: number, patienceMs: number): Abreast {
  const waiting: (() => void)[] = [];
  let taken = 0;
  const give = (): void => {
    taken--;
    while (taken < bound && waiting.length > 0) waiting.shift()?.();
  };

  function take(): Place {
    taken++;
    let holds = true;
    const giveUp = (): void => {
      if (!holds) return;
      holds = false;
      give();
    };
    const patience = setTimeout(giveUp, patienceMs);
    return {
      answered() {
        clearTimeout(patience);
        if (holds) return;
        holds = true;
        taken++;
      },
      leave() {
        clearTimeout(patience);
        giveUp();
      },
    };
  }

  return {
    pass: take,
    enter: () =>
      taken < bound && waiting.length === 0
        ? Promise.resolve(take())
        : new Promise((resolve) => void waiting.push(() => resolve(take()))),
  };
}
