/**
 * Which of Okta's events count as a failed log-in. In the Identity Engine a password is a factor among others: a wrong
 * one is a failed `user.authentication.auth_via_mfa`, and mostly a failed `user.session.start` of the same request
 * beside it. A directory's agent that was asked tells of itself, too. One wrong password is one failed log-in.
 */
import type { JsonObject } from "../json.ts";
import { textAt } from "./document-line.ts";

const sessionStart = "user.session.start";
const byFactor = "user.authentication.auth_via_mfa";
const mostAttempts = 10_000; // that are remembered; their events lie some milliseconds apart

const outcomes = new Map([
  ["SUCCESS", "SUCCESS"],
  ["ALLOW", "SUCCESS"],
  ["FAILURE", "FAILURE"],
  ["DENY", "FAILURE"],
]);

/** How it ended, as events have it. */
export function outcomeOf(record: JsonObject): string {
  return outcomes.get(textAt(record, "outcome", "result") ?? "") ?? "UNKNOWN";
}

/** A password that was wrong, told as a factor that failed. */
export function isWrongPassword(record: JsonObject): boolean {
  if (textAt(record, "eventType") !== byFactor || outcomeOf(record) !== "FAILURE") return false;
  return textAt(record, "debugContext", "debugData", "factor")?.toUpperCase() === "PASSWORD_AS_FACTOR";
}

function isFailedLogIn(record: JsonObject): boolean {
  const type = textAt(record, "eventType") ?? "";
  if (type === byFactor) return isWrongPassword(record);
  const isLogIn = type === sessionStart || type.startsWith("user.authentication.auth_via_");
  return isLogIn && outcomeOf(record) === "FAILURE";
}

/** The request and whom it is about; undefined: Okta does not say which request. */
function attemptOf(record: JsonObject): string | undefined {
  const transaction = textAt(record, "transaction", "id");
  const isKnown = transaction !== undefined && transaction.toLowerCase() !== "unknown";
  const request = isKnown ? transaction : textAt(record, "debugContext", "debugData", "requestId");
  const user = textAt(record, "actor", "alternateId") ?? textAt(record, "actor", "id");
  return request && `${request} ${user?.toLowerCase()}`;
}

/** Failed log-ins of a file, which are told of in any order. */
export class OktaAttempts {
  /** Attempt -> the type of the event that counts. */
  #counted = new Map<string, string>();

  /** Of a page, the starts of sessions count: they are what a log-in is without the Identity Engine, too. */
  expect(page: readonly JsonObject[]): void {
    for (const record of page) if (textAt(record, "eventType") === sessionStart) this.repeats(record);
  }

  /** True if another event tells of the same failed log-in, and counts. */
  repeats(record: JsonObject): boolean {
    const attempt = isFailedLogIn(record) ? attemptOf(record) : undefined;
    if (attempt === undefined) return false;
    const type = textAt(record, "eventType") as string;
    const counted = this.#counted.get(attempt);
    if (counted !== undefined) return counted !== type;
    if (this.#counted.size >= mostAttempts) this.#counted.delete(this.#counted.keys().next().value as string);
    this.#counted.set(attempt, type);
    return false;
  }
}
