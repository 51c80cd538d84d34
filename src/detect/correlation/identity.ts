/** Deterministic ids: the same rule, group and event always give the same. */
import { createHash } from "node:crypto";
import { v5 as uuidv5 } from "uuid";

const namespace = "7f1f1f0e-6a0b-4a57-9a0e-5d6f0c9b8a11"; // Vigil's detections; changing it changes every id

/** What incidents are gathered by. */
export function fingerprintOf(ruleId: string, group: string): string {
  return createHash("sha256").update(`${ruleId}\n${group}`).digest("hex").slice(0, 32);
}

export function detectionId(ruleId: string, fingerprint: string, firstEventId: string): string {
  return uuidv5(`${ruleId}\n${fingerprint}\n${firstEventId}`, namespace);
}
