/** Sigma text -> checked documents. Never throws: what is wrong comes back as errors with line, path and reason. */

import { parseBehaviour } from "../behaviour/document.ts";
import { mergeCollection } from "./collection.ts";
import { parseCorrelation } from "./correlation-body.ts";
import { parseDetection } from "./detection-body.ts";
import type { ParsedDocument, RuleError } from "./document.ts";
import { parseFilter } from "./filter-body.ts";
import { readHeader } from "./header.ts";
import { beginExpressions, sizeOfExpressions } from "./regex.ts";
import { get, isShape } from "./shape.ts";
import { readSource, type SourceDocument } from "./source.ts";

const mostErrors = 100; // that are told; a text that is no rule has thousands

export interface ParsedSigma {
  documents: ParsedDocument[];
  errors: RuleError[];
  /** Characters or instructions of its regular expressions. */
  expressions: number;
}

export function parseSigma(yaml: string): ParsedSigma {
  const errors: RuleError[] = [];
  const documents: ParsedDocument[] = [];
  beginExpressions();
  try {
    for (const source of mergeCollection(readSource(yaml, errors))) {
      const faultsBefore = errors.length;
      const document = parseDocument(source);
      if (document && errors.length === faultsBefore) documents.push(document);
    }
  } catch (error) {
    // The YAML parser recurses, so absurdly deep text ends here (RangeError).
    const message = `the text cannot be read: ${error instanceof Error ? error.message : "unknown reason"}`;
    errors.push({ document: 0, line: 1, path: "", code: "INVALID", message });
  }
  return { documents, errors: errors.slice(0, mostErrors), expressions: sizeOfExpressions() };
}

function parseDocument(source: SourceDocument): ParsedDocument | undefined {
  const { value: shape, report } = source;
  if (!isShape(shape)) {
    report([], "INVALID", "a rule is a map with title, logsource and detection (or correlation, behaviour or filter)");
    return undefined;
  }
  const header = readHeader(source, shape);
  const detection = get(shape, "detection");
  const correlation = get(shape, "correlation");
  const filter = get(shape, "filter");
  const behaviour = get(shape, "behaviour");
  if (behaviour !== undefined) {
    const body = parseBehaviour(shape, report);
    return header && body ? { ...header, kind: "BEHAVIOUR", logsource: {}, body } : undefined;
  }
  if (filter !== undefined) {
    if (detection !== undefined || correlation !== undefined) {
      report(["filter"], "INVALID", "a filter stands in a document of its own, without detection or correlation");
      return undefined;
    }
    const body = parseFilter(filter, report);
    return header && body ? { ...header, kind: "FILTER", body } : undefined;
  }
  if (detection !== undefined && correlation !== undefined) {
    report(["correlation"], "INVALID", "a document holds either a detection or a correlation; write two documents");
    return undefined;
  }
  if (correlation !== undefined) {
    const body = parseCorrelation(correlation, get(shape, "generate"), report);
    return header && body ? { ...header, kind: "CORRELATION", logsource: {}, body } : undefined;
  }
  if (detection === undefined) {
    report([], "INVALID", "neither detection, correlation, behaviour nor filter is there");
    return undefined;
  }
  if (!Object.hasOwn(shape, "logsource")) report(["logsource"], "INVALID", "a detection rule needs a logsource");
  const body = parseDetection(detection, report);
  return header && body ? { ...header, kind: "DETECTION", body } : undefined;
}
