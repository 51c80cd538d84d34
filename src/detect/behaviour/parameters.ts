/** Parameters that several detectors have. */
import type { Parameter } from "./behaviour-detector.ts";

interface NumberParameter extends Parameter {
  default: number;
}

/** A user is judged when both have passed. */
export function learningOf(
  days: number,
  activeDays: number,
): { learningDays: NumberParameter; learningActiveDays: NumberParameter } {
  return {
    learningDays: {
      description: "A user is judged when known for so many days.",
      default: days,
      min: 0,
      max: 365,
    },
    learningActiveDays: {
      description: "A user is judged after having been active on so many days.",
      default: activeDays,
      min: 1,
      max: 365,
    },
  };
}

export function peersParameter(what: string): { peers: NumberParameter } {
  return {
    peers: {
      description: `${what} that so many others have used for a week or longer, within 90 days, is new for nobody. 0: what others do does not count.`,
      default: 3,
      min: 0,
      max: 3,
    },
  };
}

export function trustParameter(may: string): { trustKnownDevices: Parameter & { default: boolean } } {
  return {
    trustKnownDevices: { description: `Whether a device whose id the user is known by may ${may}.`, default: true },
  };
}

export function aloneParameter(): { alone: Parameter & { default: boolean } } {
  return {
    alone: {
      description:
        "Whether what is found opens an incident by itself. Otherwise it adds to the threat score, and opens an incident or joins one where another rule finds something about the same user within 24 hours.",
      default: false,
    },
  };
}

/** From when on a count is unusual for its day, as `unusualFor` takes them. */
export function unusualFrom(): { times: NumberParameter; spreads: NumberParameter } {
  return {
    times: { description: "So many times the most that is usual on such a day.", default: 2.5, min: 1.1, max: 20 },
    spreads: {
      description: "So many standard deviations above the usual of such a day (robust z-score: median and MAD).",
      default: 6,
      min: 1,
      max: 50,
    },
  };
}
