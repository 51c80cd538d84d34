import { isSuccess } from "./deeds.ts";
import { ofEvent } from "./of-event.ts";

/** Looking, being let in, and what people set for themselves. */
const harmless =
  /(?:^|[-_. :/])(?:read|list|view|get|search|check|checked|allowed|accessed|access(?=$|[-_. :/](?:log|granted))|denied|evaluate|preferences?|profile(?=$|[-_. :/](?:updat|chang|edit))|theme|locale|language|notifications?)(?:$|[-_. :/])/i;
/** What calls itself administration is, whatever its category, and looking at it too. */
const administration = /^(?:admin|administrat\w+|superuser|sudo|impersonat\w*)[-_.:/ ]/i;
const longest = 60; // characters

/** The privileged action of an event: it changed what others may do or how the application works, or is one of administration. */
export const privilegeOf = ofEvent((event): string | undefined => {
  const { category, action } = event;
  if (!isSuccess(event)) return undefined;
  const changes = (category === "AUTHORIZATION" || category === "CONFIGURATION") && !harmless.test(action);
  return changes || administration.test(action) ? action.toLowerCase().slice(0, longest) : undefined;
});
