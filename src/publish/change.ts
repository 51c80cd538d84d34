import type { Tx } from "../db.ts";
import { encodeCursor } from "./cursor.ts";

/** The streams of the change feed. What a user is told is a stream of that user's own. */
export type Topic = "incident" | "decision" | "alert" | `notification:${string}`;

export const notificationTopic = (userId: string): Topic => `notification:${userId}`;

export interface NewChange {
  topic: Topic;
  /** What happened: an EntryKind for incidents. */
  kind: string;
  entityId: string;
}

const written = new WeakMap<Tx, Set<Topic>>();

/** The streams that a transaction has written to: whose bells its commit is to ring. */
export function topicsOf(tx: Tx): Set<Topic> {
  const topics = written.get(tx) ?? new Set<Topic>();
  written.set(tx, topics);
  return topics;
}

/** Writes change rows in the caller's transaction; returns the cursor of the last one. The caller rings after commit. */
export async function recordChanges(tx: Tx, changes: readonly NewChange[]): Promise<string> {
  const { rows } = await tx.query<{ epoch: string | null; xid: string; id: string }>({
    name: "record_changes",
    text: `INSERT INTO changes (organization_id, topic, kind, entity_id)
      SELECT $1, topic, kind, entity_id FROM unnest($2::text[], $3::text[], $4::uuid[]) WITH ORDINALITY AS c(topic, kind, entity_id, n)
      ORDER BY n RETURNING xid::text, id::text,
        (SELECT nullif(feed_epoch, 0)::text FROM organizations WHERE id = $1) AS epoch`,
    values: [
      tx.organizationId,
      changes.map((change) => change.topic),
      changes.map((change) => change.kind),
      changes.map((change) => change.entityId),
    ],
  });
  for (const { topic } of changes) topicsOf(tx).add(topic);
  const last = rows.at(-1);
  if (!last) throw new Error("recordChanges needs at least one change");
  return encodeCursor({ ...last, epoch: last.epoch ?? undefined });
}
