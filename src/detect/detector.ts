/** Events in, detections out. One detector per organization; the only state is in its windows. */
import type { SecurityEvent, StoredFinding } from "../ingest/event.ts";
import type { RuleSet } from "./compile.ts";
import type { WatchedAmong } from "./correlation/lower.ts";
import { applyAll } from "./correlation/stages.ts";
import { subjectsOfGroup } from "./correlation/subject.ts";
import type { DetectionDraft, Subject } from "./detection.ts";
import { explain } from "./explain.ts";
import type { FiringRule } from "./rule.ts";
import { createMemoryWindows } from "./windows/memory.ts";
import type { Episode, StoredEpisode, TouchedEpisode, WindowSpec, Windows } from "./windows/windows.ts";

export interface Evaluation {
  /** One per episode that the batch opened or continued. */
  detections: DetectionDraft[];
  /** The batch was not committed after all: its events have not happened. Harmless twice. */
  undo(): void;
}

export interface Detector {
  /**
   * Evaluates a batch in the order of its events. Events that were evaluated before change nothing. `watchedAmong`: whose
   * thresholds are lower; absent: nobody's.
   */
  evaluate(events: readonly SecurityEvent[], watchedAmong?: WatchedAmong): Promise<Evaluation>;
  /** After a restart: the stored events of the last `ruleSet.horizonMs`, in order of arrival. Says nothing. */
  replay(events: readonly SecurityEvent[]): Promise<void>;
  /** After the replay: the stored detections of that time, so that a storm older than the replay stays one detection. */
  restore(detections: readonly (StoredEpisode & { ruleId: string })[]): Promise<void>;
  /** From the next batch on. Rules of the same id and revision keep their state. */
  replaceRules(ruleSet: RuleSet): void;
}

export interface DetectorOptions {
  ruleSet: RuleSet;
  /** Default: windows in memory, which this detector alone uses. */
  windows?: Windows;
}

export function createDetector({ ruleSet: firstRules, windows = createMemoryWindows() }: DetectorOptions): Detector {
  let ruleSet = firstRules;
  return {
    async evaluate(events, watchedAmong) {
      const { firing } = ruleSet;
      const { touched, undo } = await applyAll(ruleSet, events, windows, watchedAmong);
      return {
        detections: touched
          .map((one) => draft(firing.get(one.window.key), one, events))
          .filter((one) => one !== undefined),
        undo,
      };
    },
    async replay(events) {
      await applyAll(ruleSet, events, windows);
    },
    async restore(detections) {
      for (const { window, silent } of ruleSet.firing.values()) {
        if (silent) continue; // nothing is stored of it, the replay is all that is known
        await windows.restore(
          window,
          detections.filter((one) => one.ruleId === window.ruleId), // a storm outlives a revision of its rule
        );
      }
    },
    replaceRules(next) {
      ruleSet = next;
      windows.keep(windowsOf(next));
    },
  };
}

/** Every window that the rules keep. */
export function windowsOf({ firing }: RuleSet): WindowSpec[] {
  return [...firing.values()].map((rule) => rule.window);
}

function draft(
  rule: FiringRule | undefined,
  { episode, opened }: TouchedEpisode,
  events: readonly SecurityEvent[],
): DetectionDraft | undefined {
  if (!rule || rule.silent) return undefined;
  const { stored, document } = rule;
  const subjects = subjectsOf(rule, episode);
  const findings = findingsOf(rule, episode, events);
  return {
    id: episode.id,
    ruleId: stored.id,
    ruleRevision: stored.revision,
    ruleName: document.title,
    mode: stored.mode,
    severity: document.severity,
    tags: [...document.tags],
    fingerprint: episode.fingerprint,
    subjects,
    opened,
    firstEventAt: episode.firstEventAt,
    lastEventAt: episode.lastEventAt,
    eventCount: episode.eventCount,
    eventIds: episode.eventIds,
    explanation: explain(rule, episode, subjects, findings.at(-1)?.reason),
    ...(episode.lowered ? { lowered: true } : {}),
    ...(findings.length > 0 && findings.every(({ weak }) => weak) ? { weak: true } : {}),
  };
}

/** What a behaviour rule found in those of the episode's events that the batch brought, in their order. */
function findingsOf(
  { stored, document }: FiringRule,
  { eventIds }: Episode,
  events: readonly SecurityEvent[],
): StoredFinding[] {
  if (document.kind !== "BEHAVIOUR") return [];
  const ids = new Set(eventIds);
  return events.flatMap(({ id, behaviour }) => (ids.has(id) ? (behaviour?.[stored.id] ?? []) : []));
}

function subjectsOf({ document }: FiringRule, episode: Episode): Subject[] {
  if (document.kind !== "CORRELATION") return episode.subjects;
  return subjectsOfGroup(episode.group, document.body.groupBy);
}
