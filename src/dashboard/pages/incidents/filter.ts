import type {
  IncidentFilter,
  IncidentOrder,
  IncidentOrderField,
  IncidentStatus,
  Severity,
} from "../../generated/graphql.ts";

export const views = ["active", "open", "mine", "unassigned", "over", "all"] as const;
export type View = (typeof views)[number];

export const orders = [
  "LAST_EVENT_AT",
  "SEVERITY",
  "THREAT_SCORE",
  "OPENED_AT",
] as const satisfies IncidentOrderField[];
export type Order = (typeof orders)[number];

export const levels = ["CRITICAL", "HIGH", "MEDIUM", "LOW", "INFO"] as const satisfies Severity[];

/** What is asked for, as the address says it. */
export interface Asked {
  view: View;
  words: string;
  /** This and worse; undefined: any. */
  severity: Severity | undefined;
  /** None that is worse. */
  isOnly: boolean;
  order: Order;
  /** The id of a saved filter, which takes the view's place; empty: none. */
  saved: string;
}

const active: IncidentStatus[] = ["OPEN", "ACKNOWLEDGED", "INVESTIGATING", "CONTAINED"];

const oneOf = <Value extends string>(values: readonly Value[], text: string | null): Value | undefined =>
  values.find((value) => value === text);

const alone = "-only";

/** How the address names incidents of one severity, and none that is worse. */
export const onlyOf = (level: Severity): string => (level === "CRITICAL" ? level : `${level}${alone}`);

/** Reads the address; what it says wrongly is not asked for. */
export function readAsked(search: URLSearchParams): Asked {
  const severity = search.get("severity") ?? "";
  return {
    view: oneOf(views, search.get("view")) ?? (search.has("words") ? "all" : "active"),
    words: search.get("words") ?? "",
    severity: oneOf(levels, severity.replace(alone, "")),
    isOnly: severity.endsWith(alone),
    order: oneOf(orders, search.get("order")) ?? "LAST_EVENT_AT",
    saved: search.get("saved") ?? "",
  };
}

/** The API's filter for it. `saved`: what the saved filter asks for, once it is known. */
export function filterOf(
  { view, words, severity, isOnly }: Asked,
  { userId, saved }: { userId?: string | null | undefined; saved?: unknown } = {},
): IncidentFilter {
  const all: IncidentFilter[] = [];
  if (saved) all.push(saved as IncidentFilter);
  else {
    if (view === "active" || view === "mine" || view === "unassigned") all.push({ status: { in: active } });
    if (view === "open") all.push({ status: { eq: "OPEN" } });
    if (view === "over") all.push({ status: { in: ["RESOLVED", "CLOSED"] } });
    if (view === "all") all.push({ status: { neq: "MERGED" } });
    if (view === "mine" && userId) all.push({ assigneeId: { eq: userId } });
    if (view === "unassigned") all.push({ assigneeId: { eq: null } });
  }
  if (words.trim()) all.push({ words: { has: words.trim() } });
  if (severity) all.push({ severity: isOnly ? { eq: severity } : { gte: severity } });
  return { and: all };
}

/** The order asked for; `saved`: a saved filter's own, where the address names none. */
export function orderOf({ order }: Asked, saved?: unknown): IncidentOrder[] {
  const own = saved as IncidentOrder[] | null | undefined;
  return own && own.length > 0 ? own : [{ field: order, direction: "DESC" }];
}
