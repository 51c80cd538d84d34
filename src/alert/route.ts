/** Who is told of a change of an incident, when, by which route, and what holds it back. Decides only. */
import type { AlertKind, AlertPriority } from "../generated/prisma/client.ts";
import { alertId, escalationId, groupKeyOf } from "./ids.ts";
import { type Inhibition, inhibitedBy } from "./inhibit.ts";
import { type Matchable, type Matcher, matches } from "./matcher.ts";
import { type Hours, isWithin, mutedBy } from "./mute-times.ts";
import { askTree, effective, type Route, type Verdict } from "./route-tree.ts";
import type { Change } from "./told.ts";

export interface IncidentFacts extends Matchable {
  id: string;
  number: number;
  status: string;
  /** When it was opened, or opened again, epoch ms. */
  since: number;
}

export interface ChannelFacts {
  id: string;
  name: string;
  recipients: readonly string[];
  suspended: boolean;
}

/** Whoever has quiet hours, or a time zone or language of their own, by the addresses under which they are told. */
export interface QuietUser {
  id: string;
  name: string;
  email: string;
  phone: string | null;
  hours: readonly Hours[];
  timeZone: string;
}

export interface Told {
  incidentId: string;
  routeId: string | null;
  channelId: string;
  recipient: string;
  groupKey: string;
  /** A step has called them, perhaps by an address of their own. */
  isCalled: boolean;
}

export interface Settings {
  routes: readonly Route[];
  channels: readonly ChannelFacts[];
  /** Those in force. */
  silences: readonly { author: string; reason: string; matchers: readonly Matcher[] }[];
  inhibitions: readonly Inhibition[];
  /** Open incidents, where there are inhibitions. */
  open: readonly IncidentFacts[];
  quiet: readonly QuietUser[];
  /** Who was told of the incident before, but whoever is suspended. */
  told: readonly Told[];
}

export type HoldKind = "SILENCE" | "INHIBITION" | "MUTE_TIME" | "QUIET_HOURS";
export interface Hold {
  kind: HoldKind;
  reason: string;
}

export interface AlertDraft {
  id: string;
  incidentId: string;
  entryId: string | null;
  kind: AlertKind;
  priority: AlertPriority;
  routeId: string | null;
  channelId: string;
  recipient: string;
  userId: string | null;
  groupKey: string;
  /** Seconds until it goes out, and at least between two messages of its group. */
  waitS: number;
  intervalS: number;
  /** Empty: nothing holds it. */
  heldBy: Hold[];
}

export interface EscalationStart {
  id: string;
  /** Its id where the one with `id` is exhausted, and what made it more severe calls people again; null: nothing did. */
  againId: string | null;
  incidentId: string;
  routeId: string;
  policyId: string;
}

export interface Routed {
  alerts: AlertDraft[];
  escalations: EscalationStart[];
  /** Why nobody is told; null: somebody is, or would be. */
  notTold: string | null;
  verdicts: Verdict[];
}

const priorities: Readonly<Record<string, AlertPriority>> = { CRITICAL: "CRITICAL", HIGH: "HIGH", MEDIUM: "MEDIUM" };
/** How urgent what is told of a severity is. */
export const priorityOf = (severity: string): AlertPriority => priorities[severity] ?? "LOW";

const open = ["OPEN", "ACKNOWLEDGED", "INVESTIGATING", "CONTAINED"];

/** Every change ends in alerts, or in why there is none. */
export function route(change: Change, incident: IncidentFacts, settings: Settings, now: number): Routed {
  if (change.kind === "RESOLVED") return resolved(change, incident, settings, now);
  const none = (notTold: string, verdicts: Verdict[] = []): Routed => ({
    alerts: [],
    escalations: [],
    notTold,
    verdicts,
  });
  if (!open.includes(incident.status)) return none(`The incident is ${incident.status} already.`);
  const { tells, verdicts } = askTree(settings.routes, incident);
  if (tells.length === 0) {
    if (incident.severity === "INFO") return none("No route matches, and INFO is told by a route only.", verdicts);
    const all = settings.channels.filter(({ suspended }) => !suspended);
    const reason = "No route matches, and there is no channel that is not suspended.";
    if (all.length === 0) return none(reason, verdicts);
    const alone = { groupBy: ["INCIDENT"], waitS: 0, intervalS: 0 };
    const alerts = draft(change, incident, settings, now, { routeId: null, channels: all, muted: undefined, ...alone });
    return { alerts, escalations: [], notTold: null, verdicts };
  }
  const alerts: AlertDraft[] = [];
  const escalations = new Map<string, EscalationStart>();
  for (const one of tells) {
    const does = effective(one, settings.routes);
    const channels = settings.channels.filter(({ id }) => does.channelIds.includes(id));
    const by = { routeId: one.id, channels, muted: mutedBy(does.muteTimes, now), ...does };
    alerts.push(...draft(change, incident, settings, now, by));
    if (does.escalationPolicyId && change.kind !== "REPEATED" && incident.status === "OPEN") {
      const of = { incidentId: incident.id, policyId: does.escalationPolicyId };
      const id = escalationId({ ...of, since: incident.since });
      const againId = change.kind === "RAISED" ? escalationId({ ...of, since: change.entryId }) : null;
      if (!escalations.has(id)) escalations.set(id, { id, againId, routeId: one.id, ...of });
    }
  }
  const someone = alerts.length > 0 || escalations.size > 0;
  const notTold = someone ? null : `${tells.map(({ name }) => name).join(", ")}: no channel, and no escalation.`;
  return { alerts, escalations: [...escalations.values()], notTold, verdicts };
}

/** That it is over is told to those who were told that it began and still are, where their route says so. */
function resolved(change: Change, incident: IncidentFacts, settings: Settings, now: number): Routed {
  const silent = new Set(settings.routes.filter(({ tellsResolved }) => !tellsResolved).map(({ id }) => id));
  const told = settings.told.filter(({ incidentId }) => incidentId === incident.id);
  const alerts = new Map<string, AlertDraft>();
  for (const { routeId, channelId, recipient, groupKey, isCalled } of told) {
    if (routeId && silent.has(routeId)) continue;
    const channel = settings.channels.find(({ id }) => id === channelId);
    if (!channel || !(isCalled || channel.recipients.includes(recipient))) continue;
    const by = settings.routes.find(({ id }) => id === routeId);
    const does = by && effective(by, settings.routes);
    const [alert] = draft(change, incident, settings, now, {
      routeId,
      channels: [{ ...channel, recipients: [recipient] }],
      muted: does && mutedBy(does.muteTimes, now),
      groupBy: ["INCIDENT"],
      waitS: does?.waitS ?? 0,
      intervalS: does?.intervalS ?? 0,
    });
    if (!alert) continue;
    const priority = alert.priority === "LOW" ? "LOW" : "MEDIUM";
    alerts.set(`${channelId} ${recipient}`, { ...alert, priority, groupKey });
  }
  const reason = told.length === 0 ? "Nobody was told of it." : "No route of those who were told tells it.";
  return { alerts: [...alerts.values()], escalations: [], notTold: alerts.size > 0 ? null : reason, verdicts: [] };
}

interface By {
  routeId: string | null;
  channels: readonly ChannelFacts[];
  muted: string | undefined;
  groupBy: readonly string[];
  waitS: number;
  intervalS: number;
}

function draft(change: Change, incident: IncidentFacts, settings: Settings, now: number, by: By): AlertDraft[] {
  const { routeId, channels, muted, groupBy, waitS, intervalS } = by;
  const priority = priorityOf(incident.severity);
  const holds = [...holdsOf(incident, settings), ...(muted ? [{ kind: "MUTE_TIME" as const, reason: muted }] : [])];
  const urgent = priority === "CRITICAL"; // it never waits for others
  return channels.flatMap(({ id: channelId, recipients }) =>
    recipients.map((recipient) => {
      const user = userAt(settings.quiet, recipient);
      const quiet = user && quietBy(user, priority, now);
      return {
        id: alertId({ ...change, cause: change.entryId, routeId, channelId, recipient }),
        ...change,
        priority,
        routeId,
        channelId,
        recipient,
        userId: user?.id ?? null,
        groupKey: groupKeyOf(routeId ?? "", ...groupBy.map((field) => valueOf(field, incident))),
        waitS: urgent ? 0 : waitS,
        intervalS: urgent ? 0 : intervalS,
        heldBy: [...holds, ...(quiet ? [quiet] : [])],
      };
    }),
  );
}

/** What keeps an incident quiet whoever is told: silences and inhibitions. */
export function holdsOf(
  incident: IncidentFacts,
  { silences, inhibitions, open }: Pick<Settings, "silences" | "inhibitions" | "open">,
): Hold[] {
  const found: Hold[] = silences
    .filter(({ matchers }) => matches(matchers, incident))
    .map(({ author, reason }) => ({ kind: "SILENCE", reason: `${author}: ${reason}` }));
  const inhibition = inhibitedBy(incident, inhibitions, open);
  return inhibition ? [...found, { kind: "INHIBITION", reason: inhibition }] : found;
}

/** Whose address or number it is, in whichever letters somebody has written the address. */
export function userAt(quiet: readonly QuietUser[], recipient: string): QuietUser | undefined {
  const address = recipient.toLowerCase();
  return quiet.find(({ email, phone }) => email.toLowerCase() === address || phone === recipient);
}

/** The quiet hours that a user is in; what is CRITICAL breaks them. */
export function quietBy({ name, hours, timeZone }: QuietUser, priority: AlertPriority, now: number): Hold | undefined {
  if (priority === "CRITICAL" || !hours.some((one) => isWithin(one, timeZone, now))) return undefined;
  return { kind: "QUIET_HOURS", reason: `${name} has quiet hours.` };
}

/** By what incidents are grouped. */
export const groupFields = ["INCIDENT", "RULE", "SEVERITY", "SUBJECT", "TAG"] as const;

function valueOf(field: string, incident: IncidentFacts): string {
  switch (field) {
    case "RULE":
      return `rule ${incident.rule}`;
    case "SEVERITY":
      return `severity ${incident.severity}`;
    case "SUBJECT":
      return `subjects ${JSON.stringify(incident.subjects.map(({ kind, key }) => [kind, key]).sort())}`;
    case "TAG":
      return `tags ${JSON.stringify([...incident.tags].sort())}`;
    default:
      return `incident ${incident.id}`;
  }
}
