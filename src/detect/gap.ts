/**
 * Filling a gap: the rules as they are now over history that they have not seen, because they could not run, were
 * switched off by mistake, or the history was imported meanwhile. What they miss is stored as if they had run.
 */
import type { Database, Tx } from "../db.ts";
import { VigilError } from "../errors.ts";
import { runBacktest } from "./backtest.ts";
import type { HistorySource } from "./backtest-read.ts";
import { idBefore } from "./backtest-read.ts";
import type { DetectionDraft, StoredRule } from "./detection.ts";
import { type EpisodeRow, episodeColumns, episodeOf } from "./episodes-stored.ts";
import { type LoadedRules, loadRules } from "./store/known.ts";
import { prepareTrial } from "./trial.ts";

export interface GapRequest {
  organizationId: string;
  /** Who asks for it, as the audit log keeps it. */
  actor: string;
  /** Absent: every rule that is not disabled. */
  ruleId?: string | undefined;
  /** Events received from the one moment on, until before the other; epoch ms. */
  from: number;
  to: number;
  /** Goes on behind this event, which an earlier call reached. */
  after?: string | undefined;
  /** Stores nothing. */
  dryRun: boolean;
  budgetMs: number;
}

export interface GapFilled {
  eventsRead: number;
  /** Detections that were not stored (in a dry run: are not). */
  missing: DetectionDraft[];
  /** How many stored ones became larger. */
  grown: number;
  /** How many are stored as they were found. */
  known: number;
  incidentsOpened: number;
  /** The end of the range was reached. */
  done: boolean;
  /** The last event gone through. */
  cursor: string | undefined;
}

export interface GapTools {
  db: Pick<Database, "inOrganization">;
  source: HistorySource;
  pseudonym(value: string): string;
  clock(): number;
  /** Stores what is missing of these; says what was, and what grew. */
  store(
    tx: Tx,
    drafts: readonly DetectionDraft[],
    dryRun: boolean,
  ): Promise<{ missing: DetectionDraft[]; grown: DetectionDraft[]; incidentsOpened: number }>;
}

/** In batches, each a transaction of its own. Running it again, or only from a cursor on, changes nothing more. */
export async function fillGap(tools: GapTools, request: GapRequest): Promise<GapFilled> {
  const { organizationId, from, to, after, dryRun, budgetMs } = request;
  const { db, source, pseudonym, clock, store } = tools;
  const { rules, placeholders, timeZone, wanted } = await db.inOrganization(organizationId, (tx) =>
    chooseRules(tx, request),
  );
  const missing = new Map<string, DetectionDraft>();
  const grown = new Set<string>();
  const found = new Set<string>();
  let incidentsOpened = 0;
  const behind = after ?? idBefore(from);
  const { read, cut, reached } = await runBacktest({
    variants: [rules],
    placeholders,
    timeZone,
    from,
    to,
    after,
    source,
    pseudonym,
    clock,
    budgetMs,
    onWarm: async ([detector]) => {
      const stored = await db.inOrganization(organizationId, (tx) => readEnded(tx, [...wanted], behind));
      await detector?.restore(stored);
    },
    onPage: async ({ detections: [drafts = []] }) => {
      const own = drafts.filter(({ ruleId }) => wanted.has(ruleId));
      if (own.length === 0) return;
      const filled = await db.inOrganization(organizationId, (tx) => store(tx, own, dryRun));
      incidentsOpened += filled.incidentsOpened;
      for (const { id } of own) found.add(id);
      for (const draft of filled.missing) missing.set(draft.id, draft);
      for (const draft of filled.grown)
        if (missing.has(draft.id)) missing.set(draft.id, draft);
        else grown.add(draft.id);
    },
  });
  return {
    eventsRead: read,
    missing: [...missing.values()],
    grown: grown.size,
    known: found.size - missing.size - grown.size,
    incidentsOpened,
    done: cut === undefined,
    cursor: reached ?? after,
  };
}

async function chooseRules(
  tx: Tx,
  { organizationId, ruleId }: GapRequest,
): Promise<Pick<LoadedRules, "placeholders" | "timeZone"> & { rules: StoredRule[]; wanted: ReadonlySet<string> }> {
  const loaded = await loadRules(tx);
  const { rules: known, placeholders, timeZone } = loaded;
  if (ruleId === undefined)
    return {
      rules: known,
      placeholders,
      timeZone,
      wanted: new Set(known.filter(({ mode }) => mode !== "DISABLED").map(({ id }) => id)),
    };
  const rule = known.find(({ id }) => id === ruleId);
  if (rule?.mode === "DISABLED")
    throw new VigilError("CONFLICT", "The rule is disabled; switch it on first", { path: ["input", "ruleId"] });
  const trial = prepareTrial({ organizationId, loaded, ruleId, mode: rule?.mode });
  const [fault] = trial.faults.filter((one) => one.ruleId === ruleId);
  if (fault) throw new VigilError("CONFLICT", `The rule cannot run: ${fault.message}`, { path: ["input", "ruleId"] });
  return { rules: trial.stored, placeholders, timeZone, wanted: new Set([ruleId]) };
}

/** Detections whose events had all arrived by then: a storm that goes on afterwards goes on with them. */
async function readEnded(tx: Tx, ruleIds: string[], behind: string) {
  const { rows } = await tx.query<EpisodeRow>(
    `SELECT ${episodeColumns} FROM detections
     WHERE organization_id = $1 AND rule_id = ANY ($2) AND event_ids[array_upper(event_ids, 1)] <= $3::uuid AND kept_of IS NULL
     ORDER BY last_event_at DESC LIMIT 20000`,
    [tx.organizationId, ruleIds, behind],
  );
  return rows.map(episodeOf);
}
