/** Stores a batch of events: which of them are new, and their rows, each in one statement whatever the batch's size. */
import type { Tx } from "../db.ts";
import { toColumn } from "./enrich/stored.ts";
import type { EventDraft, SecurityEvent } from "./event.ts";
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
    values: [tx.organizationId, [...indexOf.keys()], new Date(receivedAt)],
  });
  const taken = new Set(rows.map((row) => row.client_id));
  for (const [clientId, index] of indexOf) if (!taken.has(clientId)) duplicates.add(index);
  return duplicates;
}

type Column = { name: string; type: string; of(event: SecurityEvent, stored: StoredEvent): unknown };

const json = (value: object | undefined): string | null => (value === undefined ? null : JSON.stringify(value));

/** An object of the keys that have a value; undefined when none has. */
function some(entries: Record<string, unknown>): object | undefined {
  const kept = Object.entries(entries).filter(([, value]) => value !== undefined);
  return kept.length > 0 ? Object.fromEntries(kept) : undefined;
}

function sourceGeo({ source }: SecurityEvent): object | undefined {
  if (!source) return undefined;
  const { country, city, lat, lon } = source;
  return some({ country, city, lat, lon });
}

function httpMore({ http }: SecurityEvent): object | undefined {
  if (!http) return undefined;
  const { query, bytes, durationMs, referrer, host } = http;
  return some({ query, bytes, durationMs, referrer, host });
}

const columns: Column[] = [
  { name: "id", type: "uuid", of: (event) => event.id },
  { name: "client_id", type: "text", of: (event) => event.clientId },
  { name: "time", type: "timestamptz", of: (event) => new Date(event.time).toISOString() },
  { name: "received_at", type: "timestamptz", of: (event) => new Date(event.receivedAt).toISOString() },
  { name: "product", type: "text", of: (event) => event.logsource.product },
  { name: "service", type: "text", of: (event) => event.logsource.service },
  { name: "log_category", type: "text", of: (event) => event.logsource.category },
  { name: "action", type: "text", of: (event) => event.action },
  { name: "category", type: "event_category", of: (event) => event.category },
  { name: "outcome", type: "event_outcome", of: (event) => event.outcome },
  { name: "severity", type: "severity", of: (event) => event.severity },
  { name: "actor_id", type: "text", of: (event) => event.actor?.id },
  { name: "actor_name", type: "text", of: (event) => event.actor?.name },
  { name: "actor_email", type: "text", of: (event) => event.actor?.email },
  { name: "actor_roles", type: "text[]", of: (event) => arrayLiteral(event.actor?.roles) },
  { name: "source_ip", type: "inet", of: (event) => event.source?.ip },
  { name: "source_port", type: "int", of: (event) => event.source?.port },
  { name: "source_geo", type: "jsonb", of: (event) => json(sourceGeo(event)) },
  { name: "user_agent", type: "text", of: (event) => event.userAgent },
  { name: "device", type: "text", of: (event) => event.device },
  { name: "session_id", type: "text", of: (event) => event.sessionId },
  { name: "target_type", type: "text", of: (event) => event.target?.type },
  { name: "target_id", type: "text", of: (event) => event.target?.id },
  { name: "target_name", type: "text", of: (event) => event.target?.name },
  { name: "patient_id", type: "text", of: (event) => event.target?.patientId },
  { name: "http_method", type: "text", of: (event) => event.http?.method },
  { name: "http_path", type: "text", of: (event) => event.http?.path },
  { name: "http_status", type: "int", of: (event) => event.http?.status },
  { name: "http_more", type: "jsonb", of: (event) => json(httpMore(event)) },
  { name: "message", type: "text", of: (event) => event.message },
  { name: "attributes", type: "jsonb", of: (event) => JSON.stringify(event.attributes) },
  { name: "sealed", type: "bytea", of: (_event, stored) => stored.sealed },
  { name: "sealed_fields", type: "text[]", of: (_event, stored) => arrayLiteral(stored.sealedFields) },
  { name: "patient_index", type: "bytea", of: (_event, stored) => stored.patientIndex },
  { name: "behaviour", type: "jsonb", of: ({ behaviour }) => json(behaviour) },
  { name: "enrichment", type: "jsonb", of: ({ enrichment }) => enrichment && toColumn(enrichment) },
];

/** PostgreSQL's text of an array of texts. */
function arrayLiteral(texts: readonly string[] | undefined): string {
  if (!texts || texts.length === 0) return "{}";
  return `{${texts.map((text) => `"${text.replace(/["\\]/g, "\\$&")}"`).join(",")}}`;
}

/** The statement for the columns that have a value somewhere in the batch; the others stay null without being sent. */
function insertOf(used: readonly Column[]): string {
  const names = used.map(({ name }) => name).join(", ");
  // An array of arrays would have to be rectangular, so those travel as texts.
  const values = used.map(({ name, type }) => (type.endsWith("[]") ? `${name}::${type}` : name)).join(", ");
  const sent = used.map(({ type }, index) => `$${index + 2}::${type.endsWith("[]") ? "text" : type}[]`).join(", ");
  return `INSERT INTO realtime_monitoring (organization_id, ${names}) SELECT $1, ${values} FROM unnest(${sent}) AS e(${names})`;
}

/** Inserts the events. The columns travel as arrays: COPY cannot enter a table under Row Level Security. */
export async function insertEvents(tx: Tx, events: readonly StoredEvent[]): Promise<void> {
  if (events.length === 0) return;
  const values = columns.map(({ of }) => events.map((stored) => of(stored.clear, stored) ?? null));
  const places = columns.flatMap((_, place) => (values[place]?.some((value) => value !== null) ? [place] : []));
  const used = places.map((place) => columns[place] as Column);
  // Prepared once for each set of columns: a source of events always uses the same.
  const name = `insert_events_${places.reduce((set, place) => set + 2 ** place, 0).toString(36)}`;
  await tx.query({ name, text: insertOf(used), values: [tx.organizationId, ...places.map((place) => values[place])] });
}
