/** Whether an on-call schedule can be: its shape, and that its people are there. */
import { isTimeZone } from "../access/organization.ts";
import type { Tx } from "../db.ts";
import { VigilError } from "../errors.ts";
import { minutesOf } from "./local-time.ts";
import { checkHours } from "./mute-times.ts";
import type { Layer } from "./on-call.ts";

export interface ScheduleChange {
  name?: string | undefined;
  timeZone?: string | undefined;
  layers?: readonly Layer[] | undefined;
}

const mostLayers = 20;
const mostUsers = 100; // of a layer
const mostHours = 100; // of all layers: each is asked of each moment at which any of them begins or ends, for months
const longestTurn = 90; // days

function bad(message: string, ...path: (string | number)[]): never {
  throw new VigilError("BAD_USER_INPUT", message, { path: ["input", ...path.map(String)] });
}

/** Errors: BAD_USER_INPUT, with the place. */
export function checkSchedule({ name, timeZone, layers }: ScheduleChange): void {
  if (name !== undefined && !/^[^\0]{1,200}$/.test(name.trim())) bad("A name has 1 to 200 characters.", "name");
  if (timeZone !== undefined && !isTimeZone(timeZone))
    bad(`There is no time zone ${JSON.stringify(timeZone.slice(0, 50))}: it is e.g. America/Chicago.`, "timeZone");
  if (!layers) return;
  if (layers.length < 1 || layers.length > mostLayers) bad(`A schedule has 1 to ${mostLayers} layers.`, "layers");
  const hours = layers.reduce((sum, layer) => sum + layer.hours.length, 0);
  if (hours > mostHours) bad(`The layers have at most ${mostHours} hours together, not ${hours}.`, "layers");
  layers.forEach((layer, index) => {
    const at = (field: string): (string | number)[] => ["layers", index, field];
    const { users, startsOn, handOver, turnDays } = layer;
    if (!/^[^\0]{1,100}$/.test(layer.name.trim())) bad("A layer's name has 1 to 100 characters.", ...at("name"));
    if (users.length < 1 || users.length > mostUsers)
      bad(`A layer has 1 to ${mostUsers} people who take turns.`, ...at("userIds"));
    if (!/^\d{4}-\d\d-\d\d$/.test(startsOn) || Number.isNaN(Date.parse(`${startsOn}T00:00:00Z`)))
      bad("A date is YYYY-MM-DD.", ...at("startsOn"));
    if (minutesOf(handOver) === undefined) bad("A time is HH:MM.", ...at("handOver"));
    if (!(Number.isInteger(turnDays) && turnDays >= 1 && turnDays <= longestTurn))
      bad(`A turn lasts 1 to ${longestTurn} days.`, ...at("turnDays"));
    for (const [n, one] of layer.hours.entries()) checkHours(one, ["input", ...at("hours"), n].map(String));
  });
}

/** Errors: BAD_USER_INPUT (no such user), with the place. */
export async function checkLayerUsers(tx: Tx, layers: readonly Layer[]): Promise<void> {
  const known = await usersAmong(
    tx,
    layers.flatMap(({ users }) => users),
  );
  layers.forEach(({ users }, index) => {
    users.forEach((user, n) => {
      if (!known.has(user)) bad("There is no such user.", "layers", index, "userIds", n);
    });
  });
}

/** Those of the ids that are users of the organization. */
export async function usersAmong(tx: Tx, ids: readonly string[]): Promise<Set<string>> {
  const { rows } = await tx.query<{ id: string }>(
    "SELECT id FROM users WHERE organization_id = $1 AND id = ANY ($2::uuid[])",
    [tx.organizationId, ids],
  );
  return new Set(rows.map(({ id }) => id));
}
