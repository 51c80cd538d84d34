/** How a correlation reads what it counts: its group, and the value or number that it asks about. */
import type { Logsource, SecurityEvent } from "../../ingest/event.ts";
import type { ChainedCounter, Counter, InnerDetection } from "../rule.ts";
import type { CorrelationBody, ParsedDocument } from "../sigma/document.ts";
import type { FieldReader } from "../sigma/fields.ts";
import type { WindowSpec } from "../windows/windows.ts";
import type { SealedReader } from "./disguise.ts";
import { groupBy, groupValues, numberIn } from "./group.ts";

/** How the values are read that rules group by, and those they count. */
export interface GroupFields {
  grouping: FieldReader;
  counting: FieldReader;
  /** Numbers, as they were sent: what is sealed is added up all the same, but not told. */
  numbers: FieldReader;
  isSealed: SealedReader;
}

/** The correlation, and which of its rules this is about. */
export interface Counting {
  body: CorrelationBody;
  window: WindowSpec;
  /** From 0, in the order of the list. */
  place: number;
}

/** The counter of a detection rule, or why there is none. */
export function counterOf(
  { body, window, place }: Counting,
  document: ParsedDocument,
  fields: GroupFields,
): Counter<SecurityEvent> | string {
  const fault = unknownAlias(body, document);
  if (fault) return fault;
  const name = (field: string) => aliased(body, field, document) ?? field;
  const readAll = (names: readonly string[], reader: FieldReader) =>
    groupBy(names.map((field) => reader(name(field), document.logsource)));
  const counter: Counter<SecurityEvent> = { window, groupOf: readAll(body.groupBy, fields.grouping) };
  const [field] = body.fields;
  switch (window.measure) {
    case "ORDER":
      return { ...counter, countedOf: () => String(place) };
    case "VALUES":
      return {
        ...counter,
        countedOf: field === undefined ? () => String(place) : readAll(body.fields, fields.counting),
      };
    case "SUM":
    case "AVERAGE":
    case "PERCENTILE": {
      const read = fields.numbers(name(field ?? ""), document.logsource);
      const isSealed = fields.isSealed(name(field ?? ""), document.logsource);
      return { ...counter, numberOf: (event) => numberIn(read(event)), isSealed };
    }
    default:
      return counter;
  }
}

/**
 * The counter of another correlation's detections. A field is a group-by value of the inner correlation where it groups
 * by one of that name, and otherwise what the event says that made it fire.
 */
export function chainedCounterOf(
  counting: Counting,
  inner: { document: ParsedDocument; groupBy: readonly string[]; logsource: Logsource },
  fields: GroupFields,
): ChainedCounter | string {
  const { body, window } = counting;
  const fault = unknownAlias(body, inner.document);
  if (fault) return fault;
  const valuesOf = (reader: FieldReader) => (name: string) => {
    const field = aliased(body, name, inner.document) ?? name;
    const index = inner.groupBy.indexOf(field);
    const read = reader(field, inner.logsource);
    return ({ group, origin }: InnerDetection) =>
      index >= 0 ? groupValues(group, inner.groupBy.length)[index] : read(origin);
  };
  const [field] = body.fields;
  const counter: ChainedCounter = {
    window,
    groupOf: groupBy(body.groupBy.map(valuesOf(fields.grouping))),
    everyFiring: body.type === "temporal" || body.type === "temporal_ordered",
  };
  if (counter.everyFiring) return { ...counter, countedOf: () => String(counting.place) };
  if (body.type === "value_count")
    return { ...counter, countedOf: groupBy(body.fields.map(valuesOf(fields.counting))) };
  if (field === undefined) return counter;
  const read = valuesOf(fields.numbers)(field);
  const sealed = fields.isSealed(aliased(body, field, inner.document) ?? field, inner.logsource);
  return { ...counter, numberOf: (source) => numberIn(read(source)), isSealed: ({ origin }) => sealed(origin) };
}

function unknownAlias(body: CorrelationBody, document: ParsedDocument): string | undefined {
  const unknown = [...body.groupBy, ...body.fields].find((name) => aliased(body, name, document) === undefined);
  if (unknown === undefined) return undefined;
  return `the alias \`${unknown}\` does not name a field for the rule \`${document.name ?? document.title}\``;
}

function aliased(
  { aliases }: CorrelationBody,
  name: string,
  { name: ruleName = "", sigmaId = "" }: ParsedDocument,
): string | undefined {
  const alias = aliases.get(name);
  return alias ? (alias.get(ruleName) ?? alias.get(sigmaId)) : name;
}
