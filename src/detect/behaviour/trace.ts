/** What a behaviour rule made of an event, as the traces of other rules tell it. */
import type { SecurityEvent } from "../../ingest/event.ts";
import type { BehaviourBody } from "../sigma/document.ts";
import type { EventTrace } from "../trace.ts";
import { detectorNamed } from "./detectors.ts";

/** The events have been judged. */
export function traceBehaviour(id: string, { detector: name }: BehaviourBody): (event: SecurityEvent) => EventTrace {
  const detector = detectorNamed(name);
  return (event) => {
    const reason = event.behaviour?.[id]?.reason;
    const isSeen = detector?.concerns(event) ?? false;
    const silent = isSeen
      ? "nothing unusual, or not learned yet: profiles start empty and learn from these events alone"
      : "the detector is not about such events";
    const matched = reason !== undefined;
    return { isSeen, matched, selections: [], condition: [{ text: reason ?? silent, matched, depth: 0 }] };
  };
}
