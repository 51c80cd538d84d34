/** The calendar of an on-call schedule behind a secret link, which stops working when it is renewed. */
import { parse, stringify } from "uuid";
import type { Tx } from "../db.ts";
import { VigilError } from "../errors.ts";
import type { TokenSigner } from "../secrets/signed-token.ts";
import { calendarOf } from "./calendar.ts";
import { onCallBetween } from "./on-call.ts";
import { readSchedules } from "./on-call-read.ts";

const purpose = "on-call calendar";
const day = 86_400_000; // ms
const [before, after] = [14 * day, 60 * day];
const margin = 35 * day; // looked at beyond, so that a shift at the edge is whole

export function calendarToken(
  signer: TokenSigner,
  { organizationId, scheduleId, revision }: { organizationId: string; scheduleId: string; revision: number },
): string {
  const number = Buffer.alloc(4);
  number.writeUInt32BE(revision);
  return signer.sign(purpose, Buffer.concat([parse(organizationId), parse(scheduleId), number]));
}

/** Whose calendar a token is of; undefined: it was not made here. Nothing is looked up. */
export function readCalendarToken(
  signer: TokenSigner,
  token: string,
): { organizationId: string; scheduleId: string; revision: number } | undefined {
  const content = signer.read(purpose, token);
  if (content?.length !== 36) return undefined;
  return {
    organizationId: stringify(content.subarray(0, 16)),
    scheduleId: stringify(content.subarray(16, 32)),
    revision: content.readUInt32BE(32),
  };
}

/** Two weeks back and 60 days ahead, as iCalendar. Errors: NOT_FOUND (the link was renewed, the schedule is gone). */
export async function readCalendar(tx: Tx, scheduleId: string, revision: number, now: number): Promise<string> {
  const range = { from: now - before - margin, to: now + after + margin };
  const [schedule] = await readSchedules(tx, [scheduleId], range);
  if (schedule?.calendarRevision !== revision)
    throw new VigilError("NOT_FOUND", "This calendar's link was renewed or withdrawn");
  const shifts = onCallBetween(schedule, schedule.overrides, range).filter(
    ({ from, to }) => to > now - before && from < now + after,
  );
  const { rows } = await tx.query<{ id: string; name: string }>(
    "SELECT id, name FROM users WHERE organization_id = $1 AND id = ANY ($2::uuid[])",
    [tx.organizationId, [...new Set(shifts.flatMap(({ userId }) => userId ?? []))]],
  );
  const names = new Map(rows.map(({ id, name }) => [id, name]));
  return calendarOf(schedule, shifts, (id) => names.get(id) ?? "Somebody");
}
