import type { IncidentStatus } from "../../generated/graphql.ts";

export type Move = "acknowledge" | "investigate" | "contain" | "resolve" | "close" | "reopen";

/** The steps that an incident may take from here, the likeliest first. */
export function movesOf(status: IncidentStatus): readonly Move[] {
  switch (status) {
    case "OPEN":
      return ["acknowledge", "investigate", "resolve"];
    case "ACKNOWLEDGED":
      return ["investigate", "contain", "resolve"];
    case "INVESTIGATING":
      return ["contain", "resolve"];
    case "CONTAINED":
      return ["resolve"];
    case "RESOLVED":
      return ["close", "reopen"];
    case "CLOSED":
      return ["reopen"];
    case "MERGED":
      return [];
  }
}
