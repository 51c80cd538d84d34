/**
 * The page of an e-mail. Styles stand inline, for many mail programs drop the rest; what a style sheet adds is for dark
 * screens and small ones. Every colour reads on its ground at 4.5 : 1 or more, light and dark (WCAG 2.2, 1.4.3).
 */

const colours: Readonly<Record<string, string>> = {
  CRITICAL: "#b42318",
  HIGH: "#b54708",
  MEDIUM: "#7a5600",
  LOW: "#175cd3",
  INFO: "#475467",
};
const colourOf = (severity: string): string => colours[severity] ?? (colours["INFO"] as string);

const sheet = `
:root{color-scheme:light dark;supported-color-schemes:light dark}
@media (prefers-color-scheme:dark){
.ground{background:#12161c!important}.card{background:#1d232c!important;color:#eceff3!important}
.card h1,.card a.line{color:#f6f7f9!important}.label,.foot{color:#aab4c3!important}.quiet{background:#344054!important}}
@media (max-width:480px){.ground{padding:0!important}.card{border-radius:0!important;padding:20px 18px!important}
.button{display:block!important;margin:0 0 10px!important;text-align:center!important}}`;

export interface Page {
  subject: string;
  severity: string;
  /** HTML that `row` made. */
  rows: readonly string[];
  /** HTML that `button` made; empty ones are left out. */
  links: readonly string[];
  organization: string;
}

export function page({ subject, severity, rows, links, organization }: Page): string {
  const colour = colourOf(severity);
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark">
<title>${escape(subject)}</title><style>${sheet}</style></head>
<body class="ground" style="margin:0;padding:24px 12px;background:#eef1f5;font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif">
<div class="card" style="max-width:600px;margin:0 auto;padding:24px 28px;background:#ffffff;color:#1d2939;border-top:6px solid ${colour};border-radius:8px">
<span style="display:inline-block;padding:2px 10px;border-radius:99px;background:${colour};color:#ffffff;font-size:13px;font-weight:700;letter-spacing:.03em">${escape(severity)}</span>
<h1 style="font-size:21px;line-height:1.3;margin:12px 0 12px;color:#101828;overflow-wrap:anywhere">${escape(subject)}</h1>
<table role="presentation" width="100%" style="border-collapse:collapse;width:100%">${rows.join("\n")}</table>
<p style="margin:20px 0 0">${links.join("")}</p>
<p class="foot" style="margin:16px 0 0;font-size:13px;color:#5b6675">Vigil for ${escape(organization)}</p>
</div></body></html>
`;
}

/** A label above its text, which may be a link. */
export function row(label: string, text: string, url = ""): string {
  const head = label
    ? `<div class="label" style="font-size:13px;font-weight:600;color:#5b6675">${escape(label)}</div>`
    : "";
  const words = escape(text).replace(/\n/g, "<br>");
  const body = url ? `<a class="line" href="${escape(url)}" style="color:#101828">${words || "Open"}</a>` : words;
  return `<tr><td style="padding:7px 0;overflow-wrap:anywhere;word-break:break-word">${head}<div>${body}</div></td></tr>`;
}

/** Nothing without an address. */
export function button(url: string, label: string, severity?: string): string {
  const ground = severity === undefined ? "#475467" : colourOf(severity);
  const style = `display:inline-block;margin:0 12px 10px 0;padding:12px 20px;border-radius:6px;background:${ground};color:#ffffff;text-decoration:none;font-weight:600`;
  const kind = severity === undefined ? "button quiet" : "button";
  return url ? `<a class="${kind}" href="${escape(url)}" style="${style}">${escape(label)}</a>` : "";
}

export function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
