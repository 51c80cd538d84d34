/** The report of an incident as Markdown: pure, from what its reader may see. */
import { spoken } from "./state.ts";

export interface ReportData {
  number: number;
  title: string;
  severity: string;
  status: string;
  resolution: string | null;
  resolutionReason: string | null;
  threatScore: number;
  openedAt: string;
  acknowledgedAt: string | null;
  acknowledgedBy: string | null;
  containedAt: string | null;
  containedBy: string | null;
  resolvedAt: string | null;
  resolvedBy: string | null;
  firstEventAt: string;
  lastEventAt: string;
  detectionCount: number;
  eventCount: number;
  tags: string[];
  rule: { name: string } | null;
  assignee: { email: string } | null;
  mergedInto: { number: number } | null;
  merged: { number: number }[];
  subjects: { kind: string; key: string }[];
  clocks: { kind: string; dueAt: string; doneAt: string | null; state: string }[];
  breachNotice: { patients: number; discoveredAt: string; dueAt: string } | null;
  entries: { nodes: { at: string; kind: string; message: string }[]; totalCount: number };
  detections: {
    nodes: {
      rule: { name: string } | null;
      explanation: string;
      firstEventAt: string;
      lastEventAt: string;
      eventCount: number;
    }[];
    totalCount: number;
  };
  actions: {
    /** `name`: what it is called, e.g. `block of 203.0.113.9`. */
    nodes: { name: string; status: string; createdAt: string; expiresAt: string | null; endedAt: string | null }[];
    totalCount: number;
  };
  tasks: {
    text: string;
    assignee: { email: string } | null;
    dueAt: string | null;
    doneAt: string | null;
    doneBy: string | null;
  }[];
  evidence: {
    url: string | null;
    note: string | null;
    event: { id: string; action: string; time: string } | null;
    author: string;
    createdAt: string;
  }[];
}

const actionStatuses: Record<string, string> = {
  APPLIED: "done",
  AWAITING_APPROVAL: "waits for approval",
  EXPIRED: "over",
  MONITORED: "on trial",
  REVERTED: "taken back",
  SUPERSEDED: "replaced",
};

/** `madeAt` and `madeBy` say when and for whom the report was made. */
export function reportMarkdown(incident: ReportData, { madeAt, madeBy }: { madeAt: Date; madeBy: string }): string {
  const { breachNotice, clocks, detections, entries, actions, tasks, evidence, merged } = incident;
  return `${[
    `# Incident #${incident.number}: ${plain(incident.title)}`,
    `Made ${moment(madeAt.toISOString())} for ${plain(madeBy)}. All times are UTC.`,
    table([
      ["Severity", capital(spoken(incident.severity))],
      ["Status", capital(spoken(incident.status)) + (incident.resolution ? `, ${spoken(incident.resolution)}` : "")],
      ["Threat score", incident.threatScore.toFixed(0)],
      ["Rule", incident.rule?.name ?? "none: opened by a person or by Vigil"],
      [
        "About",
        incident.subjects.map(({ kind, key }) => `${kind.toLowerCase()} ${key}`).join(", ") || "nobody in particular",
      ],
      ["Tags", incident.tags.join(", ") || "none"],
      [
        "Events",
        `${incident.eventCount} in ${incident.detectionCount} detections, ${moment(incident.firstEventAt)} to ${moment(incident.lastEventAt)}`,
      ],
      ["Opened", moment(incident.openedAt)],
      ["Acknowledged", by(incident.acknowledgedAt, incident.acknowledgedBy)],
      ["Contained", by(incident.containedAt, incident.containedBy)],
      ["Resolved", by(incident.resolvedAt, incident.resolvedBy)],
      ["Assignee", incident.assignee?.email ?? "nobody"],
      ...(incident.mergedInto ? [["Lives on in", `#${incident.mergedInto.number}`] as const] : []),
      ...(merged.length > 0 ? [["Took in", merged.map(({ number }) => `#${number}`).join(", ")] as const] : []),
    ]),
    ...(incident.resolutionReason ? ["## Why it was resolved", quote(incident.resolutionReason)] : []),
    ...(breachNotice
      ? [
          "## Breach notification clock (45 CFR 164.404)",
          `The events of this incident name ${breachNotice.patients} patient${breachNotice.patients === 1 ? "" : "s"}. If this was a breach of unsecured protected health information, they must be notified without unreasonable delay and no later than **${moment(breachNotice.dueAt)}**, 60 days after discovery on ${moment(breachNotice.discoveredAt)}.`,
        ]
      : []),
    ...section(
      "Clocks",
      clocks,
      ({ kind, dueAt, doneAt, state }) =>
        `${capital(spoken(kind))}: ${spoken(state)}, due ${moment(dueAt)}${doneAt ? `, done ${moment(doneAt)}` : ""}`,
    ),
    ...section(
      "Detections",
      detections.nodes,
      ({ rule, explanation, firstEventAt, eventCount }) =>
        `${moment(firstEventAt)}, ${eventCount} events, ${plain(rule?.name ?? "a rule that is gone")}: ${plain(explanation)}`,
      detections.totalCount,
    ),
    ...section(
      "Timeline",
      entries.nodes,
      ({ at, kind, message }) => `${moment(at)} ${capital(spoken(kind))}: ${plain(message)}`,
      entries.totalCount,
    ),
    ...section(
      "Actions",
      actions.nodes,
      ({ createdAt, name, status, expiresAt, endedAt }) => {
        const end = endedAt ? `, ${moment(endedAt)}` : expiresAt ? `, until ${moment(expiresAt)}` : "";
        return `${moment(createdAt)} ${plain(capital(name))}: ${actionStatuses[status] ?? spoken(status)}${end}`;
      },
      actions.totalCount,
    ),
    ...section(
      "Tasks",
      tasks,
      ({ text, assignee, dueAt, doneAt, doneBy }) =>
        `${doneAt ? `Done ${plain(by(doneAt, doneBy))}` : `Open${dueAt ? `, due ${moment(dueAt)}` : ""}`}: ${plain(text)}${assignee ? ` (${plain(assignee.email)})` : ""}`,
    ),
    ...section(
      "Evidence",
      evidence,
      ({ createdAt, author, event, url, note }) =>
        `${moment(createdAt)} ${plain(author)}: ${[event ? `event ${event.id} (${plain(event.action)}, ${moment(event.time)})` : "", url ? plain(url) : "", note ? plain(note) : ""].filter(Boolean).join("; ") || "an event that is no longer kept"}`,
    ),
  ].join("\n\n")}\n`;
}

function section<Item>(
  title: string,
  items: readonly Item[],
  line: (item: Item) => string,
  total = items.length,
): string[] {
  if (items.length === 0) return [];
  const more = total > items.length ? [`${total - items.length} more are not shown.`] : [];
  return [`## ${title}`, items.map((item) => `- ${line(item)}`).join("\n"), ...more];
}

/** Text as text: nothing in it is Markdown, and it stays on its line. */
function plain(text: string): string {
  return text.replace(/\s+/g, " ").replace(/[\\`*_{}[\]<>#|!~]/g, "\\$&");
}

function quote(text: string): string {
  return text
    .split("\n")
    .map((line) => `> ${plain(line)}`)
    .join("\n");
}

function moment(time: string): string {
  return new Date(time).toISOString().slice(0, 16).replace("T", " ");
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

function by(time: string | null, who: string | null): string {
  return time ? `${moment(time)}${who ? ` by ${who}` : ""}` : "not yet";
}

function table(rows: readonly (readonly [string, string])[]): string {
  return ["| | |", "|---|---|", ...rows.map(([name, value]) => `| **${name}** | ${plain(value)} |`)].join("\n");
}
