/**
 * The state of detection of one organization in this process: its rules, compiled, and its windows, at the position of
 * the batch before. What takes long happens before a batch takes its turn; a turn that finds the state wanting is given
 * back (NotReady), the state is prepared, and the batch takes another turn.
 */
import type { Database, Tx } from "../db.ts";
import type { Log } from "../log.ts";
import { type BatchDetection, together, type WindowBatch } from "./batch.ts";
import type { KnownProfiles } from "./behaviour/profile-cache.ts";
import { openBehaviour } from "./behaviour/turn.ts";
import { compileRules, type RuleSet } from "./compile.ts";
import type { Disguise } from "./correlation/disguise.ts";
import { createDetector, type Evaluation, windowsOf } from "./detector.ts";
import { follow, type History, isFar, type Local, rebuild } from "./local.ts";
import { loadRules } from "./store.ts";
import { lastPosition, type Turn } from "./turn.ts";
import type { SharedWindows } from "./windows/redis.ts";
import { RedisFault } from "./windows/redis-link.ts";
import { type SharedBatch, StaleWindows } from "./windows/shared-turn.ts";
import { isUsableSoon } from "./windows/soon.ts";

/** The turn cannot be used: roll back, prepare, and take another. */
export class NotReady extends Error {}

export interface DetectionState {
  /** Outside of any turn. */
  prepare(): Promise<void>;
  /** The state at the turn's previous position. The last try does everything within the turn rather than give it back. */
  begin(tx: Tx, turn: Turn, lastTry: boolean): Promise<BatchDetection>;
}

export interface DetectionStateOptions {
  db: Database;
  organizationId: string;
  history: History;
  disguise: Disguise;
  profiles: KnownProfiles;
  /** Windows that all processes share; absent: each has its own, and follows the others by the stored events. */
  shared: SharedWindows | undefined;
  log: Log;
  now: () => number;
  /** Told whenever windows were built from stored events. */
  onRebuild(): void;
}

interface Rules {
  version: number;
  ruleSet: RuleSet;
  timeZone: string;
}

const farBehind = 5_000; // events: with more than this, the others are not kept waiting
const fillLimit = 100_000; // events that the windows of a new rule are filled from, about a second's work

export function createDetectionState(options: DetectionStateOptions): DetectionState {
  const { db, organizationId, history, disguise, profiles, shared, log, now, onRebuild } = options;
  let rules: Rules | undefined;
  /** Rules that changed, and windows that the new ones have been filled in. */
  let next: (Rules & { filled: Local | undefined }) | undefined;
  let local: Local | undefined;
  /** What the last turn was given back for. */
  let wanted: "rules" | "windows" | "nearness" | undefined;
  let why = "the process has started";
  /** Redis failed just now: it is waited for once, since what it holds is mostly as it was. */
  let faltered: "just now" | "for long" | undefined;
  /** Whether the shared windows are known to stand where this process last saw them. */
  let trusted: number | undefined;

  function notReady(what: NonNullable<typeof wanted>, reason: string): NotReady {
    wanted = what;
    why = reason;
    return new NotReady(reason);
  }

  async function load(tx: Tx): Promise<Rules> {
    const { version, rules: stored, placeholders, timeZone } = await loadRules(tx);
    const { ruleSet, errors } = compileRules(stored, { disguise, placeholders });
    for (const { ruleId, message } of errors)
      log.error({ organizationId, ruleId, fault: message }, "a stored rule cannot run");
    return { version, ruleSet, timeZone };
  }

  async function build(tx: Tx, { ruleSet }: Rules, before?: Turn["previous"]): Promise<Local> {
    const began = performance.now();
    const { events, ...built } = await rebuild(tx, history, ruleSet, { now: now(), ...(before ? { before } : {}) });
    onRebuild();
    const ms = Math.round(performance.now() - began);
    log.info({ organizationId, reason: why, events, ms }, "windows were rebuilt from the stored events");
    return built;
  }

  /** The new rules run over the history that their new windows need, as far as that is cheap. */
  async function fill(tx: Tx, from: Rules, to: Rules): Promise<Local | undefined> {
    const old = new Set(windowsOf(from.ruleSet).map(({ key }) => key));
    const fresh = windowsOf(to.ruleSet).filter(({ key }) => !old.has(key));
    if (fresh.length === 0) return undefined;
    const horizonMs = Math.max(...fresh.map((window) => window.horizonMs));
    return rebuild(tx, history, to.ruleSet, { now: now(), horizonMs, mostEvents: fillLimit });
  }

  async function prepare(): Promise<void> {
    const what = wanted;
    if (!rules) rules = await db.inOrganization(organizationId, load);
    const current = rules;
    if (what === "rules") {
      next = await db.inSnapshot(organizationId, async (tx) => {
        const loaded = await load(tx);
        return { ...loaded, filled: await fill(tx, current, loaded) };
      });
    }
    if (what === "windows" && !local && shared && faltered === "just now") {
      faltered = "for long";
      if (await isUsableSoon(shared)) return void (wanted = undefined);
    }
    if (local ? what === "nearness" : what === "windows" || !shared) {
      local = await db.inSnapshot(organizationId, async (tx) => {
        const known = local;
        local = undefined; // half of a replay is worth nothing
        if (!known) return build(tx, current);
        await follow(tx, history, known, await lastPosition(tx));
        return known;
      });
    }
    wanted = undefined;
  }

  /** The windows of this process, where there are any, come to where the turn begins. */
  async function bring(tx: Tx, to: Turn["previous"], { ruleSet }: Rules, lastTry: boolean): Promise<void> {
    const known = local;
    if (!known || known.at.batchId === to.batchId) return;
    local = undefined; // half of a replay is worth nothing
    if (to.receivedAt - known.at.receivedAt > ruleSet.horizonMs) {
      why = "the process was idle while others stored events";
      return;
    }
    if (!lastTry && (await isFar(tx, known.at, to, farBehind))) {
      local = known;
      throw notReady("nearness", "others have stored many events");
    }
    await follow(tx, history, known, to);
    local = known;
  }

  /** The shared windows come to where the turn begins, with the rules of today. */
  async function bringShared(
    tx: Tx,
    windows: SharedWindows,
    turn: Turn,
    { to, from, filled, lastTry }: { to: Rules; from: Rules; filled: Local | undefined; lastTry: boolean },
  ): Promise<void> {
    const trust = windows.trust();
    if (!local && to === from && trusted === trust) return;
    const { batchId } = turn.previous;
    let state = await windows.look();
    // Saved by a turn that was not committed, whose process ended or stood still: this turn would not be here before it was over.
    if (state && state.batch !== batchId && (await windows.takeBack(state.batch, batchId)))
      state = await windows.look();
    const fault = faultOf(state, { batchId, isTrusted: trusted === undefined || trusted === trust });
    if (fault === undefined && state?.rules === to.version) {
      // another process was here first
    } else if (fault === undefined && state?.rules === from.version) {
      await windows.extend(batchId, to.version, windowsOf(to.ruleSet), filled?.windows);
    } else {
      if (!local && !lastTry) throw notReady("windows", fault ?? "Redis holds windows of older rules");
      local ??= await build(tx, to, turn.previous);
      await windows.fill(batchId, to.version, windowsOf(to.ruleSet), local.windows);
    }
    trusted = trust;
  }

  async function begin(tx: Tx, turn: Turn, lastTry: boolean): Promise<BatchDetection> {
    const { previous } = turn;
    const from = (rules ??= await load(tx));
    let to = from;
    let filled: Local | undefined;
    if (from.version !== turn.rulesVersion) {
      if (next?.version !== turn.rulesVersion) {
        if (!lastTry) throw notReady("rules", "the rules have changed");
        next = { ...(await load(tx)), filled: undefined };
      }
      to = next;
      filled = next.filled;
    }
    // Who stored events since then may have known the new rules, and a restart would replay all of them by these.
    if (to !== from) local?.detector.replaceRules(to.ruleSet);
    await bring(tx, previous, from, lastTry);
    if (filled) await follow(tx, history, filled, previous);
    if (local && filled) adopt(local, to, from, filled);
    const behaviour = openBehaviour(tx, turn, {
      rules: to.ruleSet.behaviour,
      timeZone: to.timeZone,
      disguise,
      known: profiles,
      onFault: (what, error) =>
        log.error({ organizationId, ...placeOfFault(error) }, `${what} failed: the event was passed over`),
    });
    let batch: WindowBatch | undefined;
    if (shared?.usable() && !lastTry) {
      try {
        await bringShared(tx, shared, turn, { to, from, filled, lastTry });
        batch = inShared(shared.open(turn), to.ruleSet);
      } catch (error) {
        if (!(error instanceof RedisFault)) throw error;
        faltered ??= "just now";
        why = error.message;
      }
    }
    if (!batch) {
      if (!local && !lastTry) throw notReady("windows", shared ? (shared.fault() ?? why) : why);
      batch = inLocal((local ??= await build(tx, to, previous)), turn);
    }
    if (to !== from) {
      rules = to;
      next = undefined;
    }
    return together(behaviour, batch);
  }

  function inLocal(mine: Local, { batchId, receivedAt }: Turn): WindowBatch {
    let evaluation: Evaluation | undefined;
    return {
      async evaluate(events, watchedAmong) {
        local = undefined; // until it is known that nothing was left half done
        evaluation = await mine.detector.evaluate(events, watchedAmong);
        local = mine;
        return evaluation;
      },
      save: async () => {},
      committed() {
        mine.at = { batchId, receivedAt };
      },
      async failed() {
        evaluation?.undo();
      },
    };
  }

  function inShared(windows: SharedBatch, ruleSet: RuleSet): WindowBatch {
    const detector = createDetector({ ruleSet, windows });
    const told = (error: unknown): unknown => {
      if (!(error instanceof RedisFault || error instanceof StaleWindows)) return error;
      trusted = undefined;
      if (error instanceof RedisFault) faltered ??= "just now";
      return notReady("windows", error.message);
    };
    return {
      evaluate: (events, watchedAmong) =>
        detector.evaluate(events, watchedAmong).catch((error) => Promise.reject(told(error))),
      save: () => windows.save().catch((error) => Promise.reject(told(error))),
      committed() {
        local = undefined; // what is shared has moved on
        faltered = undefined;
      },
      failed: () => windows.undo(),
    };
  }

  return { prepare, begin };
}

/** What is wrong with the windows in Redis; undefined: nothing. */
function faultOf(
  state: { batch: string } | undefined,
  { batchId, isTrusted }: { batchId: string; isTrusted: boolean },
): string | undefined {
  if (!state) return "Redis holds no windows";
  if (state.batch !== batchId) return "the windows in Redis are those after another batch";
  return isTrusted ? undefined : "Redis has evicted keys";
}

/** Windows that the new rules share with the old go on; the others are taken from where they were filled. */
function adopt({ windows }: Local, to: Rules, from: Rules, filled: Local): void {
  const old = new Set(windowsOf(from.ruleSet).map(({ key }) => key));
  for (const window of windowsOf(to.ruleSet))
    if (!old.has(window.key)) windows.put(window, filled.windows.groupsOf(window));
}

/** Of an error while one event was judged: never its message, which may quote what stands in the event or a profile. */
function placeOfFault(error: unknown): { fault: string; at?: string } {
  if (!(error instanceof Error)) return { fault: typeof error };
  const at = error.stack?.split("\n").find((line) => line.startsWith("    at "));
  return { fault: error.name, ...(at ? { at: at.trim() } : {}) };
}
