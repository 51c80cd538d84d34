import { validate as isUuid, v7 } from "uuid";
import type { Tx } from "../db.ts";
import { VigilError } from "../errors.ts";
import { audit } from "./audit.ts";
import { readEmail, readName } from "./input.ts";
import { endSessionsOf } from "./sessions.ts";
import type { PeopleRole } from "./viewer.ts";

/** Who changes it, and when (epoch ms). */
export interface By {
  actor: string;
  now: number;
}

export interface UserChange {
  name?: string | undefined;
  role?: PeopleRole | undefined;
  suspended?: boolean | undefined;
}

interface UserRow {
  email: string;
  name: string;
  role: PeopleRole;
  suspended_at: Date | null;
}

const insert = `
  INSERT INTO users (organization_id, id, email, name, role, created_at) VALUES ($1, $2, $3, $4, $5::role, $6)
  ON CONFLICT (organization_id, email) DO NOTHING RETURNING id`;
// Locks the administrators too, so that of two who demote each other one is told no.
const lockAdmins = `
  SELECT id FROM users WHERE organization_id = $1 AND role = 'ADMIN' AND suspended_at IS NULL ORDER BY id FOR UPDATE`;
const select = "SELECT email, name, role, suspended_at FROM users WHERE organization_id = $1 AND id = $2 FOR UPDATE";
const update = `
  UPDATE users SET name = $3, role = $4::role, suspended_at = $5 WHERE organization_id = $1 AND id = $2`;

/** Makes a user of a new e-mail address. Errors: BAD_USER_INPUT, CONFLICT. */
export async function createUser(
  tx: Tx,
  input: { email: string; name: string; role: PeopleRole },
  { actor, now }: By,
): Promise<string> {
  const email = readEmail(input.email);
  const values = [tx.organizationId, v7(), email, readName(input.name), input.role, new Date(now)];
  const [made] = (await tx.query<{ id: string }>(insert, values)).rows;
  if (!made) throw new VigilError("CONFLICT", "There is a user of this e-mail address already", { path: ["email"] });
  const detail = { email, role: input.role };
  await audit(tx, { actor, action: "USER_CREATED", entityKind: "User", entityId: made.id, detail });
  return made.id;
}

/**
 * Changes a user; what is not given stays. A suspended user's sessions end, here and, within 5 seconds, on every server.
 * Errors: NOT_FOUND, BAD_USER_INPUT, CONFLICT for the last administrator.
 */
export async function changeUser(tx: Tx, id: string, change: UserChange, { actor, now }: By): Promise<void> {
  if (!isUuid(id)) throw unknownUser();
  const admins = (await tx.query<{ id: string }>(lockAdmins, [tx.organizationId])).rows;
  const [before] = (await tx.query<UserRow>(select, [tx.organizationId, id])).rows;
  if (!before) throw unknownUser();
  const name = change.name === undefined ? before.name : readName(change.name);
  const role = change.role ?? before.role;
  const suspended = change.suspended ?? before.suspended_at !== null;
  const isAdmin = role === "ADMIN" && !suspended;
  if (!isAdmin && admins.length === 1 && admins[0]?.id === id) {
    const path = [change.role === undefined ? "suspended" : "role"];
    throw new VigilError("CONFLICT", "This is the last administrator: make somebody else one first", { path });
  }
  const suspendedAt = suspended ? (before.suspended_at ?? new Date(now)) : null;
  await tx.query(update, [tx.organizationId, id, name, role, suspendedAt]);
  if (suspended) await endSessionsOf(tx, id, now);
  const entry = { actor, entityKind: "User", entityId: id };
  if (name !== before.name || role !== before.role) {
    const detail = { email: before.email, role, ...(role === before.role ? {} : { roleBefore: before.role }) };
    await audit(tx, { ...entry, action: "USER_CHANGED", detail });
  }
  if (suspended !== (before.suspended_at !== null)) {
    const action = suspended ? "USER_SUSPENDED" : "USER_UNSUSPENDED";
    await audit(tx, { ...entry, action, detail: { email: before.email } });
  }
}

function unknownUser(): VigilError {
  return new VigilError("NOT_FOUND", "There is no such user");
}
