/** What an escalation does next: pure, on the policy as it was when it began. */

export const targetKinds = ["USER", "ROLE", "SCHEDULE", "CHANNEL"] as const;

export interface Target {
  kind: (typeof targetKinds)[number];
  /** A user's, schedule's or channel's id; of ROLE the role. */
  id: string;
  /** The id of the channel people are told on; absent: every e-mail and SMS channel. */
  via?: string | undefined;
}

export interface Step {
  /** Seconds after the step before it; of the first one after the beginning. */
  delayS: number;
  tell: readonly Target[];
}

/** As `escalations.policy` keeps it. */
export interface Policy {
  name: string;
  steps: readonly Step[];
  /** How often the steps begin again. */
  repeats: number;
  acknowledgeTimeoutS: number | null;
  /** Told when all rounds are over; null: nobody. */
  fallbackChannelId: string | null;
}

export interface At {
  /** From 0. */
  step: number;
  round: number;
}

/**
 * The step after this one, with its delay in seconds; undefined: all rounds are over. A new round waits as long as the
 * last step did, where that is longer, so that a policy which tells at once does not begin again at once.
 */
export function stepAfter({ steps, repeats }: Policy, { step, round }: At): (At & { delayS: number }) | undefined {
  const again = step + 1 >= steps.length;
  const next = again ? { step: 0, round: round + 1 } : { step: step + 1, round };
  const found = steps[next.step];
  if (!found || next.round > repeats) return undefined;
  return { ...next, delayS: again ? Math.max(found.delayS, steps.at(-1)?.delayS ?? 0) : found.delayS };
}

/** Seconds that whoever is called at once, and alone, has before the fallback: their policy says nothing of it. */
const untilFallback = 300;

export interface Fired<T> {
  /** What was told, by step. */
  told: (At & { alerts: T[] })[];
  /** Null: it has ended. */
  next: (At & { dueInS: number }) | null;
}

/**
 * Fires the step that is due. A step that reaches nobody goes on to the next one at once; after the last of the last
 * round the fallback is told. `reach` gives the alerts of a step, `reaches` says whether one of them goes out.
 */
export function fire<T>(
  policy: Policy,
  at: At,
  { reach, fallback, reaches }: { reach(step: Step, at: At): T[]; fallback(at: At): T[]; reaches(alert: T): boolean },
): Fired<T> {
  const told: Fired<T>["told"] = [];
  for (let now: At | undefined = at; now; ) {
    const step: Step | undefined = policy.steps[now.step];
    const alerts = step ? reach(step, now) : [];
    if (alerts.length > 0) told.push({ ...now, alerts });
    const next = stepAfter(policy, now);
    if (next && alerts.some(reaches))
      return { told, next: { step: next.step, round: next.round, dueInS: next.delayS } };
    if (!next) {
      // the last ones told have as long to answer as the first ones had, before the fallback
      const end = { step: policy.steps.length, round: now.round };
      const waits = alerts.some(reaches) && policy.fallbackChannelId !== null && now.step < policy.steps.length;
      if (waits) return { told, next: { ...end, dueInS: policy.steps.at(-1)?.delayS || untilFallback } };
      const last = fallback(end);
      if (last.length > 0) told.push({ ...end, alerts: last });
      return { told, next: null };
    }
    now = { step: next.step, round: next.round };
  }
  return { told, next: null };
}
