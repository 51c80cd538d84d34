import { counted } from "./counted.ts";

/** Conditions on incidents, as silences and routes have them. */
export const matcherWords = {
  field: "What",
  operator: "How",
  value: "With",
  fields: {
    SEVERITY: "Severity",
    SUBJECT: "User or address",
    RULE: "Rule",
    TAG: "Tag",
    TITLE: "Title",
    FINGERPRINT: "Fingerprint",
  },
  operators: {
    AT_LEAST: "is at least",
    EQUALS: "is",
    NOT_EQUALS: "is not",
    CONTAINS: "contains",
    STARTS_WITH: "starts with",
  },
  all: "All incidents.",
  add: "Another condition",
  remove: (place: number) => `Remove condition ${place}`,
} as const;

/** Silences. */
export const silenceWords = {
  title: "Silences",
  list: "Silences",
  lead: "While one lasts, nobody is told of the incidents it names. They are found and listed all the same.",
  view: "Which silences",
  views: { now: "Now and to come", all: "All" },
  which: "Which incidents",
  by: (reason: string, author: string) => `${reason} (${author})`,
  state: "State",
  states: { ACTIVE: "Silent", PENDING: "To come", EXPIRED: "Over" },
  ends: "Ends",
  actions: "Actions",
  add: "New silence",
  make: "Silence",
  made: "Nobody is told of these until it ends.",
  would: (matching: number, open: number) => `It would keep ${matching} of ${counted(open, "open incident")} quiet.`,
  length: "For how long",
  lengths: { 1: "1 hour", 2: "2 hours", 8: "8 hours", 24: "1 day", 168: "1 week" },
  reason: "Why",
  reasonHint: "Whoever sees it later should understand. Name no patient.",
  end: "End…",
  endTitle: "End the silence",
  endText: (which: string) => `From now on people are told again of incidents where: ${which}.`,
  endNow: "End it",
  ended: "The silence has ended.",
  empty: "Nothing is silent: people are told of everything that routes send them.",
} as const;
