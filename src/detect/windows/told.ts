/** What a batch has to tell: each episode that it touched, and each firing that other windows count. */
import { type EpisodeState, type Outcome, viewOf } from "../correlation/episodes.ts";
import type { Applied, Firing, Hit, TouchedEpisode } from "./windows.ts";

export interface Told {
  note(hit: Hit, outcome: Outcome): void;
  /** After the batch; episodes in the order in which they were first touched. */
  all(): Omit<Applied, "undo">;
}

export function createTold(): Told {
  // An episode that another took in stays as it was then: as it is told when the batch is cut there.
  const episodes = new Map<EpisodeState, { hit: Hit; opened: boolean }>();
  const fired: Firing[] = [];
  return {
    note(hit, { episode, opened, ends }) {
      if (!episodes.has(episode)) episodes.set(episode, { hit, opened });
      if (hit.window.feeds) fired.push({ hit, opened, ends });
    },
    all() {
      // One that was given up, and opened again by a late event of its own, has the same id: it is one, as it is now.
      const touched = new Map<string, TouchedEpisode>();
      for (const [episode, { hit, opened }] of episodes) {
        const before = touched.get(episode.id);
        const now = viewOf(episode, hit.group);
        touched.set(episode.id, { window: hit.window, episode: now, opened: opened || before?.opened === true });
      }
      return { touched: [...touched.values()], fired };
    },
  };
}
