/** Stores what rules would have detected in history that they have not seen, for half a minute at most. */
import { audit } from "./access/audit.ts";
import type { Database, Tx } from "./db.ts";
import { inTurn } from "./detect/backtest-turn.ts";
import type { DetectionDraft } from "./detect/detection.ts";
import { fillGap, type GapFilled, type GapRequest } from "./detect/gap.ts";
import { riskBySeverity } from "./detect/risk.ts";
import { holdTurn } from "./detect/turn.ts";
import { fillDetections } from "./incident/fill.ts";
import { type NewChange, recordChanges } from "./publish/change.ts";
import { pseudonymBy } from "./secrets/pseudonym.ts";
import { indexedColumns, type sealedColumns } from "./secrets/sealed-columns.ts";
import type { Vault } from "./secrets/vault.ts";

export interface BackfillTools {
  db: Database;
  vault: Vault;
  /** Opens sealed records, by row id. */
  openSealed(
    organizationId: string,
    kind: keyof typeof sealedColumns,
    rows: readonly { id: string; sealed: Uint8Array }[],
  ): Promise<Map<string, string>>;
  now(): number;
  /** Adds detections to threat scores, after these changes of incidents; answers what that changes of incidents. */
  score(
    tx: Tx,
    found: { detections: readonly DetectionDraft[]; changes: readonly NewChange[] },
    now: number,
  ): Promise<NewChange[]>;
  /** Says that incidents of an organization have changed. */
  ring(organizationId: string): void;
}

export function createBackfill({ db, vault, openSealed, now, score, ring }: BackfillTools) {
  return async (request: Omit<GapRequest, "budgetMs">): Promise<GapFilled> => {
    const { organizationId, actor, ruleId } = request;
    const entry = { actor, entityKind: "AlertRule", entityId: ruleId ?? "all" };
    const indexOf = await db.inOrganization(organizationId, (tx) => vault.indexer(tx, indexedColumns.subject));
    const tools = {
      db,
      source: {
        organizationId,
        query: (text: string, values: unknown[]) => db.query<never>(organizationId, text, values),
        open: (rows: Parameters<BackfillTools["openSealed"]>[2]) => openSealed(organizationId, "event", rows),
      },
      pseudonym: pseudonymBy(indexOf),
      clock: () => performance.now(),
      store: async (tx: Tx, drafts: Parameters<typeof fillDetections>[1], dryRun: boolean) => {
        if (!dryRun) await holdTurn(tx);
        const filled = await fillDetections(tx, drafts, { now: now(), dryRun, weights: riskBySeverity });
        if (!dryRun) {
          const raised = await score(tx, { detections: filled.missing, changes: filled.changes }, now());
          if (raised.length > 0) await recordChanges(tx, raised);
        }
        const detail = { stored: filled.missing.length, grown: filled.grown.length };
        if (!dryRun && detail.stored + detail.grown > 0)
          await audit(tx, { ...entry, action: "DETECTIONS_BACKFILLED", detail });
        return filled;
      },
    };
    const { from, to, dryRun } = request;
    const detail = { from: new Date(from), to: new Date(to), dryRun };
    await db.inOrganization(organizationId, (tx) => audit(tx, { ...entry, action: "BACKFILL_STARTED", detail }));
    const filled = await inTurn(organizationId, () => fillGap(tools, { ...request, budgetMs: 30_000 }));
    if (filled.incidentsOpened > 0) ring(organizationId);
    return filled;
  };
}
