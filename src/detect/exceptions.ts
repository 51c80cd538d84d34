/** Exceptions -> one question about an event: is it one that the rule is not to find? */
import type { Logsource, SecurityEvent } from "../ingest/event.ts";
import type { StoredException } from "./detection.ts";
import { type CompileContext, compileDetection, type Matches } from "./sigma/compile.ts";
import type { DetectionBody } from "./sigma/document.ts";
import { mayHave } from "./sigma/known-fields.ts";
import { parseOnce } from "./sigma/parse-once.ts";
import { expandPlaceholders, type Placeholders } from "./sigma/placeholders.ts";

export interface Exception {
  from: number;
  until: number;
  /** Its placeholders are expanded. */
  body: DetectionBody;
}

/** The exceptions of a rule that can be read; what is wrong with the others is told. */
export function parseExceptions(
  stored: readonly StoredException[] | undefined,
  placeholders: Placeholders,
  tell: (message: string) => void,
): Exception[] {
  return (stored ?? []).flatMap(({ id, yaml, from, until = Number.POSITIVE_INFINITY }) => {
    const { documents, errors } = parseOnce(yaml);
    for (const { line, path, message } of errors)
      tell(`exception ${id}, line ${line}, ${path || "filter"}: ${message}`);
    const [document, another] = documents;
    if (errors.length > 0 || !document) return [];
    if (document.kind === "FILTER" && !another) {
      const { body, faults } = expandPlaceholders(document.body, placeholders, mayHave(document.logsource));
      for (const fault of faults) tell(`exception ${id}: ${fault}`);
      return faults.length > 0 ? [] : [{ from, until, body }];
    }
    tell(`exception ${id}: holds exactly one Sigma filter`);
    return [];
  });
}

/**
 * Whether an exception that was in force when the event arrived keeps it from the rule. A filter's condition says what
 * stays (`not selection`), as the specification has it. Undefined: there are no exceptions.
 */
export function compileExceptions(
  exceptions: readonly Exception[],
  logsource: Logsource,
  context: CompileContext,
): Matches | undefined {
  if (exceptions.length === 0) return undefined;
  const compiled = exceptions.map(({ from, until, body }) => ({
    from,
    until,
    stays: compileDetection(body, logsource, context),
  }));
  return (event: SecurityEvent) => {
    for (const { from, until, stays } of compiled)
      if (event.receivedAt >= from && event.receivedAt < until && !stays(event)) return true;
    return false;
  };
}
