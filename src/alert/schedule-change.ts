/** Making, changing and removing on-call schedules, what takes precedence over them, and the links of their calendars. */
import { v7 as uuidv7 } from "uuid";
import type { Tx } from "../db.ts";
import { checkRevision, VigilError } from "../errors.ts";
import type { Layer } from "./on-call.ts";
import { checkLayerUsers, checkSchedule, type ScheduleChange, usersAmong } from "./schedule-check.ts";
import { refuseTakenName } from "./taken-name.ts";

const mostSchedules = 100;
const mostOverrides = 500; // of a schedule that have not ended
const longestOverride = 90 * 86_400_000; // ms

const refuse = (message: string, ...path: string[]): VigilError => new VigilError("BAD_USER_INPUT", message, { path });
const unknown = (path = ["id"]): VigilError =>
  new VigilError("NOT_FOUND", "There is no such on-call schedule.", { path });

/** Answers its id. Errors: BAD_USER_INPUT, CONFLICT. */
export async function createSchedule(
  tx: Tx,
  given: { name: string; timeZone: string; layers: readonly Layer[] },
  now: number,
): Promise<string> {
  checkSchedule(given);
  await checkLayerUsers(tx, given.layers);
  const id = uuidv7({ msecs: now });
  await refuseTakenName(tx, "on_call_schedules", { id, name: given.name });
  const { rowCount } = await tx.query(
    `INSERT INTO on_call_schedules (organization_id, id, name, time_zone, layers, created_at, updated_at)
     SELECT $1, $2, $3, $4, $5, $6, $6 WHERE (SELECT count(*) FROM on_call_schedules WHERE organization_id = $1) < ${mostSchedules}
     ON CONFLICT (organization_id, name) DO NOTHING`,
    [tx.organizationId, id, given.name.trim(), given.timeZone, JSON.stringify(given.layers), new Date(now)],
  );
  if (rowCount === 1) return id;
  throw new VigilError("CONFLICT", `There are ${mostSchedules} schedules already, or one of that name.`, {
    path: ["input"],
  });
}

/** What is not given stays. Errors: NOT_FOUND, CONFLICT, BAD_USER_INPUT. */
export async function updateSchedule(
  tx: Tx,
  { id, expectedRevision, ...given }: ScheduleChange & { id: string; expectedRevision?: number | undefined },
  now: number,
): Promise<void> {
  checkSchedule(given);
  const { rows } = await tx.query<{ revision: number }>(
    "SELECT revision FROM on_call_schedules WHERE organization_id = $1 AND id = $2 FOR UPDATE",
    [tx.organizationId, id],
  );
  if (!rows[0]) throw unknown();
  checkRevision("The schedule", rows[0].revision, expectedRevision);
  await checkLayerUsers(tx, given.layers ?? []);
  await refuseTakenName(tx, "on_call_schedules", { id, name: given.name });
  await tx.query(
    `UPDATE on_call_schedules SET name = coalesce($3, name), time_zone = coalesce($4, time_zone), layers = coalesce($5, layers),
       revision = revision + 1, updated_at = $6 WHERE organization_id = $1 AND id = $2`,
    [
      tx.organizationId,
      id,
      given.name?.trim(),
      given.timeZone,
      given.layers && JSON.stringify(given.layers),
      new Date(now),
    ],
  );
}

/** With its overrides. Errors: NOT_FOUND, CONFLICT (a policy tells whoever is on call by it). */
export async function deleteSchedule(tx: Tx, id: string): Promise<void> {
  const { rows } = await tx.query("SELECT FROM on_call_schedules WHERE organization_id = $1 AND id = $2 FOR UPDATE", [
    tx.organizationId,
    id,
  ]);
  if (rows.length === 0) throw unknown();
  const { rows: policies } = await tx.query<{ name: string }>(
    "SELECT name FROM escalation_policies WHERE organization_id = $1 AND removed_at IS NULL AND steps @> $2 LIMIT 1",
    [tx.organizationId, JSON.stringify([{ tell: [{ kind: "SCHEDULE", id }] }])],
  );
  if (policies[0]) {
    const message = `The escalation policy ${policies[0].name} tells whoever is on call by it: change that first.`;
    throw new VigilError("CONFLICT", message, { path: ["id"] });
  }
  await tx.query("DELETE FROM on_call_schedules WHERE organization_id = $1 AND id = $2", [tx.organizationId, id]);
}

/** One person in the place of whoever would be on call. Answers its id. Errors: NOT_FOUND, BAD_USER_INPUT, CONFLICT. */
export async function createOverride(
  tx: Tx,
  given: { scheduleId: string; userId: string; startsAt: Date; endsAt: Date },
  { author, now }: { author: string; now: number },
): Promise<string> {
  const { scheduleId, userId, startsAt, endsAt } = given;
  if (endsAt <= startsAt) throw refuse("It ends after it starts.", "input", "endsAt");
  if (endsAt.getTime() <= now) throw refuse("It would have ended already.", "input", "endsAt");
  if (endsAt.getTime() - startsAt.getTime() > longestOverride)
    throw refuse("It lasts 90 days at most: change the schedule for longer.", "input", "endsAt");
  const { rows } = await tx.query("SELECT FROM on_call_schedules WHERE organization_id = $1 AND id = $2 FOR UPDATE", [
    tx.organizationId,
    scheduleId,
  ]);
  if (rows.length === 0) throw unknown(["input", "scheduleId"]);
  if (!(await usersAmong(tx, [userId])).has(userId)) throw refuse("There is no such user.", "input", "userId");
  const id = uuidv7({ msecs: now });
  const { rowCount } = await tx.query(
    `INSERT INTO on_call_overrides (organization_id, id, schedule_id, user_id, starts_at, ends_at, author, created_at)
     SELECT $1, $2, $3, $4, $5, $6, $7, $8
     WHERE (SELECT count(*) FROM on_call_overrides WHERE organization_id = $1 AND schedule_id = $3 AND ends_at > $8) < ${mostOverrides}`,
    [tx.organizationId, id, scheduleId, userId, startsAt, endsAt, author, new Date(now)],
  );
  if (rowCount === 1) return id;
  throw new VigilError("CONFLICT", `There are ${mostOverrides} overrides ahead already.`, { path: ["input"] });
}

/** Answers the schedule's id. Errors: NOT_FOUND. */
export async function deleteOverride(tx: Tx, id: string): Promise<string> {
  const { rows } = await tx.query<{ schedule_id: string }>(
    "DELETE FROM on_call_overrides WHERE organization_id = $1 AND id = $2 RETURNING schedule_id",
    [tx.organizationId, id],
  );
  if (rows[0]) return rows[0].schedule_id;
  throw new VigilError("NOT_FOUND", "There is no such override.", { path: ["id"] });
}

/**
 * Voids every link to the schedule's calendar. `renewed`: answers the number that the next link is made of; otherwise
 * there is none any more. Links never come back, since numbers only grow. Errors: NOT_FOUND.
 */
export async function voidCalendarLinks(tx: Tx, id: string, renewed: boolean): Promise<number> {
  const { rows } = await tx.query<{ calendar_revision: number }>(
    `UPDATE on_call_schedules SET calendar_revision = CASE WHEN $3 THEN abs(calendar_revision) + 1 ELSE -abs(calendar_revision) END
     WHERE organization_id = $1 AND id = $2 RETURNING calendar_revision`,
    [tx.organizationId, id, renewed],
  );
  if (rows[0]) return rows[0].calendar_revision;
  throw unknown();
}
