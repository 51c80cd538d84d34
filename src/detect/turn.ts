/**
 * Batches of an organization take turns, across all processes: one row, locked from here until the batch is committed,
 * says which batch came last. So the order of event ids is the order in which batches are evaluated, and that of a replay.
 */
import { randomUUID } from "node:crypto";
import type { Tx } from "../db.ts";
import type { Privacy } from "../ingest/privacy.ts";

/** Where the state of detection stands: after which batch. */
export interface Position {
  /** Random, so that equal positions mean equal state, whatever failed in between; "" before the first batch. */
  batchId: string;
  /** Epoch ms; the events of this batch and of those before it have no later one. */
  receivedAt: number;
}

/** One batch's turn, and what the organization is set to while it lasts. */
export interface Turn extends Position {
  previous: Position;
  rulesVersion: number;
  /** Raised by whoever changes profiles outside of a batch, so that no process goes on with what it knew of them. */
  profilesVersion: number;
  privacy: Privacy;
}

interface TurnRow {
  previous_batch: string | null;
  previous_received_at: Date | null;
  received_at: Date;
  rules_version: number;
  profiles_version: number;
  unknown_fields: Privacy["unknownFields"];
  phi_fields: Privacy["phiFields"];
  allowed_attributes: string[];
}

const beginning: Position = { batchId: "", receivedAt: 0 };

/** Waits for the organization's turn; undefined: the organization is gone. */
export async function takeTurn(tx: Tx, now: number): Promise<Turn | undefined> {
  const batchId = randomUUID();
  const { rows } = await tx.query<TurnRow>({
    name: "take_turn",
    text: "SELECT * FROM take_detection_turn($1, $2)",
    values: [batchId, new Date(now)],
  });
  const [row] = rows;
  if (!row) return undefined;
  return {
    batchId,
    receivedAt: row.received_at.getTime(),
    previous: toPosition(row.previous_batch, row.previous_received_at),
    rulesVersion: row.rules_version,
    profilesVersion: row.profiles_version,
    privacy: {
      unknownFields: row.unknown_fields,
      phiFields: row.phi_fields,
      allowedAttributes: new Set(row.allowed_attributes),
    },
  };
}

/** After which batch the stored events end, as the transaction sees them. */
export async function lastPosition(tx: Tx): Promise<Position> {
  const { rows } = await tx.query<{ batch_id: string; received_at: Date }>(
    "SELECT batch_id, received_at FROM detection_positions WHERE organization_id = $1",
    [tx.organizationId],
  );
  return toPosition(rows[0]?.batch_id, rows[0]?.received_at);
}

function toPosition(batchId: string | null | undefined, receivedAt: Date | null | undefined): Position {
  return batchId && receivedAt ? { batchId, receivedAt: receivedAt.getTime() } : beginning;
}

/**
 * Keeps the next batch waiting until the transaction ends, for whoever writes what batches write. To be taken before all
 * other locks, whose order `respond/lock-action.ts` tells.
 */
export async function holdTurn(tx: Tx): Promise<void> {
  await tx.query("SELECT FROM detection_positions WHERE organization_id = $1 FOR UPDATE", [tx.organizationId]);
}

/** The same, for whoever changes profiles: every process reads them anew at its next batch. */
export async function holdProfiles(tx: Tx): Promise<void> {
  await tx.query("UPDATE detection_positions SET profiles_version = profiles_version + 1 WHERE organization_id = $1", [
    tx.organizationId,
  ]);
}
