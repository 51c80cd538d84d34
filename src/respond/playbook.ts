/**
 * Which actions a change of an incident calls for, and which not and why. Pure: the same incident, rules, history and
 * moment give the same answer.
 */
import type { Severity } from "../ingest/event.ts";
import { nameOf } from "./action-words.ts";
import { failing, type ReasonCode } from "./conditions.ts";
import { questionLifetime } from "./contact.ts";
import { ttlBounds } from "./decide.ts";
import { type ActionType, type ResponseRule, type TargetKind, usualTarget, type WantedAction } from "./rule.ts";

export interface IncidentFacts {
  id: string;
  number: number;
  severity: Severity;
  /** 0 to 100. */
  threatScore: number;
  /** The alert rule that opened it. */
  ruleId: string | null;
  ruleReference: string | null;
  tags: readonly string[];
  subjects: readonly { kind: string; key: string }[];
  /** Incidents with one of its subjects that were opened in the 30 days before it. */
  earlierIncidents: number;
  /** Users who are not asked whether it was them, and why. */
  unaskable?: Map<string, string>;
}

/** One action of the past, whichever incident it was for. */
export interface PastAction {
  incidentId: string;
  ruleId: string | null;
  type: ActionType;
  target: string;
  /** It was done. */
  done: boolean;
  /** It would have been done: its rule was on trial. */
  monitored?: boolean;
  /** A person took it back. */
  takenBack?: boolean;
  /** Epoch ms. */
  at: number;
  /** Until when it is in force or waits for approval, epoch ms; null: it does not. */
  inForceUntil: number | null;
}

export interface Chosen {
  rule: ResponseRule;
  type: ActionType;
  /** The subject's key; for NOTIFY_ADMIN `administrators`, for CALL_WEBHOOK the webhook's name. */
  target: string;
  kind: TargetKind | null;
  /** ms; 0 for NOTIFY_ADMIN, which ends when it is done. */
  ttl: number;
  approval: boolean;
  /** In words. */
  reason: string;
}

export interface NotChosen {
  rule: ResponseRule;
  type: ActionType | null;
  target: string | null;
  code:
    | ReasonCode
    | "NO_TARGET"
    | "TOO_MANY_TARGETS"
    | "COOLING_DOWN"
    | "IN_FORCE"
    | "TAKEN_BACK"
    | "DOUBLED"
    | "NOT_ASKED";
  reason: string;
}

export interface Plan {
  chosen: Chosen[];
  notChosen: NotChosen[];
}

/** Everybody who is told by NOTIFY_ADMIN. */
export const administrators = "administrators";
/** For a repeat offender each time is this many times as long as the one before, up to 7 days. */
export const growth = 2;
/** What is longer ago does not count as a repeat, ms. */
export const memory = 30 * 86_400_000;
const mostTargets = 10; // of one incident and action: an incident about more is no single offender's

export function choose(
  incident: IncidentFacts,
  rules: readonly ResponseRule[],
  history: readonly PastAction[],
  now: number,
): Plan {
  const plan: Plan = { chosen: [], notChosen: [] };
  for (const rule of rules) {
    const fault = failing(rule, incident, now);
    if (fault) {
      plan.notChosen.push({ rule, type: null, target: null, ...fault });
      continue;
    }
    for (const wanted of rule.actions) chooseOne(plan, { incident, rule, wanted, history, now });
  }
  return plan;
}

interface Question {
  incident: IncidentFacts;
  rule: ResponseRule;
  wanted: WantedAction;
  history: readonly PastAction[];
  now: number;
}

function chooseOne(plan: Plan, { incident, rule, wanted, history, now }: Question): void {
  const { type } = wanted;
  const calls = type === "CALL_WEBHOOK";
  const kind = calls || type === "NOTIFY_ADMIN" ? null : (wanted.target ?? usualTarget[type]);
  const not = (target: string | null, code: NotChosen["code"], reason: string): void =>
    void plan.notChosen.push({ rule, type, target, code, reason });
  const targets = kind === null ? [wanted.webhook ?? administrators] : targetsOf(incident, kind);
  if (targets.length === 0) not(null, "NO_TARGET", `The incident is about no ${kind}.`);
  for (const target of targets.slice(mostTargets)) {
    not(target, "TOO_MANY_TARGETS", `The incident is about more than ${mostTargets} of this kind.`);
  }
  for (const target of targets.slice(0, mostTargets)) {
    const unasked = type === "ASK_USER" ? incident.unaskable?.get(target) : undefined;
    if (unasked) {
      not(target, "NOT_ASKED", unasked);
      continue;
    }
    const before = history.filter(
      (past) => past.type === type && past.target === target && (kind !== null || past.incidentId === incident.id),
    );
    const until = before.reduce((most, { inForceUntil }) => Math.max(most, inForceUntil ?? 0), 0);
    const last = before.reduce(
      (most, past) => (past.ruleId === rule.id && (past.done || past.monitored) ? Math.max(most, past.at) : most),
      0,
    );
    const free = last + rule.coolDownS * 1000;
    if ((kind !== null || calls) && until > now) {
      not(
        target,
        "IN_FORCE",
        `The ${nameOf({ type, target })} is in force, or waits for approval, until ${new Date(until).toISOString()}.`,
      );
    } else if ((kind !== null || calls) && before.some((past) => past.takenBack && past.incidentId === incident.id)) {
      not(
        target,
        "TAKEN_BACK",
        `Somebody took the ${nameOf({ type, target })} back in this incident: no rule does it again.`,
      );
    } else if (last > 0 && now < free) {
      not(
        target,
        "COOLING_DOWN",
        `This rule did that to ${target} already; it does so again from ${new Date(free).toISOString()}.`,
      );
    } else if (plan.chosen.some((one) => one.type === type && one.target === target && one.rule.mode === rule.mode)) {
      not(target, "DOUBLED", `Another rule has chosen the ${nameOf({ type, target })} already.`);
    } else {
      const repeats = before.filter((past) => past.done && !past.takenBack && past.at > now - memory).length;
      plan.chosen.push({
        rule,
        type,
        target,
        kind,
        ttl: ttlOf(wanted, kind === null ? 0 : repeats),
        approval: wanted.approval ?? false,
        reason: reasonOf(rule, incident, kind === null ? 0 : repeats),
      });
    }
  }
}

/** ms; what only tells is over at once. */
function ttlOf({ type, ttlS }: WantedAction, repeats: number): number {
  if (type === "ASK_USER") return questionLifetime;
  return type === "NOTIFY_ADMIN" ? 0 : grown((ttlS ?? ttlBounds.default / 1000) * 1000, repeats);
}

/** How long, ms, after it was done `repeats` times before: doubled each time, and never longer than 7 days. */
export function grown(ttl: number, repeats: number): number {
  return Math.min(ttlBounds.most, ttl * growth ** Math.min(repeats, 20));
}

function targetsOf({ subjects }: IncidentFacts, kind: TargetKind): string[] {
  return [...new Set(subjects.flatMap((subject) => (subject.kind === kind ? [subject.key] : [])))];
}

function reasonOf(rule: ResponseRule, { number, severity }: IncidentFacts, repeats: number): string {
  const again = repeats > 0 ? `, for the ${repeats + 1}. time in 30 days` : "";
  return `Response rule "${rule.name}": incident #${number} is ${severity}${again}.`;
}
