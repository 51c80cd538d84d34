/** Whether an escalation policy can be: its shape, and that whom it names is there. */
import { peopleRoles } from "../access/viewer.ts";
import type { Tx } from "../db.ts";
import { VigilError } from "../errors.ts";
import type { Step, Target } from "./escalation.ts";

const mostSteps = 20;
const mostTargets = 20;
const mostRepeats = 10;
const shortest = 30; // seconds that whoever is told has to answer, at least
const longest = 86_400;
const longestTimeout = 7 * 86_400;

function bad(message: string, ...path: (string | number)[]): never {
  throw new VigilError("BAD_USER_INPUT", message, { path: ["input", ...path.map(String)] });
}

/** Errors: BAD_USER_INPUT, with the place. */
export function checkPolicy(given: {
  name?: string | undefined;
  steps: readonly Step[];
  repeats: number | undefined;
  acknowledgeTimeoutS?: number | null | undefined;
}): void {
  const { name, steps, repeats = 0, acknowledgeTimeoutS: timeout } = given;
  if (name !== undefined && !/^[^\0]{1,200}$/.test(name.trim())) bad("A name has 1 to 200 characters.", "name");
  if (steps.length < 1 || steps.length > mostSteps) bad(`A policy has 1 to ${mostSteps} steps.`, "steps");
  if (!(Number.isInteger(repeats) && repeats >= 0 && repeats <= mostRepeats))
    bad(`The steps begin again 0 to ${mostRepeats} times.`, "repeats");
  steps.forEach(({ delayS, tell }, index) => {
    const least = index === 0 ? 0 : shortest;
    if (!(Number.isInteger(delayS) && delayS >= least && delayS <= longest))
      bad(`A step waits whole seconds, from ${least} to ${longest} here.`, "steps", index, "delaySeconds");
    if (tell.length < 1 || tell.length > mostTargets)
      bad(`A step tells 1 to ${mostTargets} targets.`, "steps", index, "tell");
    tell.forEach((target, at) => {
      if (target.kind === "CHANNEL" && target.via !== undefined)
        bad("A channel is told on itself: leave viaChannelId out.", "steps", index, "tell", at, "viaChannelId");
    });
  });
  const last = Math.max(steps[0]?.delayS ?? 0, steps.at(-1)?.delayS ?? 0);
  if (repeats > 0 && last < shortest)
    bad(`Where the steps begin again, the first or the last waits ${shortest} seconds or more.`, "steps");
  if (timeout != null && !(Number.isInteger(timeout) && timeout >= 60 && timeout <= longestTimeout))
    bad("Whole seconds, from 60 to 7 days.", "acknowledgeTimeoutSeconds");
}

/** The ids of one kind that steps name. */
export function namedIn(steps: readonly Step[], kind: Target["kind"]): string[] {
  return steps.flatMap(({ tell }) => tell.filter((target) => target.kind === kind).map(({ id }) => id));
}

/** Errors: BAD_USER_INPUT (no such user, schedule, channel or role), with the place. */
export async function checkPolicyNames(
  tx: Tx,
  {
    steps = [],
    fallbackChannelId,
  }: { steps?: readonly Step[] | undefined; fallbackChannelId?: string | null | undefined },
): Promise<void> {
  const vias = steps.flatMap(({ tell }) => tell.flatMap(({ via }) => via ?? []));
  const channels = [...namedIn(steps, "CHANNEL"), ...vias, ...(fallbackChannelId ? [fallbackChannelId] : [])];
  const { rows } = await tx.query<{ users: string[]; schedules: string[]; channels: string[] }>(
    `SELECT ARRAY(SELECT id FROM users WHERE organization_id = $1 AND id = ANY ($2::uuid[])) AS users,
       ARRAY(SELECT id FROM on_call_schedules WHERE organization_id = $1 AND id = ANY ($3::uuid[]) FOR SHARE) AS schedules,
       ARRAY(SELECT id FROM alert_channels WHERE organization_id = $1 AND id = ANY ($4::uuid[]) AND removed_at IS NULL) AS channels`,
    [tx.organizationId, namedIn(steps, "USER"), namedIn(steps, "SCHEDULE"), channels],
  );
  const found = rows[0] as NonNullable<(typeof rows)[0]>;
  const known: Record<Target["kind"], { ids: readonly string[]; noun: string; field: string }> = {
    USER: { ids: found.users, noun: "user", field: "userId" },
    ROLE: { ids: peopleRoles, noun: "role of people", field: "role" },
    SCHEDULE: { ids: found.schedules, noun: "on-call schedule", field: "scheduleId" },
    CHANNEL: { ids: found.channels, noun: "channel", field: "channelId" },
  };
  steps.forEach(({ tell }, index) => {
    tell.forEach(({ kind, id, via }, at) => {
      const { ids, noun, field } = known[kind];
      if (!ids.includes(id)) bad(`There is no such ${noun}.`, "steps", index, "tell", at, field);
      if (via && !found.channels.includes(via))
        bad("There is no such channel.", "steps", index, "tell", at, "viaChannelId");
    });
  });
  if (fallbackChannelId && !found.channels.includes(fallbackChannelId))
    bad("There is no such channel.", "fallbackChannelId");
}
