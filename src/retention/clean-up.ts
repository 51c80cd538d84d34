/** Removes what is past its retention, class by class, in bounded batches, and writes down what went. */
import { audit } from "../access/audit.ts";
import { type Database, eachOrganization, type Tx } from "../db.ts";
import type { RetentionClass } from "../generated/prisma/client.ts";
import { type Log, messageForLog } from "../log.ts";
import { type ExpiringClass, expiringClasses } from "./classes.ts";
import { type Dropped, dropPartitions, duePartitions } from "./partitions.ts";

export interface Cleaned {
  class: RetentionClass;
  /** What is older is past its retention. */
  cutoff: Date;
  rows: number;
  /** Whole days of events, of all organizations together. */
  partitions: number;
  /** False: of the partitions' events it is not known how many they were. */
  counted?: false;
}

interface Surroundings {
  db: Database;
  log: Log;
  now: number;
  /** Cuts the audit log once; answers how many entries went. */
  cutAudit(organizationId: string, cutoff: Date, actor: string): Promise<number>;
}

const batchLimit = 200; // batches of one class in one run: the next run goes on

/** The hourly run over every organization, whatever goes wrong with one of them. Audited where something went. */
export async function cleanUpAll({ db, log, now, cutAudit }: Surroundings): Promise<void> {
  const dropped = await dropPartitions(db, { now, log }).catch((error: Error): Dropped => {
    log.error({ err: messageForLog(error) }, "events past their retention could not be dropped");
    return { partitions: 0, rows: new Map(), busy: true }; // what is of other classes goes all the same
  });
  await recordDropped({ db, log, now }, dropped).catch(() => undefined); // it is in the log
  const told: Dropped = { partitions: 0, rows: new Map(), busy: dropped.busy };
  await eachOrganization(db, log, "what is past its retention could not be removed", (organizationId) =>
    cleanOne({ db, log, now, cutAudit }, organizationId, told, { actor: "vigil", requested: false }),
  );
}

/** A run that a person asked for: counts what is due (a dry run), or removes it. Audited either way. */
export async function cleanUp(
  { db, log, now, cutAudit }: Surroundings,
  organizationId: string,
  { actor, dryRun }: { actor: string; dryRun: boolean },
): Promise<Cleaned[]> {
  if (dryRun) {
    return db.inOrganization(organizationId, async (tx) => {
      const counted: Cleaned[] = [];
      for (const entry of expiringClasses) counted.push(await count(tx, entry, now));
      await record(tx, counted, { actor, dryRun });
      return counted;
    });
  }
  const dropped = await dropPartitions(db, { now, log });
  await recordDropped({ db, log, now }, dropped, organizationId);
  return cleanOne({ db, log, now, cutAudit }, organizationId, dropped, { actor, requested: true });
}

/**
 * Whole days go of all organizations at once, each of which has it in its own audit log before anything else is removed: that
 * may take long, and be stopped. `but`: who has asked, and has it among all else that went.
 */
async function recordDropped(
  { db, log, now }: Omit<Surroundings, "cutAudit">,
  dropped: Dropped,
  but?: string,
): Promise<void> {
  if (dropped.partitions === 0) return;
  await eachOrganization(db, log, "dropped days of events could not be written down", async (organizationId) => {
    if (organizationId === but || (dropped.rows && !dropped.rows.get(organizationId))) return;
    await db.inOrganization(organizationId, async (tx) => {
      const cutoff = await cutoffOf(tx, "EVENTS", now);
      const line = { class: "EVENTS" as const, cutoff, ...eventsOf(dropped, organizationId) };
      await record(tx, [line], { actor: "vigil", dryRun: false });
    });
  });
}

async function cleanOne(
  { db, now, cutAudit }: Surroundings,
  organizationId: string,
  dropped: Dropped,
  { actor, requested }: { actor: string; requested: boolean },
): Promise<Cleaned[]> {
  const cleaned: Cleaned[] = [];
  const told = new Map<Cleaned, number>(); // rows that are in the audit log already
  const faults: unknown[] = [];
  for (const entry of expiringClasses) {
    try {
      const cutoff = await db.inOrganization(organizationId, (tx) => cutoffOf(tx, entry.class, now));
      const isEvents = entry.class === "EVENTS";
      const gone = isEvents ? eventsOf(dropped, organizationId) : { rows: 0, partitions: 0 };
      const line: Cleaned = { class: entry.class, cutoff, ...gone };
      cleaned.push(line);
      if (isEvents && dropped.busy) continue;
      if (entry.class === "AUDIT") {
        for (let cuts = 0; cuts < batchLimit; cuts++) {
          const removed = await cutAudit(organizationId, cutoff, actor);
          line.rows += removed;
          if (removed === 0) break;
        }
        continue;
      }
      for (const { statement, batch, inOrder } of entry.remove) {
        let next: unknown = null;
        for (let batches = 0; batches < batchLimit; ) {
          const { removed, isMore } = await db.inOrganization(organizationId, async (tx) => {
            const place = inOrder ? [next] : [];
            const result = await tx.query<{ removed: number; next?: unknown }>(statement, [cutoff, batch, ...place]);
            const rows = result.rows[0]?.removed ?? 0;
            next = result.rows[0]?.next ?? null;
            const isMore = inOrder ? next !== null : rows >= batch;
            // Where there is more, it may take minutes: what has gone is told, though we may be stopped before the end.
            if (isMore && rows > 0)
              await record(tx, [{ class: entry.class, cutoff, rows, partitions: 0 }], { actor, dryRun: false });
            return { removed: rows, isMore };
          });
          line.rows += removed;
          if (!isMore) break;
          told.set(line, (told.get(line) ?? 0) + removed);
          if (removed > 0) batches++;
        }
      }
    } catch (error) {
      faults.push(error); // the other classes go all the same
    }
  }
  const rest = cleaned.map((line) => ({ ...line, rows: line.rows - (told.get(line) ?? 0) }));
  const removed = rest.filter(({ rows, counted }) => rows > 0 || counted === false);
  if (requested || removed.length > 0) {
    await db.inOrganization(organizationId, (tx) => record(tx, requested ? rest : removed, { actor, dryRun: false }));
  }
  if (faults[0]) throw faults[0];
  return cleaned;
}

/** What went of an organization's events with whole partitions. */
function eventsOf({ rows, partitions }: Dropped, organizationId: string): Omit<Cleaned, "class" | "cutoff"> {
  return { rows: rows?.get(organizationId) ?? 0, partitions, ...(rows ? {} : { counted: false }) };
}

async function count(tx: Tx, entry: ExpiringClass, now: number): Promise<Cleaned> {
  const cutoff = await cutoffOf(tx, entry.class, now);
  const { rows } = await tx.query<{ rows: number }>(entry.count, [cutoff]);
  const line = { class: entry.class, cutoff, rows: rows[0]?.rows ?? 0, partitions: 0 };
  if (entry.class !== "EVENTS") return line;
  const due = await tx.query<{ due: number }>(duePartitions, [new Date(now)]);
  return { ...line, partitions: due.rows[0]?.due ?? 0 };
}

async function cutoffOf(tx: Tx, name: RetentionClass, now: number): Promise<Date> {
  const { rows } = await tx.query<{ cutoff: Date }>("SELECT retention_cutoff($1::retention_class, $2) AS cutoff", [
    name,
    new Date(now),
  ]);
  return (rows[0] as { cutoff: Date }).cutoff;
}

async function record(tx: Tx, counts: Cleaned[], { actor, dryRun }: { actor: string; dryRun: boolean }): Promise<void> {
  const detail = { dryRun, counts };
  await audit(tx, { actor, action: "CLEANUP_RUN", entityKind: "Organization", entityId: tx.organizationId, detail });
}
