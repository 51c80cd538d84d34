/** Every behaviour detector: one file and one line each. Its built-in rule, profiles and documentation follow from it. */
import type { BehaviourDetector } from "./behaviour-detector.ts";
import { dormantAccount } from "./detectors/dormant-account.ts";
import { exportVolume } from "./detectors/export-volume.ts";
import { firstPrivilege } from "./detectors/first-privilege.ts";
import { impossibleTravel } from "./detectors/impossible-travel.ts";
import { ingestAnomaly } from "./detectors/ingest-anomaly.ts";
import { massRecordAccess } from "./detectors/mass-record-access.ts";
import { newCountry } from "./detectors/new-country.ts";
import { newDevice } from "./detectors/new-device.ts";
import { newNetwork } from "./detectors/new-network.ts";
import { outsidePatients } from "./detectors/outside-patients.ts";
import { rareAction } from "./detectors/rare-action.ts";
import { sensitiveDeedElsewhere } from "./detectors/sensitive-deed-elsewhere.ts";
import { serviceAccountNewPlace } from "./detectors/service-account-new-place.ts";
import { sessionMoved } from "./detectors/session-moved.ts";
import { slowSpraying } from "./detectors/slow-spraying.ts";
import { snooping } from "./detectors/snooping.ts";
import { sourceSilent } from "./detectors/source-silent.ts";
import { unusualHour } from "./detectors/unusual-hour.ts";
import { unusualVolume } from "./detectors/unusual-volume.ts";

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
  slowSpraying,
  sensitiveDeedElsewhere,
  unusualVolume,
  exportVolume,
  rareAction,
  massRecordAccess,
  outsidePatients,
  snooping,
  sourceSilent,
  ingestAnomaly,
];

const byName = new Map<string, BehaviourDetector>(detectors.map((detector) => [detector.name, detector]));

export function detectorNamed(name: string): BehaviourDetector | undefined {
  return byName.get(name);
}
