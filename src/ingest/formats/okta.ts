/** Okta's System Log (developer.okta.com/docs/api/openapi/okta-management/management/tag/SystemLog). */
import { canonicalAddress } from "../address.ts";
import type { JsonObject } from "../json.ts";
import { parseTime } from "../time.ts";
import { documentLineParser, textAt } from "./document-line.ts";
import type { LogFormat } from "./format.ts";

const outcomes = new Map([
  ["SUCCESS", "SUCCESS"],
  ["ALLOW", "SUCCESS"],
  ["FAILURE", "FAILURE"],
  ["DENY", "FAILURE"],
]);

/** By the beginning of the event's type, the longest that fits first. */
const categories: readonly [string, string][] = [
  ["user.authentication.", "AUTHENTICATION"],
  ["user.session.", "AUTHENTICATION"],
  ["user.mfa.", "AUTHENTICATION"],
  ["user.account.privilege", "AUTHORIZATION"],
  ["group.privilege", "AUTHORIZATION"],
  ["group.user_membership", "AUTHORIZATION"],
  ["application.user_membership", "AUTHORIZATION"],
  ["policy.", "CONFIGURATION"],
  ["system.", "CONFIGURATION"],
  ["user.", "CONFIGURATION"],
];

/** The text at a path of keys; what Okta does not know, such as who has a mistyped name, it calls "unknown". */
function knownAt(record: JsonObject, ...path: string[]): string | undefined {
  const text = textAt(record, ...path);
  return text?.toLowerCase() === "unknown" ? undefined : text;
}

export function oktaMeaning(record: JsonObject): JsonObject {
  const type = textAt(record, "eventType") ?? "okta";
  const client = record.client as JsonObject | undefined;
  const [target] = Array.isArray(record.target) ? (record.target as unknown[]) : [];
  const login = knownAt(record, "actor", "alternateId"); // as it was typed, where nobody has it
  return {
    id: textAt(record, "uuid"),
    time: parseTime(record.published),
    logsource: { product: "okta", service: "okta" },
    action: type,
    category: categories.find(([beginning]) => type.startsWith(beginning))?.[1] ?? "OTHER",
    outcome: outcomes.get(textAt(record, "outcome", "result") ?? "") ?? "UNKNOWN",
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
  parser: (options) => documentLineParser(oktaMeaning, "events", options),
};
