/** The detectors of how much and of whose data. */
import { exportVolume } from "../../../src/detect/behaviour/detectors/export-volume.ts";
import { ingestAnomaly } from "../../../src/detect/behaviour/detectors/ingest-anomaly.ts";
import { massRecordAccess } from "../../../src/detect/behaviour/detectors/mass-record-access.ts";
import { outsidePatients } from "../../../src/detect/behaviour/detectors/outside-patients.ts";
import { rareAction } from "../../../src/detect/behaviour/detectors/rare-action.ts";
import { snooping } from "../../../src/detect/behaviour/detectors/snooping.ts";
import { sourceSilent } from "../../../src/detect/behaviour/detectors/source-silent.ts";
import { unusualVolume } from "../../../src/detect/behaviour/detectors/unusual-volume.ts";
import type { AnyDetector } from "./drive.ts";

export const howMuch: readonly AnyDetector[] = [
  massRecordAccess,
  outsidePatients,
  snooping,
  unusualVolume,
  exportVolume,
  rareAction,
  sourceSilent,
  ingestAnomaly,
];
