import type { SecurityEvent } from "../../../ingest/event.ts";
import type { BehaviourDetector, Finding } from "../behaviour-detector.ts";
import { cadence } from "../facets/cadence.ts";
import { spanWords } from "../in-words.ts";
import { monitorSource, silentAction } from "../log-source.ts";

export const sourceSilent: BehaviourDetector<Record<string, never>> = {
  name: "source_silent",
  title: "Log source gone silent",
  description:
    "A log source sends nothing in hours of the week in which it always does, so that nights and weekends are quiet. A source that keeps hours is missed on the same day after two of them while people and most of the other such sources are at work and it was itself when last heard, else after 24 (three working days) or a week, so that a holiday is quiet; one that sends around the clock is missed after one hour. All with at least 20 events missed (50 of a source that keeps hours, on the same day), or six hours.",
  severity: "MEDIUM",
  tags: ["attack.defense-evasion", "attack.t1562", "attack.t1562.008"],
  falsepositives: ["Maintenance of the source", "A clinic that closes for more than three days and has one log source"],
  learning: "Three weeks of each log source. Until then nothing is found.",
  parameters: {},
  facets: [cadence],
  concerns: ({ logsource, action }) =>
    logsource.product === monitorSource.product &&
    logsource.service === monitorSource.service &&
    action === silentAction,
  judge,
};

function judge({ target, attributes }: SecurityEvent): Finding | undefined {
  const key = target?.id;
  if (!key) return undefined;
  const forMs = Number(attributes.silentMs);
  const expected = Number(attributes.expectedEvents);
  const span = Number.isFinite(forMs) ? ` for ${spanWords(forMs)}` : "";
  const missed = Number.isFinite(expected) ? `, in which it usually sends ${expected}` : "";
  return {
    reason: `no event of log source ${key.slice(0, 100)}${span}${missed}`,
    subjects: [{ kind: "SERVICE", key }],
  };
}
