/**
 * Reads the durable change feed. Bells only say "look again": the rows decide what a follower sees, in commit order,
 * each once, from exactly where it left off.
 */
import { setTimeout as wait } from "node:timers/promises";
import type { Database } from "../db.ts";
import type { Bell, Bells } from "./bells.ts";
import type { Topic } from "./change.ts";
import { decodeCursor, encodeCursor, type Position } from "./cursor.ts";
import { createElsewhere } from "./elsewhere.ts";

export interface FeedChange {
  /** Resumes after this change. */
  cursor: string;
  /** What happened; `CURSOR_EXPIRED` when the cursor is older than the feed's memory: take a snapshot and start anew. */
  kind: string;
  /** Absent for `CURSOR_EXPIRED`. */
  entityId: string | undefined;
  at: Date;
}

export interface Feed {
  /** The present end of the organization's feed: following from here gives only what comes later. */
  cursor(organizationId: string): Promise<string>;
  /** Whether following from there begins with CURSOR_EXPIRED. Errors: BAD_USER_INPUT. */
  isExpired(organizationId: string, cursor: string): Promise<boolean>;
  /** Every change after the cursor (or from now on), without gap or repetition, until the signal ends it. */
  follow(
    organizationId: string,
    topic: Topic,
    after: string | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<FeedChange, void, void>;
  /** The same, as many at a time as there are to be read together: 1 to 500. */
  followPages(
    organizationId: string,
    topic: Topic,
    after: string | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<FeedChange[], void, void>;
  /** Only that something changed, at once, for whoever reads the state itself and needs no order of changes. */
  listen(organizationId: string, topic: Topic, signal: AbortSignal): Bell;
}

const pageSize = 500;
const pollInterval = 5_000; // 5 seconds: a bell that was lost delays a change by this at most
const settleInterval = 20; // 20 ms: how soon to look again while an older transaction is still running

interface Row {
  xid: string;
  id: string;
  kind: string;
  entity_id: string;
  at: Date;
}

// `horizon` is the oldest transaction still running here: rows at or above it may yet be preceded by rows that are not
// visible. Transactions of the cluster's other databases ($6) write no rows of ours and are not waited for.
const readPage = `
WITH now AS MATERIALIZED (SELECT pg_current_snapshot() AS snapshot), horizon AS MATERIALIZED (
  SELECT coalesce((SELECT x FROM pg_snapshot_xip(snapshot) AS x WHERE x::text <> ALL ($6::text[]) ORDER BY x LIMIT 1),
    pg_snapshot_xmax(snapshot)) AS xid FROM now)
SELECT c.xid::text, c.id::text, c.kind, c.entity_id, c.at FROM changes c, horizon
  WHERE c.organization_id = $1 AND c.topic = $2 AND (c.xid, c.id) > ($3::text::xid8, $4::bigint) AND c.xid < horizon.xid
    AND ($5::text IS NULL OR NOT pg_visible_in_snapshot(c.xid, $5::pg_snapshot))
  ORDER BY c.xid, c.id LIMIT ${pageSize}`;
// After a restore into another cluster there are rows of transactions that are still to come: nobody waits for them.
const hasPending = `
SELECT EXISTS (SELECT FROM changes c WHERE c.organization_id = $1 AND c.topic = $2
  AND (c.xid, c.id) > ($3::text::xid8, $4::bigint) AND c.xid < pg_snapshot_xmax(pg_current_snapshot())
  AND ($5::text IS NULL OR NOT pg_visible_in_snapshot(c.xid, $5::pg_snapshot))) AS pending`;
// A cursor is expired when rows after it have been deleted, which the oldest kept transaction tells.
const readEnd = `
SELECT (pg_snapshot_xmin(s)::text::numeric - 1)::text AS xid, '9223372036854775807' AS id,
  (SELECT nullif(feed_epoch, 0)::text FROM organizations WHERE id = $1) AS epoch,
  CASE WHEN pg_snapshot_xmin(s) < pg_snapshot_xmax(s) THEN s::text END AS seen
  FROM pg_current_snapshot() AS s`;

export function createFeed(db: Database, bells: Bells): Feed {
  const elsewhere = createElsewhere(db);

  async function end(organizationId: string): Promise<Position> {
    const { rows } = await db.query<Record<"xid" | "id", string> & Record<"epoch" | "seen", string | null>>(
      organizationId,
      { name: "feed_end", text: readEnd, values: [organizationId] },
    );
    const { epoch, xid, id, seen } = rows[0] as NonNullable<(typeof rows)[0]>;
    return { epoch: epoch ?? undefined, xid, id, seen: seen ?? undefined };
  }

  const feed: Feed = {
    cursor: async (organizationId) => encodeCursor(await end(organizationId)),
    isExpired: async (organizationId, cursor) => isExpired(db, organizationId, decodeCursor(cursor)),
    async *follow(organizationId, topic, after, signal) {
      for await (const page of feed.followPages(organizationId, topic, after, signal)) yield* page;
    },
    async *followPages(organizationId, topic, after, signal) {
      // Listen before reading, so that nothing falls between the two.
      const bell = bells.listen(organizationId, topic, signal);
      try {
        let position = after === undefined ? await end(organizationId) : decodeCursor(after);
        if (after !== undefined && (await isExpired(db, organizationId, position))) {
          const cursor = encodeCursor(await end(organizationId));
          yield [{ cursor, kind: "CURSOR_EXPIRED", entityId: undefined, at: new Date() }];
          return;
        }
        while (!signal.aborted) {
          const values = [organizationId, topic, position.xid, position.id, position.seen ?? null, elsewhere.known()];
          const { rows } = await db.query<Row>(organizationId, { name: "feed_page", text: readPage, values });
          const page: FeedChange[] = [];
          for (const row of rows) {
            position = { epoch: position.epoch, xid: row.xid, id: row.id, seen: stillNeeded(position.seen, row.xid) };
            page.push({ cursor: encodeCursor(position), kind: row.kind, entityId: row.entity_id, at: row.at });
          }
          if (page.length > 0) yield page;
          if (rows.length === pageSize) continue;
          const rest = [organizationId, topic, position.xid, position.id, position.seen ?? null];
          const { rows: state } = await db.query<{ pending: boolean }>(organizationId, {
            name: "feed_pending",
            text: hasPending,
            values: rest,
          });
          if (!state[0]?.pending) await bell.wait(pollInterval);
          else if (!(await elsewhere.look(organizationId))) await pause(settleInterval, signal);
        }
      } finally {
        bell.close();
      }
    },
    listen: bells.listen,
  };
  return feed;
}

/** A snapshot says nothing of transactions from its xmax on: behind them, the position alone does. */
function stillNeeded(seen: string | undefined, xid: string): string | undefined {
  return seen !== undefined && BigInt(xid) < BigInt(seen.split(":")[1] as string) ? seen : undefined;
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await wait(ms, undefined, { signal }).catch(() => undefined);
}

/**
 * The feed keeps `feedRetentionDays`; what it forgot is recorded as the highest forgotten transaction. Transactions of a
 * cluster are counted from its making: a cursor that is ahead of the count is of a cluster that this database was restored
 * from, and so is what that one forgot. One of another epoch is from before a restore, wherever the count has come to.
 */
async function isExpired(db: Database, organizationId: string, position: Position): Promise<boolean> {
  const { rows } = await db.query<{ expired: boolean }>(organizationId, {
    name: "feed_expired",
    text: `SELECT $2::text::xid8 >= next OR coalesce((SELECT feed_epoch <> $4::bigint OR (feed_forgotten_xid < next
      AND (feed_forgotten_xid, feed_forgotten_id) > ($2::text::xid8, $3::bigint))
      FROM organizations WHERE id = $1), false) AS expired FROM pg_snapshot_xmax(pg_current_snapshot()) AS next`,
    values: [organizationId, position.xid, position.id, position.epoch ?? "0"],
  });
  return rows[0]?.expired === true;
}
