/** Profiles in the table `entities`: read for a batch in one query, written back in one statement. */
import type { Tx } from "../../db.ts";
import { jsonArray, plainArray, textArray, timesArray } from "../../ingest/array-text.ts";
import type { Entities } from "./entities.ts";
import { type Entity, newEntity } from "./entity.ts";
import type { EntityKeys } from "./entity-of.ts";
import { type ProfileKind, profileKinds } from "./facet.ts";
import type { Changed } from "./judge.ts";
import type { KnownProfiles } from "./profile-cache.ts";

interface Row {
  kind: ProfileKind;
  key: string;
  profile: Record<string, unknown>;
  first_seen_at: Date;
  last_seen_at: Date;
  peer_group: string | null;
}

/** The entities of these events that are not there yet; those without a row are new. `known` must stand at the turn's position. */
export async function loadEntities(
  tx: Tx,
  wanted: readonly EntityKeys[],
  { into, known }: { into: Entities; known: KnownProfiles },
): Promise<void> {
  const missing: Entity[] = [];
  for (const keys of wanted)
    for (const kind of profileKinds) {
      const key = keys[kind];
      if (key === undefined || into.get(kind, key)) continue;
      let entity = known.get(kind, key);
      if (!entity) {
        entity = newEntity(kind, key);
        missing.push(entity);
      }
      into.add(entity);
    }
  if (missing.length === 0) return;
  const { rows } = await tx.query<Row>({
    name: "load_profiles",
    text: `SELECT kind, key, coalesce(learned, profile::json) AS profile, first_seen_at, last_seen_at, coalesce(roles[1], department) AS peer_group
      FROM unnest($2::entity_kind[], $3::text[]) AS wanted(kind, key) JOIN entities USING (kind, key) WHERE organization_id = $1`,
    values: [tx.organizationId, plainArray(missing.map(({ kind }) => kind)), textArray(missing.map(({ key }) => key))],
  });
  for (const { kind, key, profile, first_seen_at, last_seen_at, peer_group } of rows) {
    const entity = into.get(kind, key);
    if (!entity) continue;
    const times = { firstSeenAt: first_seen_at.getTime(), lastSeenAt: last_seen_at.getTime() };
    Object.assign(entity, { ...times, profile, stored: true, size: JSON.stringify(profile).length });
    if (peer_group !== null) entity.group = peer_group;
  }
}

/** Inserts the new ones and updates the others: profiles of those that were taught, times of those that were only seen. */
export async function saveEntities(tx: Tx, { taught, seen }: Changed): Promise<void> {
  // In one order, so that two writers never wait for each other.
  const changed = [...new Set([...taught, ...seen])].sort(inOrder);
  if (changed.length === 0) return;
  const profiles = changed.map((entity) => {
    if (!taught.has(entity) && entity.stored) return undefined;
    const text = profileText(entity.profile);
    entity.size = text.length;
    return text;
  });
  const times = (name: "firstSeenAt" | "lastSeenAt") => timesArray(changed.map((entity) => entity[name]));
  await tx.query({
    name: "save_profiles",
    text: `WITH given AS (
        SELECT kind, key, first_seen_at, last_seen_at, CASE WHEN json_typeof(profile) <> 'null' THEN profile END AS profile
        FROM ROWS FROM (unnest($2::entity_kind[], $3::text[], $4::timestamptz[], $5::timestamptz[]), json_array_elements($6::json))
          AS g(kind, key, first_seen_at, last_seen_at, profile)
      ), only_seen AS (
        UPDATE entities e SET first_seen_at = g.first_seen_at, last_seen_at = g.last_seen_at
        FROM given g WHERE g.profile IS NULL AND e.organization_id = $1 AND e.kind = g.kind AND e.key = g.key
      )
      INSERT INTO entities (organization_id, kind, key, first_seen_at, last_seen_at, learned)
      SELECT $1, kind, key, first_seen_at, last_seen_at, profile FROM given WHERE profile IS NOT NULL
      ON CONFLICT (organization_id, kind, key) DO UPDATE SET first_seen_at = excluded.first_seen_at,
        last_seen_at = excluded.last_seen_at, learned = excluded.learned`,
    values: [
      tx.organizationId,
      plainArray(changed.map(({ kind }) => kind)),
      textArray(changed.map(({ key }) => key)),
      times("firstSeenAt"),
      times("lastSeenAt"),
      jsonArray(profiles),
    ],
  });
  for (const entity of changed) entity.stored = true;
}

function inOrder(one: Entity, other: Entity): number {
  if (one.kind !== other.kind) return one.kind < other.kind ? -1 : 1;
  return one.key < other.key ? -1 : 1;
}

/** As PostgreSQL takes it, whose JSON holds neither U+0000 nor half a surrogate pair: a text that a facet cut may end in one. */
export function profileText(profile: Record<string, unknown>): string {
  const text = JSON.stringify(profile);
  return /\\u(?:0000|d[89a-f])/i.test(text) ? text.replace(/\\u(?:0000|d[89a-f][0-9a-f]{2})/gi, "\\ufffd") : text;
}
