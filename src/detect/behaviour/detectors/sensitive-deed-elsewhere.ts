import type { SecurityEvent } from "../../../ingest/event.ts";
import type { BehaviourDetector, Finding, ParametersOf, Seen } from "../behaviour-detector.ts";
import { changesAccess, isSuccess, takesOrDestroys } from "../deeds.ts";
import { deviceFamily, deviceId } from "../device-of.ts";
import { activity, hasLearned } from "../facets/activity.ts";
import { countries } from "../facets/countries.ts";
import { devices, stableIds } from "../facets/devices.ts";
import { known, knowsDevice } from "../facets/known.ts";
import { networks } from "../facets/networks.ts";
import { peerNetworks, portalNetworks } from "../facets/peers.ts";
import { isOfProgram, programs } from "../facets/programs.ts";
import { travel } from "../facets/travel.ts";
import { isKnown } from "../habit.ts";
import { learningOf, peersParameter } from "../parameters.ts";
import { privilegeOf } from "../privilege.ts";
import { newWay } from "./new-device.ts";

const parameters = {
  ...learningOf(14, 5),
  ...peersParameter("A network"),
  ignoredActions: {
    description: "Actions that are not sensitive here.",
    default: [] as readonly string[],
  },
} as const;

export const sensitiveDeedElsewhere: BehaviourDetector<typeof parameters> = {
  name: "sensitive_deed_elsewhere",
  title: "Sensitive deed from an unknown device and network",
  description:
    "With a device that the user is not known by, and over a network or from a place that is new for the user too, something was done that whoever takes an account over does next: a second factor, an e-mail address or a key changed, a privilege used, data exported or deleted. Not found: a new password, since people forget theirs with every new telephone; a mobile network in a usual country; accounts of programs.",
  severity: "HIGH",
  tags: ["attack.persistence", "attack.t1098", "attack.t1556.006", "attack.exfiltration"],
  falsepositives: ["A new telephone that is set up away from home"],
  learning:
    "14 days with activity on 5 of them, of each user. Until then nothing is found, and every device and network counts as the user's own.",
  parameters,
  facets: [devices, activity, networks, countries, travel, peerNetworks, portalNetworks, known, programs],
  concerns: (event) =>
    isSuccess(event) && (changesAccess(event) || takesOrDestroys(event) || privilegeOf(event) !== undefined),
  judge,
};

function judge(event: SecurityEvent, seen: Seen, asked: ParametersOf<typeof parameters>): Finding | undefined {
  if (!isOtherDevice(event, seen) || knowsDevice(seen.facet(known), event)) return undefined;
  if (isOfProgram(event, seen)) return undefined;
  if (!hasLearned(seen.facet(activity), event.time, asked.learningDays, asked.learningActiveDays)) return undefined;
  if (asked.ignoredActions.some((each) => each.toLowerCase() === event.action.toLowerCase())) return undefined;
  const way = newWay(event, seen, asked.peers);
  if (!way) return undefined;
  const device = deviceFamily(event) ?? "its id is new";
  return {
    reason: `${event.action.slice(0, 60)} with a device that the user is not known by: ${device}, ${way.told}`,
  };
}

/** By its id where the user's devices have ids that last, else by its family; an event that tells neither tells nothing. */
function isOtherDevice(event: SecurityEvent, seen: Seen): boolean {
  const state = seen.facet(devices);
  if (!state) return false;
  const id = deviceId(event, seen);
  if (id !== undefined && stableIds(state)) return !isKnown(state.ids, id, event.time);
  const family = deviceFamily(event);
  return family !== undefined && state.families.seen.length > 0 && !isKnown(state.families, family, event.time);
}
