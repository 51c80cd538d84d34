/**
 * What detection made of a run, against what is known to lie in it. Pure. An attack is caught by a detection that opened or
 * joined an incident, is about somebody or something of the attack or holds one of its events, and has events within it. An
 * incident that belongs to no attack is a false alarm.
 */
import type { Clarity, Label } from "../clinic/event.ts";

export interface FoundDetection {
  id: string;
  /** What other rules call its rule. */
  rule: string;
  subjects: readonly string[];
  /** Epoch ms, as are all times here. */
  firstEventAt: number;
  lastEventAt: number;
  /** When the batch that fired was received. */
  firedAt: number;
  /** The number of its incident; undefined: it opened none. */
  incident: number | undefined;
  /** The sender's ids of some of its events. */
  eventIds: readonly string[];
  explanation: string;
}

export interface Run {
  seed: number;
  users: number;
  from: number;
  to: number;
  /** When learning ends and attacks may begin. */
  attacksFrom: number;
  labels: readonly Label[];
  detections: readonly FoundDetection[];
}

export interface Caught {
  label: Label;
  /** The rules that caught it, the first to fire first. */
  rules: string[];
  /** From its first event to the first event that fired, ms; undefined: not caught. */
  delay: number | undefined;
}

export interface FalseIncident {
  seed: number;
  number: number;
  rules: string[];
  subjects: readonly string[];
  at: number;
  learning: boolean;
  explanation: string;
  eventIds: readonly string[];
}

export interface Judged {
  attacks: Caught[];
  falseIncidents: FalseIncident[];
  /** Incidents that belong to an attack. */
  trueIncidents: number;
  /** Detections that opened and joined no incident, by rule: they only scored. */
  onlyScored: Record<string, number>;
  userMonths: number;
}

const minute = 60_000;
/** How long after its last event a detection of an attack may come. */
const late = 60 * minute;
/** For how long what follows from an attack is no false alarm: the victim comes back from where the thief was. */
const aftermath = 12 * 60 * minute;
export const month = 30.44 * 24 * 60 * minute;

export function judge(run: Run): Judged {
  const relevant = run.detections.filter(({ incident }) => incident !== undefined);
  const attacks = run.labels.map((label): Caught => {
    const hits = relevant
      .filter((one) => one.firedAt >= label.from && belongs(one, label, late))
      .sort((one, other) => one.firedAt - other.firedAt);
    const [first] = hits;
    return {
      label,
      rules: [...new Set(hits.map(({ rule }) => rule))],
      delay: first && Math.max(0, first.firedAt - label.from),
    };
  });
  const incidents = new Map<number, FoundDetection[]>();
  for (const one of relevant)
    incidents.set(one.incident as number, [...(incidents.get(one.incident as number) ?? []), one]);
  const falseIncidents: FalseIncident[] = [];
  for (const [number, detections] of incidents) {
    if (detections.some((one) => run.labels.some((label) => belongs(one, label, aftermath)))) continue;
    const [first] = detections.sort((one, other) => one.firedAt - other.firedAt) as [FoundDetection];
    falseIncidents.push({
      seed: run.seed,
      number,
      rules: [...new Set(detections.map(({ rule }) => rule))],
      subjects: first.subjects,
      at: first.firedAt,
      learning: first.firedAt < run.attacksFrom,
      explanation: first.explanation,
      eventIds: first.eventIds,
    });
  }
  return {
    attacks,
    falseIncidents: falseIncidents.sort((one, other) => one.at - other.at),
    trueIncidents: incidents.size - falseIncidents.length,
    onlyScored: countRules(run.detections.filter(({ incident }) => incident === undefined).map(({ rule }) => rule)),
    userMonths: (run.users * (run.to - run.from)) / month,
  };
}

function countRules(rules: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const rule of rules) counts[rule] = (counts[rule] ?? 0) + 1;
  return counts;
}

/** Whether the detection is of the attack, by subject (or a shared event) and time. */
export function belongs(
  detection: Pick<FoundDetection, "subjects" | "firstEventAt" | "lastEventAt" | "eventIds">,
  label: Pick<Label, "users" | "addresses" | "services" | "from" | "to" | "eventIds">,
  after: number,
): boolean {
  if (detection.lastEventAt < label.from || detection.firstEventAt > label.to + after) return false;
  const named = (key: string): boolean =>
    label.users.includes(key) || label.addresses.includes(key) || label.services.includes(key);
  return detection.subjects.some(named) || detection.eventIds.some((id) => label.eventIds.includes(id));
}

/** Of several runs together. */
export function together(runs: readonly Judged[]): Judged {
  return {
    attacks: runs.flatMap(({ attacks }) => attacks),
    falseIncidents: runs.flatMap(({ falseIncidents }) => falseIncidents),
    trueIncidents: runs.reduce((sum, one) => sum + one.trueIncidents, 0),
    onlyScored: countRules(
      runs.flatMap(({ onlyScored }) => Object.entries(onlyScored).flatMap(([rule, n]) => Array<string>(n).fill(rule))),
    ),
    userMonths: runs.reduce((sum, one) => sum + one.userMonths, 0),
  };
}

export interface Recall {
  caught: number;
  of: number;
}

export function recallOf(attacks: readonly Caught[], clarity: Clarity): Recall {
  const meant = attacks.filter(({ label }) => label.clarity === clarity);
  return { caught: meant.filter(({ rules }) => rules.length > 0).length, of: meant.length };
}

/** How many attacks of these kinds the rule itself caught. */
export function recallOfRule(
  attacks: readonly Caught[],
  rule: string,
  kinds: readonly string[],
  clarity: Clarity,
): Recall {
  const meant = attacks.filter(({ label }) => label.clarity === clarity && kinds.includes(label.kind));
  return { caught: meant.filter(({ rules }) => rules.includes(rule)).length, of: meant.length };
}

export function median(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return undefined;
  return sorted.length % 2 ? sorted[middle] : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

export const targets = { clearRecall: 0.95, falsePerUserMonth: 0.05, learningIncidents: 0 } as const;

/** Which targets are met. */
export function meets(judged: Judged): { name: string; value: number; target: string; met: boolean }[] {
  const clear = recallOf(judged.attacks, "CLEAR");
  const recall = clear.of === 0 ? 1 : clear.caught / clear.of;
  const rate = judged.falseIncidents.length / judged.userMonths;
  const learning = judged.falseIncidents.filter((one) => one.learning).length;
  return [
    {
      name: "recall on clear attacks",
      value: recall,
      target: `>= ${targets.clearRecall}`,
      met: recall >= targets.clearRecall,
    },
    {
      name: "false incidents per user-month",
      value: rate,
      target: `<= ${targets.falsePerUserMonth}`,
      met: rate <= targets.falsePerUserMonth,
    },
    { name: "incidents while learning", value: learning, target: "0", met: learning <= targets.learningIncidents },
  ];
}
