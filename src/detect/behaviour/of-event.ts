import type { SecurityEvent } from "../../ingest/event.ts";

/**
 * What is read of an event, once: detectors and facets ask the same of one event, one after the other, so the latest answer
 * is kept. What it is read of may not change in between.
 */
export function ofEvent<Answer>(read: (event: SecurityEvent) => Answer): (event: SecurityEvent) => Answer {
  let last: SecurityEvent | undefined;
  let answer: Answer;
  return (event) => {
    if (event !== last) {
      answer = read(event);
      last = event;
    }
    return answer;
  };
}
