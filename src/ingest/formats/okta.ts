/** Okta's System Log (developer.okta.com/docs/api/openapi/okta-management/management/tag/SystemLog). */
import { canonicalAddress } from "../../address.ts";
import type { JsonObject } from "../json.ts";
import { parseTime } from "../time.ts";
import { documentLineParser, textAt } from "./document-line.ts";
import type { LogFormat } from "./format.ts";
import { isWrongPassword, OktaAttempts, outcomeOf } from "./okta-log-in.ts";

/** By the beginning of the event's type, the longest that fits first. */
const categories: readonly [string, string][] = [
  ["user.authentication.", "AUTHENTICATION"],
  ["user.session.", "AUTHENTICATION"],
  ["user.mfa.", "AUTHENTICATION"],
  ["user.account.privilege", "AUTHORIZATION"],
  ["group.privilege", "AUTHORIZATION"],
  ["group.user_membership", "AUTHORIZATION"],
  ["application.user_membership", "AUTHORIZATION"],
  ["policy.evaluate", "OTHER"], // at each log-in; the next ones are Okta's own work
  ["policy.auth_reevaluate", "OTHER"],
  ["policy.", "CONFIGURATION"],
  ["system.email.", "OTHER"],
  ["system.import.", "OTHER"],
  ["system.operation.", "OTHER"],
  ["system.org.rate_limit.", "OTHER"],
  ["system.push.", "OTHER"],
  ["system.sms.", "OTHER"],
  ["system.voice.", "OTHER"],
  ["system.", "CONFIGURATION"],
  ["user.", "CONFIGURATION"],
];

/** The text at a path of keys; what Okta does not know, such as who has a mistyped name, it calls "unknown". */
function knownAt(record: JsonObject, ...path: string[]): string | undefined {
  const text = textAt(record, ...path);
  return text?.toLowerCase() === "unknown" ? undefined : text;
}

/** A wrong password is a failed log-in by whatever name, and what only repeats it a detail, as in the logs of sshd. */
function deedOf(record: JsonObject, type: string, isRepeated: boolean): { action: string; outcome: string } {
  if (isRepeated) return { action: "login.detail", outcome: "UNKNOWN" };
  return { action: isWrongPassword(record) ? "login" : type, outcome: outcomeOf(record) };
}

function oktaMeaning(record: JsonObject, isRepeated: boolean): JsonObject {
  const type = textAt(record, "eventType") ?? "okta";
  const client = record.client as JsonObject | undefined;
  const [target] = Array.isArray(record.target) ? (record.target as unknown[]) : [];
  const login = knownAt(record, "actor", "alternateId"); // as it was typed, where nobody has it
  return {
    id: textAt(record, "uuid"),
    time: parseTime(record.published),
    logsource: { product: "okta", service: "okta" },
    ...deedOf(record, type, isRepeated),
    category: categories.find(([beginning]) => type.startsWith(beginning))?.[1] ?? "OTHER",
    actor: {
      id: knownAt(record, "actor", "id"),
      name: login ?? knownAt(record, "actor", "displayName"), // a display name may be several people's
      email: login?.includes("@") ? login : undefined,
    },
    source: { ip: canonicalAddress(textAt(client, "ipAddress") ?? "") }, // its countries have names, ours have codes
    userAgent: textAt(client, "userAgent", "rawUserAgent"),
    sessionId: knownAt(record, "authenticationContext", "externalSessionId"),
    target: { type: textAt(target, "type"), id: textAt(target, "id"), name: textAt(target, "displayName") },
    message: textAt(record, "displayMessage"),
  };
}

export const okta: LogFormat = {
  name: "okta",
  description: "Okta's System Log, a page of its API or an event a line",
  longestLine: 52_428_800, // 50 MiB: a page of the API is one line
  parser: (options) => {
    const attempts = new OktaAttempts();
    const meaning = (record: JsonObject) => oktaMeaning(record, attempts.repeats(record));
    return documentLineParser(meaning, "events", options, (page) => attempts.expect(page));
  },
};
