/** What is wrong with Vigil itself, as an organization notices it. Decides only. */
import type { Severity } from "../ingest/event.ts";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** What is looked at. Times are epoch ms. */
export interface Signs {
  /** Those that are not deleted. */
  channels: {
    id: string;
    name: string;
    failingSince: number | null;
    isSuspended: boolean;
    lastFailure: string | null;
  }[];
  /** Alerts of the last day that were given up, but those about Vigil's own health. */
  givenUp: number;
  /** Since when the alert that has waited longest is due, but those about Vigil's own health; null: none waits. */
  dueSince: number | null;
  /** What came in of the last minutes. */
  intake: {
    /** Events that were sent away because too many waited. */
    refused: number;
    /** How long the oldest event had waited when it was longest, ms. */
    longestLagMs: number;
  };
  /** Steps of escalation policies that reach nobody, now or within twelve hours. */
  unreached: { policyId: string; policy: string; step: number; isNow: boolean }[];
  /** Keys of programs that end within a week, or ended within the last day. */
  apiKeys: { id: string; name: string; expiresAt: number }[];
  /** Of the organization that carries the heartbeat. */
  heartbeat: { failingSince: number | null; fault: string | null };
}

export interface Ailment {
  /** One incident is open for each. */
  cause: string;
  severity: Severity;
  title: string;
  message: string;
}

export const limits = {
  /** How long a channel may do nothing but fail, ms. */
  failing: 10 * minute,
  /** How long an alert may wait past its time, ms. */
  late: 5 * minute,
  /** What the intake is judged by, ms. */
  intake: 5 * minute,
  /** How long an event may wait to be stored and judged, ms. */
  lag: minute,
  /** How long no heartbeat may arrive, ms: two of its periods. */
  silent: 2 * minute,
  /** How long before its end a credential is told of, ms. */
  expiring: 7 * day,
  /** How long after its end, ms. */
  expired: day,
} as const;

/** Every cause there is now, the same in the same words as long as it lasts. */
export function ailmentsOf(signs: Signs, now: number): Ailment[] {
  const { channels, givenUp, dueSince, intake, unreached, apiKeys, heartbeat } = signs;
  const ailing = channels.filter(({ failingSince }) => failingSince !== null && now - failingSince >= limits.failing);
  const working = channels.filter(({ id, isSuspended }) => !isSuspended && !ailing.some((one) => one.id === id));
  const found: Ailment[] = ailing.map(({ id, name, lastFailure }) => ({
    cause: `channel:${id}`,
    severity: working.length > 0 ? "HIGH" : "CRITICAL",
    title: `The channel ${name} delivers nothing`,
    message: `Nothing but failures for ten minutes or more. The last: ${lastFailure ?? "unknown."}${working.length > 0 ? "" : " No other channel works."}`,
  }));
  if (givenUp > 0) {
    found.push({
      cause: "given-up",
      severity: "HIGH",
      title: "Alerts were given up",
      message: "Alerts of the last day were not delivered after all their tries. `alertsRetry` sends them again.",
    });
  }
  if (dueSince !== null && now - dueSince >= limits.late) {
    found.push({
      cause: "queue",
      severity: "HIGH",
      title: "Alerts wait longer than they should",
      message: "An alert has been due for five minutes or more and was not sent: nothing sends, or not fast enough.",
    });
  }
  if (intake.refused > 0 || intake.longestLagMs >= limits.lag) {
    const isRefused = intake.refused > 0;
    found.push({
      cause: "intake",
      severity: "HIGH",
      title: isRefused
        ? "Events are refused: more come in than can be stored"
        : "Events wait long before they are judged",
      message: `${isRefused ? "Within five minutes events were answered with 429; what their senders do not send again is lost to detection." : "An event has waited for a minute or more: what it shows is told that much later."} Find who sends so much (\`eventsPerSecond\`, \`metrics\`), or add servers.`,
    });
  }
  for (const policyId of new Set(unreached.map((one) => one.policyId))) {
    const steps = unreached.filter((one) => one.policyId === policyId);
    const now = steps.some(({ isNow }) => isNow);
    const numbers = [...new Set(steps.map(({ step }) => step + 1))].sort((one, other) => one - other);
    found.push({
      cause: `responder:${policyId}`,
      severity: now ? "HIGH" : "MEDIUM",
      title: `Nobody can be reached by the escalation policy ${steps[0]?.policy ?? ""}`,
      message: `Step ${numbers.join(", ")} reaches nobody ${now ? "now" : "within twelve hours"}: nobody is on call, or has no address that works on a channel that works.`,
    });
  }
  for (const { id, name, expiresAt } of apiKeys) {
    if (expiresAt - now > limits.expiring || now - expiresAt >= limits.expired) continue;
    const isOver = expiresAt <= now;
    found.push({
      cause: `api-key:${id}`,
      severity: isOver ? "HIGH" : "MEDIUM",
      title: `The API key ${name} ${isOver ? "has ended" : "ends soon"}`,
      message: `It ends at ${new Date(expiresAt).toISOString()}: whoever uses it is refused from then on. Make another and revoke it.`,
    });
  }
  const { failingSince, fault } = heartbeat;
  if (failingSince !== null && now - failingSince >= limits.silent) {
    found.push({
      cause: "heartbeat",
      severity: "HIGH",
      title: "The heartbeat does not arrive",
      message: `For two periods or more: ${fault ?? "unknown."} Whoever waits for it believes that Vigil is down.`,
    });
  }
  return found;
}
