import type { SecurityEvent } from "../../ingest/event.ts";
import { isSuccess } from "./deeds.ts";

/** Looking, being let in, and what people set for themselves. */
const harmless =
  /(?:^|[-_. :/])(?:read|list|view|get|search|check|checked|allowed|access|accessed|denied|evaluate|preferences?|profile|theme|locale|language|notifications?)(?:$|[-_. :/])/i;
const longest = 60; // characters

/** The privileged action of an event: it changed what others may do, or how the application works. */
export function privilegeOf(event: SecurityEvent): string | undefined {
  const { category, action } = event;
  if (!isSuccess(event) || (category !== "AUTHORIZATION" && category !== "CONFIGURATION")) return undefined;
  return harmless.test(action) ? undefined : action.toLowerCase().slice(0, longest);
}
