/** Every behaviour detector: one file and one line each. Its built-in rule, profiles and documentation follow from it. */
import type { BehaviourDetector } from "./behaviour-detector.ts";
import { dormantAccount } from "./detectors/dormant-account.ts";
import { firstPrivilege } from "./detectors/first-privilege.ts";
import { impossibleTravel } from "./detectors/impossible-travel.ts";
import { newCountry } from "./detectors/new-country.ts";
import { newDevice } from "./detectors/new-device.ts";
import { newNetwork } from "./detectors/new-network.ts";
import { serviceAccountNewPlace } from "./detectors/service-account-new-place.ts";
import { sessionMoved } from "./detectors/session-moved.ts";
import { unusualHour } from "./detectors/unusual-hour.ts";

// biome-ignore lint/suspicious/noExplicitAny: detectors of every table of parameters
export const detectors: readonly BehaviourDetector<any>[] = [
  impossibleTravel,
  newCountry,
  newNetwork,
  newDevice,
  unusualHour,
  dormantAccount,
  serviceAccountNewPlace,
  firstPrivilege,
  sessionMoved,
];

const byName = new Map<string, BehaviourDetector>(detectors.map((detector) => [detector.name, detector]));

export function detectorNamed(name: string): BehaviourDetector | undefined {
  return byName.get(name);
}
