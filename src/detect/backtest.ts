/**
 * Rules over stored history: the same engine, windows and order of events as when they arrived, several rule sets beside
 * each other in one pass. What happened shortly before the range fills the windows, and is not told. Behaviour rules
 * learn from 35 days before the range, as far as these are stored and at most 300,000 events.
 */
import { setImmediate as breathe } from "node:timers/promises";
import type { SecurityEvent } from "../ingest/event.ts";
import { notingFields, wantedBy } from "./backtest-columns.ts";
import { learningStart } from "./backtest-learning.ts";
import { arrivalOf, createHistory, type HistorySource, idBefore } from "./backtest-read.ts";
import { readPeerGroups } from "./behaviour/peer-groups.ts";
import { createTrialJudge, type TrialJudge } from "./behaviour/trial-judge.ts";
import { compileRules, type RuleSet } from "./compile.ts";
import type { Disguise } from "./correlation/disguise.ts";
import type { DetectionDraft, StoredRule } from "./detection.ts";
import { createDetector, type Detector } from "./detector.ts";
import type { ParsedDocument } from "./sigma/document.ts";
import { createFieldReader } from "./sigma/fields.ts";
import { parseOnce } from "./sigma/parse-once.ts";
import type { Placeholders } from "./sigma/placeholders.ts";
import type { Read } from "./sigma/read-sent.ts";

export interface BacktestRequest {
  /** Rule sets to run beside each other. */
  variants: readonly (readonly StoredRule[])[];
  /** The lists that rules refer to by name. */
  placeholders: Placeholders;
  /** The organization's: when its days and hours begin. */
  timeZone: string;
  /** Events received from the one moment on, until before the other; epoch ms. */
  from: number;
  to: number;
  /** Goes on behind this event, which an earlier run reached. */
  after?: string | undefined;
  source: HistorySource;
  /** Stands for sealed values in what is told. */
  pseudonym(value: string): string;
  /** A clock for `budgetMs`; detection itself never looks at one. */
  clock(): number;
  budgetMs: number;
  /** Called after each page of the range, e.g. to store what was found. */
  onPage?: (page: BacktestPage) => Promise<void>;
  /** Called once the windows are filled, with the detectors of the variants. */
  onWarm?: (detectors: readonly Detector[]) => Promise<void>;
}

export interface BacktestPage {
  /** By variant: the detections that the page opened or continued. */
  detections: DetectionDraft[][];
  /** The last event gone through. */
  last: string;
}

export interface Backtest {
  /** By variant: the detections with events in the range, as they were at its end. */
  detections: DetectionDraft[][];
  /** By variant: rules that cannot run. */
  faults: { ruleId: string; message: string }[][];
  /** Events gone through in the range. */
  read: number;
  /** How many of their sealed records were opened. */
  opened: number;
  ms: number;
  /** Why it ended before the end of the range. */
  cut: "TIME" | "DETECTIONS" | undefined;
  /** The last event gone through; undefined: there was none. */
  reached: string | undefined;
  /** Patients whose sealed records took part in a detection. */
  patients: Set<string>;
}

const atOnce = 1_000; // events judged before others get their turn: a few milliseconds
const mostDetections = 20_000; // of one variant, kept in memory

export async function runBacktest(request: BacktestRequest): Promise<Backtest> {
  const { variants, from, to, after, clock, budgetMs, onPage } = request;
  const began = clock();
  const { ruleSets, faults, history, judges, disguise } = compileVariants(request);
  const behaviour = judges ? await createBehaviour(request, ruleSets, disguise) : undefined;
  const detectors = ruleSets.map((ruleSet) => createDetector({ ruleSet }));
  const found = variants.map(() => new Map<string, DetectionDraft>());
  const result: Backtest = {
    detections: [],
    faults,
    read: 0,
    opened: 0,
    ms: 0,
    cut: undefined,
    reached: undefined,
    patients: new Set(),
  };
  const behind = after !== undefined && after > idBefore(from) ? after : idBefore(from);
  const horizonMs = Math.max(...ruleSets.map((ruleSet) => ruleSet.horizonMs));
  const horizon = idBefore(arrivalOf(behind) - horizonMs);
  const start = behaviour ? await learningStart(request.source, behind, horizon) : horizon;
  for await (const page of history.pages(start, behind)) {
    result.opened += page.opened;
    await eachSlice(page.events, async (slice) => {
      behaviour?.judge(slice);
      const near = slice.filter(({ id }) => id > horizon);
      for (const [index, detector] of detectors.entries()) {
        behaviour?.show(index);
        if (near.length > 0) await detector.replay(near);
      }
    });
    if (clock() - began > budgetMs) result.cut = "TIME";
    if (result.cut) break;
  }
  await request.onWarm?.(detectors);
  if (!result.cut)
    for await (const page of history.pages(behind, idBefore(to))) {
      const perVariant = variants.map(() => new Map<string, DetectionDraft>());
      await eachSlice(page.events, async (slice) => {
        const patients = page.opened > 0 ? patientsOf(slice, history.clearOf) : undefined;
        behaviour?.judge(slice);
        for (const [index, detector] of detectors.entries()) {
          behaviour?.show(index);
          for (const draft of (await detector.evaluate(slice)).detections) {
            perVariant[index]?.set(draft.id, draft);
            if (patients)
              draft.eventIds.forEach((id) => {
                const patient = patients.get(id);
                if (patient !== undefined) result.patients.add(patient);
              });
          }
        }
      });
      result.read += page.read;
      result.opened += page.opened;
      result.reached = page.last;
      perVariant.forEach((drafts, index) => {
        for (const [id, draft] of drafts) found[index]?.set(id, draft);
      });
      await onPage?.({ detections: perVariant.map((drafts) => [...drafts.values()]), last: page.last });
      if (found.some((drafts) => drafts.size > mostDetections)) result.cut = "DETECTIONS";
      else if (clock() - began > budgetMs) result.cut = "TIME";
      if (result.cut) break;
    }
  result.detections = found.map((drafts) => [...drafts.values()]);
  result.ms = clock() - began;
  return result;
}

async function createBehaviour(
  { timeZone, source }: BacktestRequest,
  ruleSets: readonly RuleSet[],
  disguise: Disguise,
): Promise<TrialJudge> {
  const sets = ruleSets.map((ruleSet) => ruleSet.behaviour);
  return createTrialJudge(sets, { timeZone, disguise, peerGroups: await readPeerGroups(source) });
}

function compileVariants({ variants, placeholders, source, pseudonym }: BacktestRequest) {
  const reads = new Set<Read>();
  const field = notingFields(createFieldReader(), reads);
  let clearOf: (event: SecurityEvent) => SecurityEvent = (event) => event;
  const disguise = { clearOf: (event: SecurityEvent) => clearOf(event), pseudonym };
  const compiled = variants.map((rules) => compileRules(rules, { disguise, placeholders, field }));
  const texts = variants.flat().flatMap(({ yaml, exceptions = [] }) => [yaml, ...exceptions.map((one) => one.yaml)]);
  const documents = [...new Set(texts)].flatMap((yaml) => parseOnce(yaml).documents);
  const detections = documents.filter((document) => document.kind === "DETECTION");
  const ruleSets: RuleSet[] = compiled.map(({ ruleSet }) => ruleSet);
  const judges = ruleSets.some((ruleSet) => ruleSet.behaviour.length > 0);
  // Profiles may learn from any part of any event.
  const wanted = wantedBy(reads, judges || documents.some(searchesWords));
  const history = createHistory(source, judges ? "ALL" : detections, wanted);
  clearOf = history.clearOf;
  return { ruleSets, faults: compiled.map(({ errors }) => errors), history, judges, disguise };
}

function searchesWords(document: ParsedDocument): boolean {
  if (!("selections" in document.body)) return false;
  return [...document.body.selections.values()].flat(2).some(({ field }) => field === undefined);
}

async function eachSlice(events: readonly SecurityEvent[], judge: (slice: SecurityEvent[]) => Promise<unknown>) {
  for (let at = 0; at < events.length; at += atOnce) {
    await judge(events.slice(at, at + atOnce));
    await breathe();
  }
}

/** Whom sealed records of the slice are about, by event id. */
function patientsOf(
  slice: readonly SecurityEvent[],
  clearOf: (event: SecurityEvent) => SecurityEvent,
): Map<string, string | undefined> {
  const sealed = slice.filter((event) => event.target?.patientId !== undefined && clearOf(event) !== event);
  return new Map(sealed.map((event) => [event.id, event.target?.patientId]));
}
