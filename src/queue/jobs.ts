/** Every job's name, what it is for and how often it runs (ms), and which of those that wait goes first (1; what may take long, 3, has workers of its own). Payloads are empty or ids only; running one twice is harmless. */
export const jobs = {
  partitions: { every: 3_600_000, priority: 3, does: "makes the event partitions of the coming days" },
  forget: { every: 3_600_000, priority: 3, does: "drops changes, client ids and sessions past their retention" },
  seal: { every: 30_000, priority: 2, does: "signs the audit logs' checkpoints that are due" },
  clocks: { every: 60_000, priority: 2, does: "marks incidents that have waited longer than they may" },
  respond: { every: 15_000, priority: 1, does: "ends actions that are over, and responds where a bell was lost" },
  deliver: { every: 15_000, priority: 1, does: "sends alerts whose bell was lost, or that are due by now" },
  escalate: { every: 15_000, priority: 1, does: "goes on to the next step where nobody has acknowledged" },
  overdue: {
    every: 60_000,
    priority: 1,
    does: "pages where a step of an escalation is five minutes late, whatever holds its worker",
  },
  routes: { every: 60_000, priority: 2, does: "tells what is no longer held, and again what nobody has acknowledged" },
  prove: { every: 3_600_000, priority: 3, does: "tries channels on which nothing has gone out for a week" },
  cleanup: { every: 3_600_000, priority: 3, does: "removes what is past its retention policy" },
  risk: { every: 3_600_000, priority: 3, does: "lets threat scores decay" },
  health: { every: 60_000, priority: 2, does: "opens and closes the incidents of Vigil's own health" },
  heartbeat: { every: 60_000, priority: 2, does: "tells somebody outside that everything works, where that is wanted" },
  digest: { every: 3_600_000, priority: 3, does: "tells people of the week behind them, on Monday mornings" },
  silence: { every: 300_000, priority: 3, does: "tells of log sources that have gone silent" },
} as const satisfies Record<string, { every: number; priority: number; does: string }>;

export type JobName = keyof typeof jobs;
export const jobNames = Object.keys(jobs) as JobName[];
