/** Events on their way into storage and back: the sealed part of each is one record, bound to the event's id. */
import type { Tx } from "../db.ts";
import { openEach } from "../secrets/open-each.ts";
import { indexedColumns, sealedColumns } from "../secrets/sealed-columns.ts";
import type { Vault } from "../secrets/vault.ts";
import type { SecurityEvent } from "./event.ts";
import { joinEvent, type Privacy, type Secret, splitEvent } from "./privacy.ts";

/** An event as its row holds it. */
export interface StoredEvent {
  clear: SecurityEvent;
  sealed?: Buffer;
  sealedFields?: string[];
  patientIndex?: Buffer;
}

const clearParts = new WeakMap<SecurityEvent, SecurityEvent>();

/** The event as anyone may see it: the event itself where nothing of it is sealed. */
export function clearOf(event: SecurityEvent): SecurityEvent {
  return clearParts.get(event) ?? event;
}

/** Splits the events and seals what is to be sealed, all in one go. */
export async function sealEvents(
  tx: Tx,
  vault: Vault,
  events: readonly SecurityEvent[],
  privacy: Privacy,
): Promise<StoredEvent[]> {
  const items: { rowId: string; data: string }[] = [];
  const owners: StoredEvent[] = [];
  const patients: { stored: StoredEvent; id: string }[] = [];
  const stored = events.map((event) => {
    const { clear, secret, fields } = splitEvent(event, privacy);
    const one: StoredEvent = { clear };
    if (!secret) return one;
    clearParts.set(event, clear);
    one.sealedFields = fields;
    owners.push(one);
    items.push({ rowId: event.id, data: JSON.stringify(secret) });
    const patientId = secret.target?.patientId;
    if (patientId !== undefined) patients.push({ stored: one, id: patientId });
    return one;
  });
  const records = await vault.seal(tx, sealedColumns.event, items);
  owners.forEach((one, index) => {
    one.sealed = records[index] as Buffer;
  });
  if (patients.length > 0) {
    const indexOf = await vault.indexer(tx, indexedColumns.patient);
    for (const patient of patients) patient.stored.patientIndex = indexOf(patient.id);
  }
  return stored;
}

/** What rows hold in their sealed records, by row id; see openEach for what does not open. */
export async function openSecrets(
  tx: Tx,
  vault: Vault,
  rows: readonly { id: string; sealed: Uint8Array | null }[],
  onFault: Parameters<typeof openEach>[4],
): Promise<Map<string, Secret>> {
  const found = await openEach(tx, vault, sealedColumns.event, rows, onFault);
  return new Map([...found].map(([id, text]) => [id, JSON.parse(text) as Secret]));
}

/** The events of rows as they came. */
export function joinAll(events: readonly SecurityEvent[], secrets: ReadonlyMap<string, Secret>): SecurityEvent[] {
  return events.map((clear) => {
    const secret = secrets.get(clear.id);
    if (!secret) return clear;
    const whole = joinEvent(clear, secret);
    clearParts.set(whole, clear);
    return whole;
  });
}
