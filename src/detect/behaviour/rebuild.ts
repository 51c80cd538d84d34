/**
 * Profiles learned anew from the stored events. What takes long happens beside the running batches; the last events and
 * the writing have a turn of their own, so that no batch is missed or counted twice, and every process forgets what it knew.
 */
import type { Database, Tx } from "../../db.ts";
import type { Disguise } from "../correlation/disguise.ts";
import { type History, isFar } from "../local.ts";
import { lastPosition, type Position, takeTurn } from "../turn.ts";
import { type Entity, hasProfile } from "./entity.ts";
import { facetTable } from "./facets.ts";
import { type PeerGroups, readPeerGroups } from "./peer-groups.ts";
import { profileText } from "./profiles.ts";
import { createTrialJudge, type TrialJudge } from "./trial-judge.ts";
import { readUserNames, type UserNames, withName } from "./user-names.ts";

export interface RebuildTools {
  db: Database;
  organizationId: string;
  history: History;
  disguise: Disguise;
  now(): number;
}

export interface Rebuilt {
  events: number;
  entities: number;
}

const near = 2_000; // events that are learned within the turn
const pageSize = 1_000; // rows of a statement

/** `onProgress`: events gone through, of about how many there are. */
export async function rebuildProfiles(
  { db, organizationId, history, disguise, now }: RebuildTools,
  onProgress: (events: number, total: number) => void = () => undefined,
): Promise<Rebuilt> {
  const { timeZone, total, peerGroups, names } = await db.inOrganization(organizationId, readSize);
  const judge = createTrialJudge([], { timeZone, disguise, peerGroups });
  let events = 0;
  async function learn(tx: Tx, from: Position, to: Position): Promise<Position> {
    for await (const page of history(tx, { after: from.receivedAt, until: to.receivedAt })) {
      judge.judge(page.map((event) => withName(event, names)));
      events += page.length;
      onProgress(events, Math.max(events, total));
    }
    return to;
  }
  let at: Position = { batchId: "", receivedAt: 0 };
  for (let far = true; far; )
    ({ at, far } = await db.inOrganization(organizationId, async (tx) => {
      const reached = await learn(tx, at, await lastPosition(tx));
      return { at: reached, far: await isFar(tx, reached, await lastPosition(tx), near) };
    }));
  const entities = await db.inOrganization(organizationId, async (tx) => {
    const turn = await takeTurn(tx, now());
    if (!turn) return 0; // the organization is gone
    await learn(tx, at, turn.previous);
    return write(tx, judge);
  });
  return { events, entities };
}

async function readSize(tx: Tx): Promise<{
  timeZone: string;
  total: number;
  peerGroups: PeerGroups;
  names: UserNames;
}> {
  const { rows } = await tx.query<{ time_zone: string; total: number }>(
    `SELECT time_zone, (SELECT count(*)::int FROM realtime_monitoring WHERE organization_id = $1) AS total
     FROM organizations WHERE id = $1`,
    [tx.organizationId],
  );
  const peerGroups = await readPeerGroups({
    organizationId: tx.organizationId,
    query: (text, values) => tx.query(text, values),
  });
  const names = await readUserNames(tx);
  return { timeZone: rows[0]?.time_zone ?? "UTC", total: rows[0]?.total ?? 0, peerGroups, names };
}

/** What people taught stays, and so do entities that no stored event names: with what else is known of them. */
async function write(tx: Tx, { entities }: TrialJudge): Promise<number> {
  const learned = [...facetTable.values()].flat().filter(({ byPeople }) => !byPeople);
  await tx.query(
    `UPDATE entities SET learned = coalesce(learned::jsonb, profile) - $2::text[]
     WHERE organization_id = $1 AND coalesce(learned::text, profile::text) <> '{}'`,
    [tx.organizationId, learned.map(({ name }) => name)],
  );
  const made = [...entities.values()].filter((entity) => entity.firstSeenAt !== 0 || hasProfile(entity));
  for (let from = 0; from < made.length; from += pageSize) await writePage(tx, made.slice(from, from + pageSize));
  return made.length;
}

async function writePage(tx: Tx, page: readonly Entity[]): Promise<void> {
  await tx.query(
    `INSERT INTO entities (organization_id, kind, key, first_seen_at, last_seen_at, learned)
     SELECT $1, kind, key, first_seen_at, last_seen_at, profile::json
     FROM unnest($2::entity_kind[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::text[])
       AS g(kind, key, first_seen_at, last_seen_at, profile)
     ON CONFLICT (organization_id, kind, key) DO UPDATE SET learned = coalesce(entities.learned::jsonb, entities.profile) || excluded.learned::jsonb,
       -- of whom an import made before any event told of them, the epoch: never
       first_seen_at = least(nullif(entities.first_seen_at, to_timestamp(0)), excluded.first_seen_at),
       last_seen_at = greatest(entities.last_seen_at, excluded.last_seen_at)`,
    [
      tx.organizationId,
      page.map(({ kind }) => kind),
      page.map(({ key }) => key),
      page.map(({ firstSeenAt }) => new Date(firstSeenAt).toISOString()),
      page.map(({ lastSeenAt }) => new Date(lastSeenAt).toISOString()),
      page.map(({ profile }) => profileText(profile)),
    ],
  );
}
