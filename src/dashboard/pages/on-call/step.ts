import type { Someone } from "../../data/use-people.ts";
import type {
  EscalationStepInput,
  EscalationTargetInput,
  EscalationTargetKind,
  PeopleRole,
  PolicyRowFragment,
} from "../../generated/graphql.ts";

type Step = PolicyRowFragment["steps"][number];

/** Whom a step tells; `which`: an id, a role, or a person's e-mail address, as the API answers them. */
export interface TargetDraft {
  kind: EscalationTargetKind;
  which: string;
  /** A channel's id; empty: e-mail and text message. */
  via: string;
}

export interface StepDraft {
  minutes: string;
  tell: TargetDraft[];
}

export function draftOf({ delaySeconds, tell }: Step): StepDraft {
  return {
    minutes: String(delaySeconds / 60),
    tell: tell.map(({ kind, role, user, schedule, channel, via }) => ({
      kind,
      which: user?.email ?? role ?? schedule?.id ?? channel?.id ?? "",
      via: via?.id ?? "",
    })),
  };
}

/** Seconds of a number of minutes, as a field holds it. */
export const secondsIn = (minutes: string): number => Math.round(Number(minutes) * 60);

/** As the API takes it. */
export function stepInput({ minutes, tell }: StepDraft, everybody: readonly Someone[]): EscalationStepInput {
  return { delaySeconds: secondsIn(minutes), tell: tell.map((target) => targetInput(target, everybody)) };
}

function targetInput({ kind, which, via }: TargetDraft, everybody: readonly Someone[]): EscalationTargetInput {
  const by = via && kind !== "CHANNEL" ? { viaChannelId: via } : {};
  if (kind === "ROLE") return { role: which as PeopleRole, ...by };
  if (kind === "SCHEDULE") return { scheduleId: which, ...by };
  if (kind === "CHANNEL") return { channelId: which };
  return { userId: everybody.find(({ email }) => email === which)?.id ?? "", ...by };
}
