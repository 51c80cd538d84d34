import type { SecurityEvent } from "../../ingest/event.ts";
import type { Surroundings } from "./facet.ts";

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

/** The same of what depends on the surroundings too. */
export function ofEventIn<Answer>(
  read: (event: SecurityEvent, surroundings: Surroundings) => Answer,
): (event: SecurityEvent, surroundings: Surroundings) => Answer {
  let last: SecurityEvent | undefined;
  let where: Surroundings | undefined;
  let answer: Answer;
  return (event, surroundings) => {
    if (event !== last || surroundings !== where) {
      answer = read(event, surroundings);
      last = event;
      where = surroundings;
    }
    return answer;
  };
}
