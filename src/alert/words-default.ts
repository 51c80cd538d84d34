/** Vigil's own wording: what happened, to whom, how bad, what was done, what to do now, where to read on. */
import { type Scope, withheld } from "./model.ts";
import { plainText } from "./text.ts";

interface Counts {
  alerts: number;
  incidents: number;
  critical: number;
  high: number;
  others: number;
  notShown: number;
}

const said = (value: unknown): string =>
  typeof value === "string" && value !== withheld ? plainText(value).trim() : "";
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

function digestLine(incident: Scope): string {
  const { severity, number, status, about, url } = incident;
  return `${severity} #${number} ${titleOf(incident)} (${about}, ${status})${url ? ` ${url}` : ""}`;
}

const colours: Record<string, string> = {
  CRITICAL: "#b42318",
  HIGH: "#c4520a",
  MEDIUM: "#8a6100",
  LOW: "#175cd3",
  INFO: "#475467",
};

/** Styles stand inline, for mail programs drop the rest; colours read on white and on black. */
export function defaultHtml(data: Scope): string {
  const incident = data["incident"] as Scope | null;
  const alert = data["alert"] as Scope;
  const counts = data["counts"] as Counts;
  const colour = colours[(incident?.["severity"] as string) ?? "INFO"] ?? "#475467";
  const rows =
    incident && counts.incidents === 1
      ? linesOf(data, incident).map(([label, text]) => row(label, escape(plainText(text))))
      : incident
        ? [
            ...(data["incidents"] as Scope[]).map(digestRow),
            ...(counts.notShown > 0 ? [row("", `and ${counts.notShown} more`)] : []),
          ]
        : [row("", escape(alert["why"] as string))];
  const links = [
    button(incident && counts.incidents === 1 ? (incident["url"] as string) : "", "Open the incident", colour),
    button(alert["acknowledgeUrl"] as string, "Acknowledge", "#344054"),
  ].join("");
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark"></head>
<body style="margin:0;padding:16px;font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif">
<div style="max-width:640px;margin:0 auto;border-left:6px solid ${colour};padding:0 0 0 16px">
<h1 style="font-size:20px;line-height:1.3;margin:0 0 12px">${escape(defaultSubject(data))}</h1>
<table role="presentation" style="border-collapse:collapse;width:100%">${rows.join("\n")}</table>
<p style="margin:20px 0 0">${links}</p>
<p style="margin:20px 0 0;font-size:13px;opacity:.75">Vigil for ${escape(said((data["organization"] as Scope)["name"]))}</p>
</div></body></html>
`;
}

function row(label: string, html: string): string {
  const head = label ? `<div style="font-size:13px;font-weight:600;opacity:.75">${escape(label)}</div>` : "";
  return `<tr><td style="padding:6px 0;overflow-wrap:anywhere">${head}<div>${html}</div></td></tr>`;
}

function digestRow(incident: Scope): string {
  const text = escape(digestLine({ ...incident, url: "" }));
  const { url } = incident;
  return row("", url ? `<a href="${escape(url as string)}" style="color:inherit">${text}</a>` : text);
}

function button(url: string, label: string, colour: string): string {
  const style = `display:inline-block;margin:0 12px 8px 0;padding:10px 18px;border-radius:6px;background:${colour};color:#fff;text-decoration:none;font-weight:600`;
  return url ? `<a href="${escape(url)}" style="${style}">${escape(label)}</a>` : "";
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
