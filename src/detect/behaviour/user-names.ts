/**
 * One person under several names. Where log-ins tell an e-mail address and record accesses an id, these would be two
 * users, neither of whom is known well; `usersImport` says that both are one, and then such events get the person's name.
 */
import type { Database, Tx } from "../../db.ts";
import type { EventDraft } from "../../ingest/event.ts";
import { oneSpelling } from "../../user-name.ts";

/** Another name (an e-mail address, an id) -> the name of the person. */
export type UserNames = ReadonlyMap<string, string>;

export const noNames: UserNames = new Map();

export async function readUserNames(tx: Pick<Tx, "organizationId" | "query">): Promise<UserNames> {
  const { rows } = await tx.query<{ alias: string; key: string }>(
    `SELECT unnest(aliases) AS alias, key FROM entities
     WHERE organization_id = $1 AND kind = 'USER' AND aliases <> ARRAY[]::text[] ORDER BY key`,
    [tx.organizationId],
  );
  return new Map(rows.map(({ alias, key }) => [oneSpelling(alias), key]));
}

/** Whether it tells a user, but no name: one may be known. */
export function isNameless({ actor }: Pick<EventDraft, "actor">): boolean {
  return actor !== undefined && actor.name === undefined && (actor.email !== undefined || actor.id !== undefined);
}

/** The event with the name that its user is known by, addresses in one spelling; the event itself where nothing changes. */
export function withName<Event extends Pick<EventDraft, "actor">>(event: Event, names: UserNames): Event {
  const { actor } = event;
  if (!actor) return event;
  const email = actor.email?.toLowerCase();
  const id = actor.id && oneSpelling(actor.id);
  const known = actor.name ?? names.get(email ?? "") ?? names.get(id ?? "");
  const name = known && oneSpelling(known);
  if (name === actor.name && email === actor.email && id === actor.id) return event; // mostly
  const told = { ...actor };
  if (name !== undefined) told.name = name;
  if (email !== undefined) told.email = email;
  if (id !== undefined) told.id = id;
  return { ...event, actor: told };
}

/** Reads the names where they are needed and may have changed: whoever changes them raises the version of the profiles. */
export function createNameReader() {
  let known: { version: number; names: UserNames } | undefined;
  return async (tx: Tx, drafts: readonly EventDraft[], profilesVersion: number): Promise<UserNames> => {
    if (!drafts.some(isNameless)) return noNames;
    if (known?.version !== profilesVersion) known = { version: profilesVersion, names: await readUserNames(tx) };
    return known.names;
  };
}

/** The name of the user whose alias this is; else the text itself. */
export async function nameOfUser(
  db: Pick<Database, "query">,
  organizationId: string,
  nameOrAlias: string,
): Promise<string> {
  const asked = oneSpelling(nameOrAlias);
  const { rows } = await db.query<{ key: string }>(
    organizationId,
    `SELECT key FROM entities WHERE organization_id = $1 AND kind = 'USER' AND aliases <> ARRAY[]::text[] AND $2 = ANY (aliases)`,
    [organizationId, asked],
  );
  return rows[0]?.key ?? asked;
}
