/** What an event says of the device: its id where the application gives one, and the family that its user agent speaks for. */
import type { SecurityEvent } from "../../ingest/event.ts";
import { truncate } from "../../ingest/text.ts";
import type { Surroundings } from "./facet.ts";
import { ofEvent } from "./of-event.ts";

/** Families have no versions, so an update of the browser is no new device. */
export const deviceFamily = ofEvent((event): string | undefined => {
  const agent = event.enrichment?.agent;
  if (!agent) return undefined;
  const { browser, os, device } = agent;
  const program = browser ?? os;
  if (program === undefined) return device === "OTHER" ? undefined : device.toLowerCase();
  return `${truncate(program, 24)}${browser && os ? ` on ${truncate(os, 24)}` : ""} (${device.toLowerCase()})`;
});

/** Disguised: an application may put into it what should not stand in a profile. */
export function deviceId(event: SecurityEvent, surroundings: Surroundings): string | undefined {
  return event.device === undefined || event.device === "" ? undefined : surroundings.disguise(event.device);
}
