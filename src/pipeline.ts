/** The river on one page: ingest -> detect -> incident -> publish, for one batch in one transaction. */
import { audit } from "./access/audit.ts";
import { routeAlerts } from "./alert/route-alerts.ts";
import type { Database, Tx } from "./db.ts";
import { withoutDeadline } from "./deadline.ts";
import type { BatchDetection } from "./detect/batch.ts";
import { createProfileCache } from "./detect/behaviour/profile-cache.ts";
import { type Rebuilt, rebuildProfiles } from "./detect/behaviour/rebuild.ts";
import { createNameReader, withName } from "./detect/behaviour/user-names.ts";
import type { Disguise } from "./detect/correlation/disguise.ts";
import type { History } from "./detect/local.ts";
import { riskBySeverity } from "./detect/risk.ts";
import { createDetectionState, type DetectionState, NotReady } from "./detect/state.ts";
import { takeTurn } from "./detect/turn.ts";
import type { SharedWindows } from "./detect/windows/redis.ts";
import { VigilError } from "./errors.ts";
import { unlearnGrown, unlearnReopened } from "./feedback.ts";
import { correlate } from "./incident/correlate.ts";
import { entriesOf } from "./incident/entry.ts";
import { stamp } from "./ingest/accept.ts";
import type { Enricher } from "./ingest/enrich/enricher.ts";
import type { EventDraft } from "./ingest/event.ts";
import { createLanes, type Sent, type Stored } from "./ingest/lanes.ts";
import { dropUnknown, maySeal, type Privacy } from "./ingest/privacy.ts";
import { readEventsBetween } from "./ingest/read.ts";
import { clearOf, sealEvents } from "./ingest/sealing.ts";
import { claimClientIds, insertEvents } from "./ingest/write.ts";
import { type Log, messageForLog } from "./log.ts";
import type { Bells } from "./publish/bells.ts";
import { recordChanges, topicsOf } from "./publish/change.ts";
import { actorsOf, watchers, weighWatched } from "./respond/watch.ts";
import { scoreDetections } from "./scores.ts";
import { pseudonymBy } from "./secrets/pseudonym.ts";
import { indexedColumns } from "./secrets/sealed-columns.ts";
import type { Vault } from "./secrets/vault.ts";
import { currentTrace, inSpan, noteInSpan } from "./tracing.ts";

export interface Pipeline {
  /** Stores the events with the detections and incidents they cause; resolves when all of it is committed. */
  accept(
    organizationId: string,
    drafts: readonly EventDraft[],
    /** Who sent them, where that is to be audited, in the same transaction, and as how many bytes. */
    from?: Pick<Sent, "sender" | "bytes">,
  ): Promise<Stored>;
  /** How long the oldest waiting batch of the organization has waited, ms. */
  lagMs(organizationId: string): number;
  /** The same of whichever organization's has waited longest. */
  worstLagMs(): number;
  /** Events of the organization that wait in this process. */
  waiting(organizationId: string): number;
  /** Events of the organization a second that were sent away because too many waited. */
  refusedPerSecond(organizationId: string): number;
  /** Organizations of which something waits in this process. */
  busy(): string[];
  /** Learns the organization's profiles anew from its stored events. */
  rebuildProfiles(organizationId: string, onProgress?: (events: number, total: number) => void): Promise<Rebuilt>;
  /** How often windows were built from stored events since the process started. */
  rebuilds(): number;
  /** Waits until nothing is under way. */
  drain(): Promise<void>;
}

/** What this process knows of an organization from one batch to the next. */
interface Known {
  history: History;
  disguise: Disguise;
  state: DetectionState;
  /** As of the last turn. */
  privacy: Privacy | undefined;
  namesOf: ReturnType<typeof createNameReader>;
  /** Stands for sealed values in what detection hands on. */
  pseudonym: ((value: string) => string) | undefined;
}

const tries = 5; // turns that one batch takes before everything is done within one

export function createPipeline(options: {
  db: Database;
  bells: Bells;
  vault: Vault;
  log: Log;
  now: () => number;
  /** Adds place, network and program to events on arrival. */
  enricher?: Enricher;
  /** Told of every batch that was committed. */
  onStored?(batch: { accepted: number; duplicates: number; detections: number; seconds: number }): void;
  /** Told how many events were sent away because too many of their organization wait. */
  onRefused?(events: number): void;
  /** Windows that the processes of an organization share. */
  sharedWindows?: (organizationId: string) => SharedWindows;
}): Pipeline {
  const { db, bells, vault, log, now, enricher, onStored, sharedWindows } = options;
  const organizations = new Map<string, Known>();
  const profiles = createProfileCache();
  let partitionsUntil = 0; // epoch ms up to which the event partitions are known to exist
  let rebuilds = 0;

  function knownOf(organizationId: string): Known {
    const found = organizations.get(organizationId);
    if (found) return found;
    const unopened = (id: string, { message: fault }: Error): void =>
      log.error({ organizationId, eventId: id, fault }, "a sealed event does not open: evaluated without");
    async function* history(tx: Tx, range: Parameters<History>[1]): ReturnType<History> {
      for await (const events of readEventsBetween(tx, vault, range, unopened)) {
        if (events.some((event) => clearOf(event) !== event)) needPseudonym();
        yield events;
      }
    }
    const disguise: Disguise = { clearOf, pseudonym: (value) => needPseudonym()(value) };
    const state = createDetectionState({
      db,
      organizationId,
      history,
      disguise,
      profiles: profiles(organizationId),
      shared: sharedWindows?.(organizationId),
      log,
      now,
      onRebuild: () => void rebuilds++,
    });
    const made: Known = {
      history,
      disguise,
      state,
      privacy: undefined,
      pseudonym: undefined,
      namesOf: createNameReader(),
    };
    const needPseudonym = () => {
      if (!made.pseudonym) throw new NoPseudonym("the key of the organization's pseudonyms is not loaded");
      return made.pseudonym;
    };
    organizations.set(organizationId, made);
    return made;
  }

  async function store(organizationId: string, batch: readonly Sent[]): Promise<Stored[]> {
    await ensurePartitions();
    const known = knownOf(organizationId);
    for (let turn = 1; ; turn++) {
      try {
        const attributes = { "vigil.senders": batch.length, "vigil.turn": turn };
        const from = batch.map(({ trace }) => trace);
        return await inSpan("batch", { attributes, from }, () => commit(organizationId, known, batch, turn === tries));
      } catch (error) {
        if (turn === tries || !(error instanceof NotReady || error instanceof NoPseudonym)) throw error;
        if (error instanceof NoPseudonym) await loadPseudonym(organizationId, known);
      }
    }
  }

  async function commit(organizationId: string, known: Known, batch: readonly Sent[], lastTry: boolean) {
    const sent = batch.flatMap((one) => one.drafts);
    const began = performance.now();
    await enricher?.ready(sent);
    const reserved = known.privacy !== undefined && maySeal(sent, known.privacy);
    if (reserved) {
      await vault.reserve(organizationId, sent.length);
      await loadPseudonym(organizationId, known);
    }
    await known.state.prepare();
    let detection: BatchDetection | undefined;
    try {
      const { duplicates, topics, found } = await db.inOrganization(organizationId, async (tx) => {
        const turn = await takeTurn(tx, now());
        if (!turn) throw new VigilError("NOT_FOUND", "The organization is gone.");
        const { receivedAt, privacy } = turn;
        const trace = currentTrace();
        if (trace) await tx.query("SELECT set_config('vigil.trace', $1, true)", [trace]);
        known.privacy = privacy;
        const names = await known.namesOf(tx, sent, turn.profilesVersion);
        const drafts = sent.map((draft) => dropUnknown(withName(draft, names), privacy));
        const seals = maySeal(drafts, privacy);
        if (seals && !reserved) throw new NotReady("there is something to seal");
        const begun = await known.state.begin(tx, turn, lastTry);
        detection = begun;
        // What is awaited further below runs meanwhile: PostgreSQL looks for ids while this stamps and seals.
        const claiming = inBackground(claimClientIds(tx, drafts, receivedAt));
        const all = stamp(drafts, receivedAt, enricher?.of);
        const sealing = seals && inBackground(sealEvents(tx, vault, all, privacy));
        const duplicates = await claiming;
        const isNew = (_: unknown, index: number): boolean => !duplicates.has(index);
        const events = duplicates.size === 0 ? all : all.filter(isNew);
        const rows = sealing ? (await sealing).filter(isNew) : events.map((clear) => ({ clear }));
        // Asked before anything is stored, so that rules are judged while PostgreSQL works.
        const watchedAmong = watchers(tx, receivedAt);
        void inBackground(watchedAmong(actorsOf(events)));
        const stored: Promise<void>[] = [];
        // After the sealing: what is sealed is not told in findings. PostgreSQL stores what was judged.
        await begun.judge(events, (from, to) => stored.push(inBackground(insertEvents(tx, rows.slice(from, to)))));
        const detections = await inSpan("detect", {}, async () =>
          weighWatched(tx, (await begun.evaluate(events, watchedAmong)).detections, watchedAmong),
        );
        await Promise.all(stored);
        const changes = await correlate(tx, detections, receivedAt, riskBySeverity);
        changes.push(...(await unlearnReopened(tx, changes, receivedAt)));
        changes.push(...(await unlearnGrown(tx, detections, receivedAt)));
        changes.push(...(await scoreDetections(tx, { detections, changes }, receivedAt)));
        if (changes.length > 0) await recordChanges(tx, changes);
        await routeAlerts(tx, entriesOf(tx), receivedAt);
        for (const { sender, drafts } of batch) if (sender !== undefined) await auditIngest(tx, sender, drafts.length);
        await begun.save();
        noteInSpan({ "vigil.events": events.length, "vigil.detections": detections.length });
        return { duplicates, topics: topicsOf(tx), found: detections.length };
      });
      detection?.committed();
      for (const topic of topics) bells.ring(organizationId, topic);
      onStored?.({
        accepted: sent.length - duplicates.size,
        duplicates: duplicates.size,
        detections: found,
        seconds: (performance.now() - began) / 1_000,
      });
      if (duplicates.size < sent.length) bells.ring(organizationId, "event");
      return shareOut(batch, duplicates);
    } catch (error) {
      await detection?.failed();
      throw error;
    }
  }

  async function ensurePartitions(): Promise<void> {
    if (now() < partitionsUntil) return;
    await db.ensureEventPartitions(3);
    partitionsUntil = (Math.floor(now() / 86_400_000) + 2) * 86_400_000; // one day before they run out
  }

  /** In a transaction of its own: a key that is made here must outlive a batch that fails. */
  async function loadPseudonym(organizationId: string, known: Known): Promise<void> {
    if (known.pseudonym) return;
    const indexOf = await db.inOrganization(organizationId, (tx) => vault.indexer(tx, indexedColumns.subject));
    known.pseudonym = pseudonymBy(indexOf);
  }

  const lanes = createLanes({
    now,
    store,
    explain: (error) => asUnavailable(error, log),
    onRefused: (events) => options.onRefused?.(events),
    onUnstorable: (organizationId, why) =>
      log.error({ organizationId, ...whyForLog(why) }, "an event cannot be stored, and was refused"),
  });
  return {
    // A batch holds events of several senders: it does not end with the time of the one who happened to be first.
    accept: (organizationId, drafts, from = { sender: undefined }) =>
      withoutDeadline(() => lanes.accept(organizationId, { ...from, drafts, trace: currentTrace() })),
    async rebuildProfiles(organizationId, onProgress) {
      const known = knownOf(organizationId);
      await loadPseudonym(organizationId, known);
      const { history, disguise } = known;
      return rebuildProfiles({ db, organizationId, history, disguise, now }, onProgress);
    },
    lagMs: lanes.lagMs,
    worstLagMs: lanes.worstLagMs,
    waiting: lanes.waiting,
    refusedPerSecond: lanes.refusedPerSecond,
    busy: lanes.busy,
    rebuilds: () => rebuilds,
    drain: lanes.drain,
  };
}

/** Of a promise that is awaited later: that it fails meanwhile ends nothing but what awaits it. */
function inBackground<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

/** A sealed event was met before the key is there under which its values get pseudonyms. */
class NoPseudonym extends Error {}

/** What became of each sender's part of the batch. */
function shareOut(batch: readonly Sent[], duplicates: ReadonlySet<number>): Stored[] {
  let start = 0;
  return batch.map(({ drafts }) => {
    let repeated = 0;
    for (let index = start; index < start + drafts.length; index++) if (duplicates.has(index)) repeated++;
    start += drafts.length;
    return { accepted: drafts.length - repeated, duplicates: repeated };
  });
}

/** The entry of a batch that a person, or a program over GraphQL, has sent. */
export async function auditIngest(tx: Tx, actor: string, events: number): Promise<void> {
  await audit(tx, { actor, action: "EVENTS_INGESTED", entityKind: "SecurityEvent", entityId: "", detail: { events } });
}

const whyForLog = (error: unknown) => ({ err: messageForLog(error), code: (error as { code?: string }).code });

function asUnavailable(error: unknown, log: Log): unknown {
  if (error instanceof VigilError) return error;
  log.error(whyForLog(error), "a batch of events could not be stored");
  return new VigilError("UNAVAILABLE", "The events could not be stored; none of them was. Send them again.", {
    cause: error,
  });
}
