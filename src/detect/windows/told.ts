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
    all: () => ({
      touched: [...episodes].map(
        ([episode, { hit, opened }]): TouchedEpisode => ({
          window: hit.window,
          episode: viewOf(episode, hit.group),
          opened,
        }),
      ),
      fired,
    }),
  };
}
