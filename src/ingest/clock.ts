import type { EventDraft } from "./event.ts";

export const maximumLead = 600_000; // 10 minutes: the clock error that rules tolerate

/** Sets the event's time. A time too far ahead of `now` becomes `now`, with the original and a flag in the attributes. */
export function setTime(draft: EventDraft, time: number, now: number, original: unknown): void {
  if (time <= now + maximumLead) {
    draft.time = time;
    return;
  }
  draft.time = now;
  draft.attributes["vigil.clock"] = "FUTURE_CLAMPED";
  draft.attributes["vigil.originalTime"] = original;
}
