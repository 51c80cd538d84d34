/** How a person wants to be told: a number for SMS, quiet hours, time zone and language. */
import { audit } from "../access/audit.ts";
import { isTimeZone } from "../access/organization.ts";
import type { Tx } from "../db.ts";
import { VigilError } from "../errors.ts";
import { checkHours, type Hours } from "./mute-times.ts";
import { isCode, isNumber, keepNumbers, type NumberVault } from "./numbers.ts";
import { forgetBad } from "./record.ts";

export interface Contact {
  /** E.164, or the code of the number that is there; null: none. */
  phone: string | null;
  quietHours: readonly Hours[];
  /** IANA; null: the organization's. */
  timeZone: string | null;
  /** A language tag; null: the organization's. */
  locale: string | null;
}

export type ContactChange = { [Key in keyof Contact]?: Contact[Key] | undefined };

const mostHours = 20;

function bad(message: string, path: string): never {
  throw new VigilError("BAD_USER_INPUT", message, { path: ["input", path] });
}

function check({ phone, quietHours, timeZone, locale }: ContactChange): void {
  if (phone != null && !isNumber(phone) && !isCode(phone)) bad("A number is written as +15125550100 (E.164).", "phone");
  if (timeZone != null && !isTimeZone(timeZone))
    bad(`There is no time zone ${JSON.stringify(timeZone.slice(0, 50))}: it is e.g. America/Chicago.`, "timeZone");
  if (locale != null && !/^[a-z]{2,3}(-[A-Z]{2})?$/.test(locale))
    bad("A locale is a language tag such as en or de-AT.", "locale");
  if (!quietHours) return;
  if (quietHours.length > mostHours) bad(`At most ${mostHours} quiet hours.`, "quietHours");
  for (const [index, hours] of quietHours.entries()) checkHours(hours, ["input", "quietHours", String(index)]);
}

/**
 * What is not given stays. A number that a provider has given up is tried again when its owner gives it once more. The
 * audit log says what changed, not what it was changed to. Errors: NOT_FOUND, BAD_USER_INPUT.
 */
export async function changeContact(
  tx: Tx,
  userId: string,
  given: ContactChange,
  { actor, vault, now }: { actor: string; vault: NumberVault; now: number },
): Promise<void> {
  check(given);
  const [phone] = given.phone
    ? await keepNumbers(tx, vault, [given.phone], { now, path: ["input", "phone"] })
    : [given.phone];
  const columns: [string, unknown][] = [
    ["phone", phone],
    ["quiet_hours", given.quietHours && JSON.stringify(given.quietHours)],
    ["time_zone", given.timeZone],
    ["locale", given.locale],
  ];
  const set = columns.filter(([, value]) => value !== undefined);
  const text =
    set.length === 0
      ? "SELECT FROM users WHERE organization_id = $1 AND id = $2"
      : `UPDATE users SET ${set.map(([column], index) => `${column} = $${index + 3}`).join(", ")}
         WHERE organization_id = $1 AND id = $2`;
  const { rowCount } = await tx.query(text, [tx.organizationId, userId, ...set.map(([, value]) => value)]);
  if (rowCount !== 1) throw new VigilError("NOT_FOUND", "There is no such user.", { path: ["id"] });
  if (phone) await forgetBad(tx, "SMS", [phone]);
  const changed = Object.keys(given).filter((key) => given[key as keyof Contact] !== undefined);
  const entry = { actor, action: "USER_CONTACT_CHANGED", entityKind: "User", entityId: userId };
  await audit(tx, { ...entry, detail: { changed } });
}
