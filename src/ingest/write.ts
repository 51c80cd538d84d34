/** Stores a batch of events: which of them are new, and their rows, each in one statement whatever the batch's size. */
import type { Tx } from "../db.ts";
import { createNames } from "../statement-names.ts";
import { textArray } from "./array-text.ts";
import { type Column, columns } from "./columns.ts";
import type { EventDraft } from "./event.ts";
import type { StoredEvent } from "./sealing.ts";

/** The client ids of the batch that were accepted before (or stand twice in it); the others are now taken. */
export async function claimClientIds(tx: Tx, drafts: readonly EventDraft[], receivedAt: number): Promise<Set<number>> {
  const duplicates = new Set<number>();
  const indexOf = new Map<string, number>();
  drafts.forEach((draft, index) => {
    if (draft.clientId === undefined) return;
    if (indexOf.has(draft.clientId)) duplicates.add(index);
    else indexOf.set(draft.clientId, index);
  });
  if (indexOf.size === 0) return duplicates;
  const { rows } = await tx.query<{ client_id: string }>({
    name: "claim_client_ids",
    text: `INSERT INTO event_keys (organization_id, client_id, received_at)
      SELECT $1, client_id, $3 FROM unnest($2::text[]) AS client_id ORDER BY client_id
      ON CONFLICT DO NOTHING RETURNING client_id`,
    values: [tx.organizationId, textArray([...indexOf.keys()]), new Date(receivedAt)],
  });
  const taken = new Set(rows.map((row) => row.client_id));
  for (const [clientId, index] of indexOf) if (!taken.has(clientId)) duplicates.add(index);
  return duplicates;
}

/**
 * The statement for the columns that have a value somewhere in the batch; the others stay null without being sent. JSON
 * travels as one array, whose nulls are no values.
 */
function insertOf(used: readonly Column[]): string {
  const names = used.map(({ name }) => name).join(", ");
  const rows = used.map(({ type }, index) =>
    type === "jsonb" ? `jsonb_array_elements($${index + 3}::jsonb)` : `unnest($${index + 3}::${sentAs(type)}[])`,
  );
  const values = used.map(({ name, type }) =>
    type === "jsonb" ? `NULLIF(${name}, 'null')` : sentAs(type) === type ? name : `${name}::${type}`,
  );
  return `INSERT INTO realtime_monitoring (organization_id, received_at, ${names})
    SELECT $1, $2, ${values.join(", ")} FROM ROWS FROM (${rows.join(", ")}) AS e(${names})`;
}

const sentAs = (type: string): string => (type.endsWith("[]") ? "text" : type);

const nameOf = createNames((set: number) => `insert_events_${set.toString(36)}`, 64); // some 110 kB each, on each connection

/** Inserts the events of one arrival. The columns travel as arrays: COPY cannot enter a table under Row Level Security. */
export async function insertEvents(tx: Tx, events: readonly StoredEvent[]): Promise<void> {
  const [first] = events;
  if (!first) return;
  const used: Column[] = [];
  const values: unknown[] = [tx.organizationId, new Date(first.clear.receivedAt)];
  let set = 0;
  for (const [place, column] of columns.entries()) {
    const sent = column.values(events);
    if (sent === undefined) continue;
    used.push(column);
    values.push(sent);
    set += 2 ** place;
  }
  const statement = { text: insertOf(used), values };
  const name = nameOf(set); // a source of events nearly always uses the same columns
  await tx.query(name === undefined ? statement : { name, ...statement });
}
