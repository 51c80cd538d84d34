/**
 * A behaviour detector: a pure judgement of one event against the profiles as they were before it. Its rule
 * (`kind: BEHAVIOUR`) gives it parameters, a mode, a severity and exceptions as for any rule; a finding is a match.
 */
import type { SecurityEvent, Severity } from "../../ingest/event.ts";
import type { RuleMode, Subject } from "../detection.ts";
import type { Facet, Seen } from "./facet.ts";

export type { Seen };

export interface Parameter {
  /** What it is, with its unit. */
  description: string;
  default: number | boolean | readonly string[];
  /** Of a number; both included. */
  min?: number;
  max?: number;
}

export type ParameterTable = Readonly<Record<string, Parameter>>;

/** The values of a table: numbers, booleans or lists as their defaults are. */
export type ParametersOf<Table extends ParameterTable> = {
  readonly [Name in keyof Table]: Table[Name]["default"] extends number
    ? number
    : Table[Name]["default"] extends boolean
      ? boolean
      : readonly string[];
};

export interface Finding {
  /** For people, whole: "log-in from Lagos 11,200 km from Austin 2 h before; nobody travels at 5,600 km/h". No patient names. */
  reason: string;
  /** Whom it is about, the first being its group. Default: the event's user, else its address, else its log source. */
  subjects?: Subject[];
  /** A sign that by itself is mostly nothing: it adds to the threat score, and opens an incident only beside another one. */
  weak?: boolean;
}

export interface BehaviourDetector<Table extends ParameterTable = ParameterTable> {
  /** snake_case, as rules name it: `behaviour: { detector: impossible_travel }`. */
  readonly name: string;
  readonly title: string;
  /** What it finds, and what it does not. */
  readonly description: string;
  readonly severity: Severity;
  /** In which its built-in rule starts. Default: ACTIVE. */
  readonly mode?: RuleMode;
  /** ATT&CK tags as in Sigma, e.g. `attack.t1078`. */
  readonly tags: readonly string[];
  readonly falsepositives: readonly string[];
  /** How long it learns, and what it does before it has learned. */
  readonly learning: string;
  readonly parameters: Table;
  /** What it reads; they are loaded and kept because a detector names them. */
  readonly facets: readonly Facet<unknown>[];
  /** Whether it could find anything; cheap. */
  concerns(event: SecurityEvent): boolean;
  judge(event: SecurityEvent, seen: Seen, parameters: ParametersOf<Table>): Finding | undefined;
}
