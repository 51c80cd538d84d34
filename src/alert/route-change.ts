/** Making, changing and removing routes. A removed route stays in the ledger, under a name that is free again. */
import { v7 as uuidv7 } from "uuid";
import type { Tx } from "../db.ts";
import { checkRevision, VigilError } from "../errors.ts";
import { checkMatchers, type Matcher } from "./matcher.ts";
import { checkMuteTimes, type MuteTime } from "./mute-times.ts";
import { groupFields } from "./route.ts";
import { refuseTakenName } from "./taken-name.ts";
import { holdTemplates, refuseUncarried } from "./template-carries.ts";

export interface RouteChange {
  name?: string | undefined;
  parentId?: string | null | undefined;
  position?: number | undefined;
  matchers?: readonly Matcher[] | undefined;
  goesOn?: boolean | undefined;
  groupBy?: readonly string[] | undefined;
  /** Seconds; null: as its parent. */
  groupWaitS?: number | null | undefined;
  groupIntervalS?: number | null | undefined;
  repeatIntervalS?: number | null | undefined;
  muteTimes?: readonly MuteTime[] | undefined;
  tellsResolved?: boolean | undefined;
  escalationPolicyId?: string | null | undefined;
  channelIds?: readonly string[] | undefined;
  /** The name of the templates by which its messages are worded; null: Vigil's own words. */
  template?: string | null | undefined;
}

const mostRoutes = 200;
const mostChannels = 20;
const longest = 7 * 86_400; // seconds

function bad(message: string, ...path: string[]): never {
  throw new VigilError("BAD_USER_INPUT", message, { path: ["input", ...path] });
}

function check(given: RouteChange): void {
  const { name, position, matchers, groupBy, muteTimes, channelIds } = given;
  if (name !== undefined && !/^[^\0]{1,200}$/.test(name.trim())) bad("A name has 1 to 200 characters.", "name");
  if (position !== undefined && !(Number.isInteger(position) && position >= 0 && position <= 1_000_000))
    bad("A position is 0 to 1,000,000.", "position");
  if (matchers && matchers.length > 0) checkMatchers(matchers);
  for (const [index, field] of (groupBy ?? []).entries()) {
    if (!(groupFields as readonly string[]).includes(field))
      bad(`There is no field ${JSON.stringify(field)}: use ${groupFields.join(", ")}.`, "groupBy", String(index));
  }
  for (const [field, least] of [
    ["groupWaitS", 0],
    ["groupIntervalS", 0],
    ["repeatIntervalS", 60],
  ] as const) {
    const value = given[field];
    if (value != null && !(Number.isInteger(value) && value >= least && value <= longest))
      bad(`Whole seconds from ${least} to 7 days.`, `${field.slice(0, -1)}Seconds`);
  }
  if (muteTimes) checkMuteTimes(muteTimes, ["input", "muteTimes"]);
  if (channelIds && channelIds.length > mostChannels) bad(`At most ${mostChannels} channels.`, "channelIds");
}

/** What a route names is there, and it is not below itself. */
async function checkNamed(tx: Tx, id: string, given: RouteChange): Promise<void> {
  const { parentId, escalationPolicyId, channelIds = [] } = given;
  const { rows } = await tx.query<{ channels: string[]; policy: boolean; parent: boolean; below: boolean }>(
    `WITH RECURSIVE up AS (
       SELECT id, parent_id FROM alert_routes WHERE organization_id = $1 AND id = $2 AND removed_at IS NULL
       UNION SELECT r.id, r.parent_id FROM up JOIN alert_routes r ON r.organization_id = $1 AND r.id = up.parent_id)
     SELECT ARRAY(SELECT id FROM alert_channels WHERE organization_id = $1 AND id = ANY ($3) AND removed_at IS NULL) AS channels,
       EXISTS (SELECT FROM escalation_policies WHERE organization_id = $1 AND id = $4 AND removed_at IS NULL) AS policy,
       EXISTS (SELECT FROM up) AS parent, EXISTS (SELECT FROM up WHERE id = $5) AS below`,
    [tx.organizationId, parentId ?? null, channelIds, escalationPolicyId ?? null, id],
  );
  const found = rows[0] as NonNullable<(typeof rows)[0]>;
  channelIds.forEach((channel, index) => {
    if (!found.channels.includes(channel)) bad("There is no such channel.", "channelIds", String(index));
  });
  if (escalationPolicyId && !found.policy) bad("There is no such escalation policy.", "escalationPolicyId");
  if (parentId && !found.parent) bad("There is no such route.", "parentId");
  if (parentId && found.below) bad("A route cannot be below itself.", "parentId");
}

/** The tree changes one at a time: two changes that are right each could make a circle together. */
async function lockTree(tx: Tx): Promise<void> {
  await tx.query("SELECT pg_advisory_xact_lock(hashtextextended('vigil.alert-routes:' || $1, 0))", [tx.organizationId]);
}

/** Errors: BAD_USER_INPUT, CONFLICT. */
export async function createRoute(tx: Tx, given: RouteChange & { name: string }, now: number): Promise<string> {
  check(given);
  await lockTree(tx);
  const id = uuidv7({ msecs: now });
  await checkNamed(tx, id, given);
  await refuseTakenName(tx, "alert_routes", { id, name: given.name });
  const { rowCount } = await tx.query(
    `INSERT INTO alert_routes (organization_id, id, name, parent_id, position, matchers, goes_on, group_by, group_wait_s, group_interval_s,
       repeat_interval_s, mute_times, tells_resolved, escalation_policy_id, created_at, updated_at)
     SELECT $1, $2, $3, $4::uuid, coalesce($5, 10 + (SELECT coalesce(max(position), 0) FROM alert_routes
         WHERE organization_id = $1 AND removed_at IS NULL AND parent_id IS NOT DISTINCT FROM $4::uuid)),
       $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $15
     WHERE (SELECT count(*) FROM alert_routes WHERE organization_id = $1 AND removed_at IS NULL) < ${mostRoutes}`,
    [
      tx.organizationId,
      id,
      given.name.trim(),
      given.parentId ?? null,
      given.position ?? null,
      JSON.stringify(given.matchers ?? []),
      given.goesOn ?? false,
      given.groupBy ?? [],
      given.groupWaitS ?? null,
      given.groupIntervalS ?? null,
      given.repeatIntervalS ?? null,
      JSON.stringify(given.muteTimes ?? []),
      given.tellsResolved ?? true,
      given.escalationPolicyId ?? null,
      new Date(now),
    ],
  );
  if (rowCount !== 1) throw new VigilError("CONFLICT", `There are ${mostRoutes} routes already.`, { path: ["input"] });
  await setChannels(tx, id, given.channelIds ?? []);
  if (given.template != null) await setTemplate(tx, id, given.template, true);
  return id;
}

async function setChannels(tx: Tx, id: string, channelIds: readonly string[]): Promise<void> {
  const values = [tx.organizationId, id, channelIds];
  await tx.query(
    "DELETE FROM alert_route_channels WHERE organization_id = $1 AND route_id = $2 AND channel_id <> ALL ($3)",
    values,
  );
  await tx.query(
    `INSERT INTO alert_route_channels (organization_id, route_id, channel_id) SELECT $1, $2, unnest($3::uuid[])
     ON CONFLICT DO NOTHING`,
    values,
  );
}

/** The name of the templates that word its messages; null: none do. */
async function templateOf(tx: Tx, id: string): Promise<string | null> {
  const { rows } = await tx.query<{ name: string | null }>(
    `SELECT min(t.name) AS name FROM alert_route_channels rc JOIN alert_templates t ON t.organization_id = $1 AND t.id = rc.template_id
     WHERE rc.organization_id = $1 AND rc.route_id = $2`,
    [tx.organizationId, id],
  );
  return rows[0]?.name ?? null;
}

/** Each channel is worded by the template of the name and its own kind; a channel for whose kind there is none, by Vigil. */
async function setTemplate(tx: Tx, id: string, name: string | null, isAsked: boolean): Promise<void> {
  await holdTemplates(tx);
  const { rows } = await tx.query<{ worded: boolean }>(
    `UPDATE alert_route_channels rc SET template_id = (SELECT t.id FROM alert_templates t
         WHERE t.organization_id = $1 AND t.name = $3 AND t.channel_kind = c.kind ORDER BY t.id LIMIT 1)
     FROM alert_channels c
     WHERE rc.organization_id = $1 AND rc.route_id = $2 AND c.organization_id = $1 AND c.id = rc.channel_id
     RETURNING rc.template_id IS NOT NULL AS worded`,
    [tx.organizationId, id, name],
  );
  if (isAsked && name !== null && !rows.some(({ worded }) => worded))
    bad("No template of that name is for the kind of any of its channels.", "template");
  await refuseUncarried(tx, ["input", isAsked ? "template" : "channelIds"]);
}

async function lock(tx: Tx, id: string, expectedRevision?: number): Promise<void> {
  await lockTree(tx);
  const { rows } = await tx.query<{ revision: number }>(
    "SELECT revision FROM alert_routes WHERE organization_id = $1 AND id = $2 AND removed_at IS NULL FOR UPDATE",
    [tx.organizationId, id],
  );
  const revision = rows[0]?.revision;
  if (revision === undefined) throw new VigilError("NOT_FOUND", "There is no such route.", { path: ["id"] });
  checkRevision("The route", revision, expectedRevision);
}

/** What is not given stays. Errors: NOT_FOUND, CONFLICT, BAD_USER_INPUT. */
export async function updateRoute(
  tx: Tx,
  { id, expectedRevision, ...given }: RouteChange & { id: string; expectedRevision?: number | undefined },
  now: number,
): Promise<void> {
  check(given);
  await lock(tx, id, expectedRevision);
  await checkNamed(tx, id, given);
  await refuseTakenName(tx, "alert_routes", { id, name: given.name });
  const columns: [string, unknown][] = [
    ["name", given.name?.trim()],
    ["parent_id", given.parentId],
    ["position", given.position],
    ["matchers", given.matchers && JSON.stringify(given.matchers)],
    ["goes_on", given.goesOn],
    ["group_by", given.groupBy],
    ["group_wait_s", given.groupWaitS],
    ["group_interval_s", given.groupIntervalS],
    ["repeat_interval_s", given.repeatIntervalS],
    ["mute_times", given.muteTimes && JSON.stringify(given.muteTimes)],
    ["tells_resolved", given.tellsResolved],
    ["escalation_policy_id", given.escalationPolicyId],
  ];
  const set = columns.filter(([, value]) => value !== undefined);
  await tx.query(
    `UPDATE alert_routes SET ${set.map(([column], index) => `${column} = $${index + 4}, `).join("")}
       revision = revision + 1, updated_at = $3 WHERE organization_id = $1 AND id = $2`,
    [tx.organizationId, id, new Date(now), ...set.map(([, value]) => value)],
  );
  if (!given.channelIds && given.template === undefined) return;
  const template = given.template === undefined ? await templateOf(tx, id) : given.template;
  if (given.channelIds) await setChannels(tx, id, given.channelIds);
  await setTemplate(tx, id, template, given.template !== undefined);
}

/** Errors: NOT_FOUND, CONFLICT (routes are below it). */
export async function deleteRoute(tx: Tx, id: string, now: number): Promise<void> {
  await lock(tx, id);
  const { rows } = await tx.query(
    "SELECT FROM alert_routes WHERE organization_id = $1 AND parent_id = $2 AND removed_at IS NULL LIMIT 1",
    [tx.organizationId, id],
  );
  if (rows.length > 0) throw new VigilError("CONFLICT", "Routes are below it: remove those first.", { path: ["id"] });
  await tx.query(
    `UPDATE alert_routes SET removed_at = $3, updated_at = $3, name = id::text, revision = revision + 1
     WHERE organization_id = $1 AND id = $2`,
    [tx.organizationId, id, new Date(now)],
  );
}
