/** A response rule as it is stored: on which incidents it acts, and how. Checked at the door, trusted inside. */
import { z } from "zod";
import { VigilError } from "../errors.ts";
import { severities } from "../ingest/event.ts";
import { ttlBounds } from "./decide.ts";

export const actionTypes = [
  "BLOCK_IP",
  "SUSPEND_USER",
  "INCREASE_MONITORING",
  "FORCE_MFA",
  "NOTIFY_ADMIN",
  "CALL_WEBHOOK",
  "ASK_USER",
] as const;
export type ActionType = (typeof actionTypes)[number];

/** The kinds of subject that an action is done to. */
export const targetKinds = ["ADDRESS", "USER", "SESSION"] as const;
export type TargetKind = (typeof targetKinds)[number];

export const days = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"] as const;

const words = z.array(z.string().trim().min(1).max(200)).max(50);
const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, "is HH:MM");

/** All that are given must hold. */
const conditions = z.strictObject({
  severityAtLeast: z.enum(severities).optional(),
  severityAtMost: z.enum(severities).optional(),
  scoreAtLeast: z.number().min(0).max(100).optional(),
  scoreAtMost: z.number().min(0).max(100).optional(),
  /** References or ids of alert rules: one of them opened the incident. */
  rules: words.optional(),
  /** One of them is among the incident's tags, or begins one: attack.t1110 stands for attack.t1110.001 too. */
  tags: words.optional(),
  /** The incident has a subject of one of these kinds. */
  subjectKinds: z.array(z.string().min(1).max(40)).max(20).optional(),
  /** In the organization's time zone. `to` before `from` goes over midnight and belongs to the day it began on. */
  times: z
    .strictObject({
      days: z.array(z.enum(days)).max(7).optional(),
      from: timeOfDay.optional(),
      to: timeOfDay.optional(),
    })
    .optional(),
  /** As many incidents with one of the subjects were opened before this one, in the last 30 days. */
  earlierIncidentsAtLeast: z.number().int().min(0).max(1_000).optional(),
});
export type Conditions = z.infer<typeof conditions>;

const wanted = z.strictObject({
  type: z.enum(actionTypes),
  /** Seconds; absent: an hour. */
  ttlS: z
    .number()
    .int()
    .min(ttlBounds.least / 1000)
    .max(ttlBounds.most / 1000)
    .optional(),
  /** A person has to approve it; destructive actions need that anyway. */
  approval: z.boolean().optional(),
  /** To which subjects of the incident; absent: the kind that the action is usually done to. */
  target: z.enum(targetKinds).optional(),
  /** Of CALL_WEBHOOK: the name of the response webhook. */
  webhook: z.string().trim().min(1).max(100).optional(),
});
export type WantedAction = z.infer<typeof wanted>;

const actions = z.array(wanted).min(1, "has at least one action").max(10);

export interface ResponseRule {
  id: string;
  name: string;
  mode: "ACTIVE" | "MONITOR" | "DISABLED";
  conditions: Conditions;
  actions: WantedAction[];
  /** Seconds in which it acts once per target. */
  coolDownS: number;
  /** The IANA zone of its organization, by which its times go; absent: UTC. */
  timeZone?: string;
}

/** Those that are done to no subject of the incident. */
export type Apart = "NOTIFY_ADMIN" | "CALL_WEBHOOK";

/** Which subjects an action is done to where its rule does not say. */
export const usualTarget: Record<Exclude<ActionType, Apart>, TargetKind> = {
  BLOCK_IP: "ADDRESS",
  SUSPEND_USER: "USER",
  INCREASE_MONITORING: "USER",
  FORCE_MFA: "USER",
  ASK_USER: "USER",
};

const fits: Record<ActionType, readonly TargetKind[]> = {
  BLOCK_IP: ["ADDRESS"],
  SUSPEND_USER: ["USER", "SESSION"],
  INCREASE_MONITORING: ["USER", "ADDRESS"],
  FORCE_MFA: ["USER", "SESSION"],
  NOTIFY_ADMIN: [],
  CALL_WEBHOOK: [],
  ASK_USER: ["USER"],
};

function misfits({ type, target, webhook, ttlS }: WantedAction): { field: string; message: string }[] {
  const faults: { field: string; message: string }[] = [];
  if (target && !fits[type].includes(target)) {
    faults.push({ field: "target", message: `${type} is not done to a ${target}.` });
  }
  if (type === "ASK_USER" && ttlS !== undefined) {
    faults.push({ field: "ttl", message: "A question to a user is open for 24 hours, always." });
  }
  if (type === "CALL_WEBHOOK" && webhook === undefined) faults.push({ field: "webhook", message: "Which webhook?" });
  if (type !== "CALL_WEBHOOK" && webhook !== undefined) {
    faults.push({ field: "webhook", message: `${type} calls no webhook.` });
  }
  return faults;
}

/** Checks what a rule is made of. Errors: BAD_USER_INPUT, naming every fault and its place. */
export function readRule(given: { conditions: unknown; actions: unknown }): {
  conditions: Conditions;
  actions: WantedAction[];
} {
  const parsed = z.object({ conditions, actions }).safeParse(given);
  const faults = parsed.success
    ? parsed.data.actions.flatMap((action, index) =>
        misfits(action).map(({ field, message }) => ({ path: ["actions", String(index), field], message })),
      )
    : parsed.error.issues.map(({ path, message }) => ({ path: path.map(String), message }));
  const [first] = faults;
  if (parsed.success && !first) return parsed.data;
  const userErrors = faults.map(({ path, message }) => ({
    code: "BAD_USER_INPUT" as const,
    message: `${path.join(".")}: ${message}`,
    path: ["input", ...path],
  }));
  const { message, path } = userErrors[0] as (typeof userErrors)[number];
  throw new VigilError("BAD_USER_INPUT", message, { path, detail: { userErrors } });
}
