/**
 * The river on one page: ingest -> detect -> incident -> publish, for one batch in one transaction.
 *
 * Every organization has a lane: its batches go one after another, and what arrives meanwhile goes together, so that
 * detection sees events in one order, and a busy moment costs fewer commits.
 */
import { audit } from "./access/audit.ts";
import type { Database, Tx } from "./db.ts";
import { compileRules } from "./detect/compile.ts";
import type { Subject } from "./detect/detection.ts";
import { createDetector, type Detector, type Evaluation } from "./detect/detector.ts";
import { riskBySeverity, threatScore } from "./detect/risk.ts";
import { loadRules } from "./detect/store.ts";
import { VigilError } from "./errors.ts";
import { correlate } from "./incident/correlate.ts";
import { stamp } from "./ingest/accept.ts";
import type { EventDraft, SecurityEvent, Severity } from "./ingest/event.ts";
import { dropUnknown, maySeal, type Privacy } from "./ingest/privacy.ts";
import { readEventsSince } from "./ingest/read.ts";
import { clearOf, sealEvents } from "./ingest/sealing.ts";
import { claimClientIds, insertEvents } from "./ingest/write.ts";
import { type Log, messageForLog } from "./log.ts";
import type { Bells } from "./publish/bells.ts";
import { recordChanges } from "./publish/change.ts";
import { indexedColumns } from "./secrets/sealed-columns.ts";
import type { Vault } from "./secrets/vault.ts";

export interface Pipeline {
  /** Stores the events with the detections and incidents they cause; resolves when all of it is committed. */
  accept(
    organizationId: string,
    drafts: readonly EventDraft[],
    /** Who sent them, where that is to be audited, in the same transaction. */
    sender?: string,
  ): Promise<{ accepted: number; duplicates: number }>;
  /** How long the oldest waiting batch of the organization has waited, ms. */
  lagMs(organizationId: string): number;
  /** Waits until nothing is under way. */
  drain(): Promise<void>;
}

interface Waiting {
  drafts: readonly EventDraft[];
  sender: string | undefined;
  since: number;
  resolve(result: { accepted: number; duplicates: number }): void;
  reject(error: unknown): void;
}

interface Lane {
  waiting: Waiting[];
  waitingEvents: number;
  running: Promise<void> | undefined;
  detector: { version: number; detector: Detector } | undefined;
  /** Stands for sealed values in what detection hands on; set before any sealed event is evaluated. */
  pseudonym: ((value: string) => string) | undefined;
}

const batchLimit = 5_000; // events in one transaction
const waitingLimit = 100_000; // events that may wait per organization; beyond it, senders are told to come back

export function createPipeline(options: {
  db: Database;
  bells: Bells;
  vault: Vault;
  log: Log;
  now: () => number;
}): Pipeline {
  const { db, bells, vault, log, now } = options;
  const lanes = new Map<string, Lane>();
  let partitionsUntil = 0; // epoch ms up to which the event partitions are known to exist
  let lastReceivedAt = 0;

  function laneOf(organizationId: string): Lane {
    const known = lanes.get(organizationId);
    if (known) return known;
    const made: Lane = { waiting: [], waitingEvents: 0, running: undefined, detector: undefined, pseudonym: undefined };
    lanes.set(organizationId, made);
    return made;
  }

  async function run(organizationId: string, lane: Lane): Promise<void> {
    while (lane.waiting.length > 0) {
      const batch: Waiting[] = [];
      for (let size = 0; lane.waiting[0] && (size === 0 || size + lane.waiting[0].drafts.length <= batchLimit); ) {
        const next = lane.waiting.shift() as Waiting;
        size += next.drafts.length;
        lane.waitingEvents -= next.drafts.length;
        batch.push(next);
      }
      await commit(organizationId, lane, batch).catch(async (error) => {
        // What cannot be stored spoils only its own request.
        if (batch.length === 1) batch[0]?.reject(asUnavailable(error, log));
        else
          for (const one of batch)
            await commit(organizationId, lane, [one]).catch((fault) => one.reject(asUnavailable(fault, log)));
      });
    }
  }

  async function commit(organizationId: string, lane: Lane, batch: readonly Waiting[]): Promise<void> {
    await ensurePartitions();
    const { detector, privacy } = await detectorOf(organizationId, lane);
    const drafts = batch.flatMap((one) => one.drafts.map((draft) => dropUnknown(draft, privacy)));
    const seals = maySeal(drafts, privacy);
    if (seals) {
      await vault.reserve(organizationId, drafts.length);
      await loadPseudonym(organizationId, lane);
    }
    lastReceivedAt = Math.max(now(), lastReceivedAt);
    const receivedAt = lastReceivedAt;
    let evaluation: Evaluation | undefined;
    try {
      const { duplicates, changed } = await db.inOrganization(organizationId, async (tx) => {
        const duplicates = await claimClientIds(tx, drafts, receivedAt);
        const events: SecurityEvent[] = [];
        drafts.forEach((draft, index) => {
          if (!duplicates.has(index)) events.push(stamp(draft, receivedAt));
        });
        const stored = insertEvents(
          tx,
          seals ? await sealEvents(tx, vault, events, privacy) : events.map((clear) => ({ clear })),
        );
        stored.catch(() => undefined); // awaited below; PostgreSQL works while detection does
        evaluation = await detector.evaluate(events);
        await stored;
        const changes = await correlate(tx, evaluation.detections, receivedAt, incidentScore);
        if (changes.length > 0) await recordChanges(tx, changes);
        for (const { sender, drafts } of batch) if (sender !== undefined) await auditIngest(tx, sender, drafts.length);
        return { duplicates, changed: changes.length > 0 };
      });
      if (changed) bells.ring(organizationId, "incident");
      let start = 0;
      for (const one of batch) {
        let repeated = 0;
        for (let index = start; index < start + one.drafts.length; index++) if (duplicates.has(index)) repeated++;
        start += one.drafts.length;
        one.resolve({ accepted: one.drafts.length - repeated, duplicates: repeated });
      }
    } catch (error) {
      evaluation?.undo();
      throw error;
    }
  }

  async function ensurePartitions(): Promise<void> {
    if (now() < partitionsUntil) return;
    await db.ensureEventPartitions(3);
    partitionsUntil = (Math.floor(now() / 86_400_000) + 2) * 86_400_000; // one day before they run out
  }

  /** In a transaction of its own: a key that is made here must outlive a batch that fails. */
  async function loadPseudonym(organizationId: string, lane: Lane): Promise<void> {
    if (lane.pseudonym) return;
    const indexOf = await db.inOrganization(organizationId, (tx) => vault.indexer(tx, indexedColumns.subject));
    lane.pseudonym = (value) => `sealed-${indexOf(value).toString("hex")}`;
  }

  /** The organization's detector, compiled anew when its rules have changed, rebuilt from stored events when it is new. */
  async function detectorOf(organizationId: string, lane: Lane): Promise<{ detector: Detector; privacy: Privacy }> {
    const { rows } = await db.query<OrganizationRow>(organizationId, {
      name: "organization_now",
      text: `SELECT rules_version AS version, unknown_fields, phi_fields, allowed_attributes
        FROM organizations WHERE id = $1`,
      values: [organizationId],
    });
    const privacy = privacyOf(rows[0]);
    if (lane.detector?.version === rows[0]?.version && lane.detector) {
      return { detector: lane.detector.detector, privacy };
    }
    const { version, rules, placeholders } = await db.inOrganization(organizationId, loadRules);
    const { ruleSet, errors } = compileRules(rules, {
      placeholders,
      disguise: { clearOf, pseudonym: (value) => pseudonymOf(lane)(value) },
    });
    for (const { ruleId, message, waiting } of errors)
      log[waiting ? "info" : "error"]({ organizationId, ruleId, fault: message }, "a stored rule cannot run");
    if (lane.detector) {
      lane.detector.detector.replaceRules(ruleSet);
      lane.detector.version = version;
      return { detector: lane.detector.detector, privacy };
    }
    const detector = createDetector({ ruleSet });
    const since = now() - ruleSet.horizonMs;
    const unopened = (id: string, fault: Error): void =>
      log.error(
        { organizationId, eventId: id, fault: fault.message },
        "a sealed event does not open: evaluated without",
      );
    for await (const events of readEventsSince(db, vault, organizationId, since, unopened)) {
      if (events.some((event) => clearOf(event) !== event)) await loadPseudonym(organizationId, lane);
      await detector.replay(events);
    }
    await detector.restore(await db.inOrganization(organizationId, (tx) => readEpisodes(tx, since)));
    lane.detector = { version, detector };
    return { detector, privacy };
  }

  return {
    accept(organizationId, drafts, sender) {
      if (drafts.length === 0) return Promise.resolve({ accepted: 0, duplicates: 0 });
      const lane = laneOf(organizationId);
      if (lane.waitingEvents + drafts.length > waitingLimit && lane.waitingEvents > 0) {
        const message = `${lane.waitingEvents} events are waiting to be stored; send these again in a few seconds.`;
        return Promise.reject(new VigilError("RATE_LIMITED", message, { detail: { retryAfterSeconds: 2 } }));
      }
      return new Promise((resolve, reject) => {
        lane.waiting.push({ drafts, sender, since: now(), resolve, reject });
        lane.waitingEvents += drafts.length;
        lane.running ??= run(organizationId, lane).finally(() => {
          lane.running = undefined;
        });
      });
    },
    lagMs(organizationId) {
      const oldest = lanes.get(organizationId)?.waiting[0];
      return oldest ? Math.max(0, now() - oldest.since) : 0;
    },
    async drain() {
      await Promise.all([...lanes.values()].map((lane) => lane.running));
    },
  };
}

interface OrganizationRow {
  version: number;
  unknown_fields: Privacy["unknownFields"];
  phi_fields: Privacy["phiFields"];
  allowed_attributes: string[];
}

function privacyOf(row: OrganizationRow | undefined): Privacy {
  if (!row) throw new VigilError("NOT_FOUND", "The organization is gone.");
  return {
    unknownFields: row.unknown_fields,
    phiFields: row.phi_fields,
    allowedAttributes: new Set(row.allowed_attributes),
  };
}

function pseudonymOf({ pseudonym }: Lane): (value: string) => string {
  if (!pseudonym) throw new Error("a sealed event was evaluated before the pseudonym's key was loaded");
  return pseudonym;
}

/** The entry of a batch that a person, or a program over GraphQL, has sent. */
export async function auditIngest(tx: Tx, actor: string, events: number): Promise<void> {
  await audit(tx, { actor, action: "EVENTS_INGESTED", entityKind: "SecurityEvent", entityId: "", detail: { events } });
}

function incidentScore(severity: Severity, detections: number): number {
  return threatScore(Array.from({ length: Math.min(detections, 1_000) }, () => riskBySeverity[severity]));
}

function asUnavailable(error: unknown, log: Log): unknown {
  if (error instanceof VigilError) return error;
  log.error(
    { err: messageForLog(error), code: (error as { code?: string }).code },
    "a batch of events could not be stored",
  );
  return new VigilError("UNAVAILABLE", "The events could not be stored; none of them was. Send them again.", {
    cause: error,
  });
}

async function readEpisodes(tx: Tx, since: number) {
  const { rows } = await tx.query<{
    id: string;
    rule_id: string;
    rule_revision: number;
    fingerprint: string;
    first_event_at: Date;
    last_event_at: Date;
    event_count: number;
    event_ids: string[];
    subjects: Subject[];
  }>("SELECT * FROM detections WHERE organization_id = $1 AND updated_at >= $2", [tx.organizationId, new Date(since)]);
  return rows.map((row) => ({
    id: row.id,
    ruleId: row.rule_id,
    ruleRevision: row.rule_revision,
    fingerprint: row.fingerprint,
    firstEventAt: row.first_event_at.getTime(),
    lastEventAt: row.last_event_at.getTime(),
    eventCount: row.event_count,
    eventIds: row.event_ids,
    subjects: row.subjects,
  }));
}
