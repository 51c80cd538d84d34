/** The live tail of events. */
export const liveWords = {
  title: "Live tail",
  pause: "Pause",
  resume: "Go on",
  paused: (waiting: number) => (waiting > 0 ? `Paused: ${waiting.toLocaleString()} new` : "Paused"),
  search: "Action contains…",
  user: "User",
  ip: "From address",
  outcome: "Outcome",
  anyOutcome: "Any outcome",
  shown: (count: number) => `the latest ${count.toLocaleString()}`,
  passed: (count: number) => `${count.toLocaleString()} passed by unshown`,
  empty: "No events yet that fit.",
} as const;
