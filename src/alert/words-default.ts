/** Vigil's own wording: what happened, to whom, how bad, what was done, what to do now, where to read on. */
import { type Scope, withheld } from "./model.ts";
import { oneLine, plainText } from "./text.ts";
import { button, page, row } from "./words-html.ts";

interface Counts {
  alerts: number;
  incidents: number;
  critical: number;
  high: number;
  others: number;
  notShown: number;
}

/** On one line: whoever attacks chooses names, and writes no lines of ours with them. */
const said = (value: unknown): string =>
  typeof value === "string" && value !== withheld ? plainText(value).replace(/\s+/g, " ").trim() : "";
const kindOf = (data: Scope): string => (data["alert"] as Scope)["kind"] as string;

/** "HIGH #42 Many failed log-ins from one address", or counts when it is about several. */
export function defaultSubject(data: Scope): string {
  const counts = data["counts"] as Counts;
  const kind = kindOf(data);
  if (kind === "TEST") return "Test from Vigil: this channel works";
  const incident = data["incident"] as Scope | null;
  if (!incident) return "Vigil is alive";
  if (counts.incidents > 1) return `${counts.incidents} incidents: ${countWords(counts)}`;
  const state =
    kind === "RESOLVED" ? "Resolved" : kind === "ESCALATED" ? "Not acknowledged" : kind === "BREACHED" ? "Overdue" : "";
  return `${state ? `${state}: ` : ""}${incident["severity"]} #${incident["number"]} ${titleOf(incident)}`;
}

function titleOf(incident: Scope): string {
  return said(incident["title"]) || said(incident["name"]) || "An incident";
}

function countWords({ critical, high, others }: Counts): string {
  const parts = [
    [critical, "critical"],
    [high, "high"],
    [others, "less severe"],
  ] as const;
  return parts.flatMap(([count, word]) => (count > 0 ? [`${count} ${word}`] : [])).join(", ");
}

/** What is told of one incident, label by label. */
function linesOf(data: Scope, incident: Scope): [label: string, text: string][] {
  const subjects = (incident["subjects"] as Scope[]).map(({ key }) => said(key)).filter(Boolean);
  const targets = (incident["actions"] as Scope[])
    .filter(({ status }) => status === "APPLIED")
    .map(({ target }) => said(target))
    .filter((target) => target !== "" && target !== "administrators");
  const done = `${incident["done"]}${targets.length > 0 ? ` (${[...new Set(targets)].join(", ")})` : ""}`;
  return [
    ["Why you are told", (data["alert"] as Scope)["why"] as string],
    ["What happened", [said(incident["explanation"]), incident["happened"] as string].filter(Boolean).join(". ")],
    ["To whom", `${incident["about"]}${subjects.length > 0 ? `: ${subjects.join(", ")}` : ""}`],
    ["How bad", `${incident["severity"]}, threat score ${incident["threatScore"]} of 100`],
    ["What Vigil did", done],
    ...(kindOf(data) === "RESOLVED" ? [] : [["What to do now", incident["todo"] as string] as [string, string]]),
  ];
}

export function defaultText(data: Scope, { short }: { short: boolean }): string {
  const subject = defaultSubject(data);
  const incident = data["incident"] as Scope | null;
  const alert = data["alert"] as Scope;
  const counts = data["counts"] as Counts;
  const acknowledge = alert["acknowledgeUrl"] ? `Acknowledge: ${alert["acknowledgeUrl"]}` : "";
  if (!incident) return `${subject}\n\n${alert["why"]}`;
  if (short) {
    const more =
      counts.incidents > 1 ? `The worst: #${incident["number"]} ${said(incident["name"])}.` : `${incident["todo"]}`;
    return [subject, more, alert["acknowledgeUrl"] || incident["url"]].filter(Boolean).join("\n");
  }
  if (counts.incidents > 1) {
    const list = (data["incidents"] as Scope[]).map(digestLine).join("\n");
    const rest = counts.notShown > 0 ? `\nand ${counts.notShown} more` : "";
    return [subject, `${list}${rest}`, `${alert["why"]} ${counts.alerts} alerts in one message.`, acknowledge]
      .filter(Boolean)
      .join("\n\n");
  }
  const lines = linesOf(data, incident).map(([label, text]) => `${label}: ${plainText(text)}`);
  const read = incident["url"] ? `Read on: ${incident["url"]}` : "";
  return [subject, lines.join("\n"), [read, acknowledge].filter(Boolean).join("\n")].filter(Boolean).join("\n\n");
}

/** The names in a title are as long as whoever attacks likes: none takes the place of the other incidents. */
function digestLine(incident: Scope): string {
  const { severity, number, status, about, url } = incident;
  return `${severity} #${number} ${oneLine(titleOf(incident), 100)} (${about}, ${status})${url ? ` ${url}` : ""}`;
}

/** The same as a page. */
export function defaultHtml(data: Scope): string {
  const incident = data["incident"] as Scope | null;
  const alert = data["alert"] as Scope;
  const counts = data["counts"] as Counts;
  const severity = (incident?.["severity"] as string | undefined) ?? "INFO";
  const alone = incident !== null && counts.incidents === 1;
  const rows = alone
    ? linesOf(data, incident).map(([label, text]) => row(label, plainText(text)))
    : incident
      ? [
          ...(data["incidents"] as Scope[]).map((one) =>
            row("", digestLine({ ...one, url: "" }), one["url"] as string),
          ),
          ...(counts.notShown > 0 ? [row("", `and ${counts.notShown} more`)] : []),
        ]
      : [row("", alert["why"] as string)];
  return page({
    subject: defaultSubject(data),
    severity,
    rows,
    links: [
      button(alone ? (incident["url"] as string) : "", "Open the incident", severity),
      button(alert["acknowledgeUrl"] as string, "Acknowledge"),
    ],
    organization: said((data["organization"] as Scope)["name"]),
  });
}
