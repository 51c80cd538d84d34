/** The detectors of who, where and when. */
import { dormantAccount } from "../../../src/detect/behaviour/detectors/dormant-account.ts";
import { firstPrivilege } from "../../../src/detect/behaviour/detectors/first-privilege.ts";
import { impossibleTravel } from "../../../src/detect/behaviour/detectors/impossible-travel.ts";
import { newCountry } from "../../../src/detect/behaviour/detectors/new-country.ts";
import { newDevice } from "../../../src/detect/behaviour/detectors/new-device.ts";
import { newNetwork } from "../../../src/detect/behaviour/detectors/new-network.ts";
import { sensitiveDeedElsewhere } from "../../../src/detect/behaviour/detectors/sensitive-deed-elsewhere.ts";
import { serviceAccountNewPlace } from "../../../src/detect/behaviour/detectors/service-account-new-place.ts";
import { sessionMoved } from "../../../src/detect/behaviour/detectors/session-moved.ts";
import { slowSpraying } from "../../../src/detect/behaviour/detectors/slow-spraying.ts";
import { unusualHour } from "../../../src/detect/behaviour/detectors/unusual-hour.ts";
import type { AnyDetector } from "./drive.ts";

export const whoWhereWhen: readonly AnyDetector[] = [
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
];
