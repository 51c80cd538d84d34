import { v7 } from "uuid";
import type { Tx } from "../db.ts";
import { VigilError } from "../errors.ts";
import { audit } from "./audit.ts";
import { readEmail, readName } from "./input.ts";
import { isWithin } from "./permissions.ts";
import { changeUser, createUser } from "./user-change.ts";
import type { PeopleRole } from "./viewer.ts";

export interface UserInput {
  email: string;
  name: string;
  role: PeopleRole;
  /** Who asked for it; the server itself by default. */
  actor?: string;
  /** Epoch ms. */
  now: number;
}

const upsert = `
  INSERT INTO users (organization_id, id, email, name, role, created_at) VALUES ($1, $2, $3, $4, $5::role, $6)
  ON CONFLICT (organization_id, email) DO UPDATE SET name = excluded.name, role = excluded.role
    WHERE (users.name, users.role) IS DISTINCT FROM (excluded.name, excluded.role)
  RETURNING id`;

/**
 * Makes sure that the organization has a user of this e-mail address, with this name and role; answers the id.
 * A suspended user stays suspended.
 */
export async function ensureUser(tx: Tx, { email, name, role, actor = "vigil", now }: UserInput): Promise<string> {
  const address = readEmail(email);
  const fresh = v7();
  const values = [tx.organizationId, fresh, address, readName(name), role, new Date(now)];
  const changed = (await tx.query<{ id: string }>(upsert, values)).rows[0];
  if (changed) {
    const action = changed.id === fresh ? "USER_CREATED" : "USER_CHANGED";
    await audit(tx, { actor, action, entityKind: "User", entityId: changed.id, detail: { email: address, role } });
    return changed.id;
  }
  return findUser(tx, address);
}

/**
 * The user for whom the command line makes a token of this role: made if need be, given the role if theirs allows less,
 * and otherwise left as they are.
 */
export async function userForToken(
  tx: Tx,
  { email, role, actor = "vigil", now }: Omit<UserInput, "name">,
): Promise<string> {
  const text = "SELECT id, role FROM users WHERE organization_id = $1 AND email = $2";
  const [known] = (await tx.query<{ id: string; role: PeopleRole }>(text, [tx.organizationId, readEmail(email)])).rows;
  if (!known) return createUser(tx, { email, name: email, role }, { actor, now });
  if (!isWithin(role, known.role)) await changeUser(tx, known.id, { role }, { actor, now });
  return known.id;
}

/** The id of the user of this e-mail address. Errors: NOT_FOUND. */
export async function findUser(tx: Tx, email: string): Promise<string> {
  const values = [tx.organizationId, readEmail(email)];
  const text = "SELECT id FROM users WHERE organization_id = $1 AND email = $2";
  const [row] = (await tx.query<{ id: string }>(text, values)).rows;
  if (!row) throw new VigilError("NOT_FOUND", `There is no user ${values[1]}. Make one with userCreate`);
  return row.id;
}
