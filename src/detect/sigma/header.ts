/** What detection rules and correlations have in common: title, id, level, tags and the like. */
import type { Logsource, Severity } from "../../ingest/event.ts";
import type { DocumentHeader } from "./document.ts";
import { get, isScalarValue, isShape, readText, readTexts, type Shape } from "./shape.ts";
import type { Report, SourceDocument } from "./source.ts";
import { readVigilBlock } from "./vigil-block.ts";
import { withoutVigilBlock } from "./vigil-text.ts";

const severityByLevel = new Map<string, Severity>([
  ["informational", "INFO"],
  ["low", "LOW"],
  ["medium", "MEDIUM"],
  ["high", "HIGH"],
  ["critical", "CRITICAL"],
]);
const statuses = ["stable", "test", "experimental", "deprecated", "unsupported"];
const maxTitleLength = 256; // characters, from the specification

export function readHeader(source: SourceDocument, shape: Shape): DocumentHeader | undefined {
  const { report } = source;
  const title = readText(shape, "title", report)?.trim();
  if (!title) report(["title"], "INVALID", "a rule needs a title");
  else if (title.length > maxTitleLength)
    report(["title"], "INVALID", `title is longer than ${maxTitleLength} characters`);
  const level = readText(shape, "level", report);
  const severity = level === undefined ? "MEDIUM" : severityByLevel.get(level.toLowerCase());
  if (!severity) report(["level"], "INVALID", `level must be one of ${[...severityByLevel.keys()].join(", ")}`);
  const status = readText(shape, "status", report);
  if (status !== undefined && !statuses.includes(status))
    report(["status"], "INVALID", `status must be one of ${statuses.join(", ")}`);
  readDocumentation(shape, report);
  const vigil = readVigilBlock(shape, report);
  const rest = vigil ? withoutVigilBlock(source.text) : { text: source.text, linesBefore: 0 };
  const optional = { sigmaId: "id", name: "name", description: "description", author: "author" } as const;
  const header: DocumentHeader = {
    document: source.index,
    line: source.line + rest.linesBefore,
    title: title ?? "",
    severity: severity ?? "MEDIUM",
    tags: readTexts(shape, "tags", report),
    references: readTexts(shape, "references", report),
    falsepositives: readTexts(shape, "falsepositives", report),
    logsource: readLogsource(shape, report),
    yaml: rest.text,
  };
  if (vigil) header.vigil = vigil;
  if (status !== undefined) header.status = status;
  for (const [property, key] of Object.entries(optional) as [keyof typeof optional, string][]) {
    const text = readText(shape, key, report);
    if (text !== undefined) header[property] = text;
  }
  return title && severity ? header : undefined;
}

const relations = ["derived", "obsolete", "obsoletes", "merged", "renamed", "similar"]; // obsoletes: until Sigma 2.0

/** What people read and Vigil does not act on: only its types are checked. Other keys are the author's own. */
function readDocumentation(shape: Shape, report: Report): void {
  for (const key of ["taxonomy", "license"]) readText(shape, key, report);
  for (const key of ["scope", "fields"]) readTexts(shape, key, report);
  for (const key of ["date", "modified"]) {
    const date = readText(shape, key, report);
    if (date !== undefined && !/^\d{4}([-/])(0[1-9]|1[0-2])\1(0[1-9]|[12]\d|3[01])$/.test(date.trim()))
      report([key], "INVALID", `${key} is a date such as 2026-11-24`);
  }
  const related = get(shape, "related");
  if (related === undefined || related === null) return;
  if (!Array.isArray(related)) report(["related"], "INVALID", "related is a list of maps with id and type");
  else
    for (const [index, item] of related.entries()) {
      const type: unknown = isShape(item) ? get(item, "type") : undefined;
      if (!isShape(item) || !isScalarValue(get(item, "id")))
        report(["related", index], "INVALID", "an item of related is a map with id and type");
      else if (typeof type !== "string" || !relations.includes(type))
        report(["related", index, "type"], "INVALID", `type must be one of ${relations.join(", ")}`);
    }
}

function readLogsource(shape: Shape, report: Report): Logsource {
  const value = get(shape, "logsource");
  const logsource: Logsource = {};
  if (value === undefined || value === null) return logsource;
  if (!isShape(value)) {
    report(["logsource"], "INVALID", "logsource must be a map of product, service, category");
    return logsource;
  }
  for (const part of ["product", "service", "category"] as const) {
    const text = readText(value, part, report, ["logsource"]);
    if (text) logsource[part] = text.toLowerCase();
  }
  return logsource;
}
