/** Events in, detections out. One detector per organization; the only state is in its windows. */
import type { SecurityEvent } from "../ingest/event.ts";
import type { RuleSet } from "./compile.ts";
import { groupValues } from "./correlation/group.ts";
import { subjectOf } from "./correlation/subject.ts";
import type { DetectionDraft, Subject } from "./detection.ts";
import { explain } from "./explain.ts";
import type { FiringRule } from "./rule.ts";
import { createMemoryWindows } from "./windows/memory.ts";
import type { Episode, Hit, StoredEpisode, TouchedEpisode, WindowSpec, Windows } from "./windows/windows.ts";

export interface Evaluation {
  /** One per episode that the batch opened or continued. */
  detections: DetectionDraft[];
  /** The batch was not committed after all: its events have not happened. Harmless twice. */
  undo(): void;
}

export interface Detector {
  /** Evaluates a batch in the order of its events. Events that were evaluated before change nothing. */
  evaluate(events: readonly SecurityEvent[]): Promise<Evaluation>;
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
    async evaluate(events) {
      const { firing } = ruleSet;
      const hits = findHits(ruleSet, events);
      if (hits.length === 0) return { detections: [], undo() {} };
      const { touched, undo } = await windows.apply(hits);
      return {
        detections: touched.map((one) => draft(firing.get(one.window.key), one)).filter((one) => one !== undefined),
        undo,
      };
    },
    async replay(events) {
      await windows.apply(findHits(ruleSet, events));
    },
    async restore(detections) {
      for (const { window } of ruleSet.firing.values())
        await windows.restore(
          window,
          detections.filter((one) => one.ruleId === window.ruleId), // a storm outlives a revision of its rule
        );
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

function findHits({ candidates }: RuleSet, events: readonly SecurityEvent[]): Hit[] {
  const hits: Hit[] = [];
  for (const event of events)
    for (const rule of candidates(event)) {
      if (!rule.matches(event)) continue;
      if (rule.own) {
        const subjects = rule.own.subjects(event);
        const [first] = subjects;
        hits.push({ window: rule.own.window, group: first ? `${first.kind} ${first.key}` : "", event, subjects });
      }
      for (const { window, groupOf, countedOf } of rule.counters) {
        const group = groupOf(event);
        if (group === undefined) continue;
        const value = countedOf?.(event);
        if (!countedOf || value !== undefined) hits.push({ window, group, event, value });
      }
    }
  return hits;
}

function draft(rule: FiringRule | undefined, { episode, opened }: TouchedEpisode): DetectionDraft | undefined {
  if (!rule) return undefined;
  const { stored, document } = rule;
  const subjects = subjectsOf(rule, episode);
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
    explanation: explain(rule, episode, subjects),
  };
}

function subjectsOf({ document }: FiringRule, episode: Episode): Subject[] {
  if (document.kind === "DETECTION") return episode.subjects;
  const { groupBy } = document.body;
  return groupValues(episode.group, groupBy.length).map((value, index) => subjectOf(groupBy[index] ?? "", value));
}
