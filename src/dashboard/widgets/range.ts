import { useEffect, useState } from "react";
import { choiceOf, type Settings } from "./widget.ts";

const lengths = { PT1H: 3_600_000, P1D: 86_400_000, P7D: 604_800_000, P30D: 2_592_000_000 } as const;
const steps = { PT1H: "PT1M", P1D: "PT30M", P7D: "PT3H", P30D: "PT12H" } as const;
const ranges = ["P1D", "PT1H", "P7D", "P30D"] as const;
const pace = 60_000; // ms after which a range moves on

export interface Range {
  range: { from: string; to: string };
  /** As long before it. */
  before: { from: string; to: string };
  /** How long one step of a chart is. */
  interval: string;
  /** How long it is itself. */
  length: (typeof ranges)[number];
}

/** The time that a widget is set to show, up to the end of this minute; it moves on by itself. */
export function useRange(settings: Settings): Range {
  const [end, setEnd] = useState(nextMinute);
  useEffect(() => {
    const timer = setInterval(() => setEnd(nextMinute()), pace);
    return () => clearInterval(timer);
  }, []);
  return rangeOf(settings, end);
}

/** The same up to a moment, unless told of the end of this minute. */
export function rangeOf(settings: Settings, end = nextMinute()): Range {
  const name = choiceOf(settings, "range", ranges);
  const at = (back: number): string => new Date(end - back).toISOString();
  const length = lengths[name];
  return {
    range: { from: at(length), to: at(0) },
    before: { from: at(2 * length), to: at(length) },
    interval: steps[name],
    length: name,
  };
}

function nextMinute(): number {
  return Math.ceil(Date.now() / pace) * pace;
}
