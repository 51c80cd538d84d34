import { guardedFetch } from "../outbound/guarded-fetch.ts";
import type { Checkpoint } from "./checkpoint.ts";
import type { AuditKey } from "./key.ts";

/** Sends a checkpoint to the operator's own address, signed as Standard Webhooks 1.0.0 has it for Ed25519 (v1a). */
export async function sendCheckpoint(url: string, key: AuditKey, checkpoint: Checkpoint, now: number): Promise<void> {
  const id = `audit_${checkpoint.organization}_${checkpoint.seq}`;
  const timestamp = Math.floor(now / 1000);
  const body = JSON.stringify(checkpoint);
  const answer = await guardedFetch(url, {
    allowPrivate: true, // the operator's own word, not an organization's
    headers: {
      "content-type": "application/json",
      "webhook-id": id,
      "webhook-timestamp": String(timestamp),
      "webhook-signature": `v1a,${key.sign(`${id}.${timestamp}.${body}`).toString("base64")}`,
    },
    body,
  });
  if (!answer.ok) throw new Error(answer.detail);
  if (answer.status < 200 || answer.status > 299) throw new Error(`it answered ${answer.status}`);
}
