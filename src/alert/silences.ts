/** Silences keep alerts quiet for a time, never detections; each has an author, a reason and an end. */
import { v7 as uuidv7 } from "uuid";
import type { Tx } from "../db.ts";
import { VigilError } from "../errors.ts";
import { checkMatchers, type Matcher } from "./matcher.ts";

export interface SilenceDraft {
  matchers: readonly Matcher[];
  reason: string;
  /** Default: now. */
  startsAt?: Date | undefined;
  endsAt: Date;
}

/** Where a silence is in its life. */
export type SilenceState = "PENDING" | "ACTIVE" | "EXPIRED";

const longestReason = 2_000; // characters
const longestDays = 365;
const day = 86_400_000; // ms
const clocksDiffer = 300_000; // 5 minutes

/** Refuses a silence that could not be told from a fault: without an end, of the past, or without a reason. */
export function judgeSilence(draft: SilenceDraft, now: number): Required<SilenceDraft> {
  checkMatchers(draft.matchers);
  const refuse = (message: string, key: string): VigilError =>
    new VigilError("BAD_USER_INPUT", message, { path: ["input", key] });
  const reason = draft.reason.trim();
  if (reason === "" || reason.length > longestReason || reason.includes("\0")) {
    throw refuse(`Say why in 1 to ${longestReason} characters: whoever misses an alert reads it.`, "reason");
  }
  const startsAt = draft.startsAt ?? new Date(now);
  if (startsAt.getTime() < now - clocksDiffer) throw refuse("A silence starts now or later.", "startsAt");
  if (draft.endsAt <= startsAt) throw refuse("A silence ends after it starts.", "endsAt");
  if (draft.endsAt.getTime() <= now) throw refuse("It would have ended already.", "endsAt");
  if (draft.endsAt.getTime() > now + longestDays * day) {
    throw refuse(
      `A silence ends within ${longestDays} days; make an exception of the rule for what is never to be told.`,
      "endsAt",
    );
  }
  return { matchers: draft.matchers, reason, startsAt, endsAt: draft.endsAt };
}

/** Where it is at a moment; a silence ends when `endsAt` has come. */
export function silenceState({ startsAt, endsAt }: { startsAt: Date; endsAt: Date }, now: number): SilenceState {
  if (endsAt.getTime() <= now) return "EXPIRED";
  return startsAt.getTime() <= now ? "ACTIVE" : "PENDING";
}

/** Stores a silence; returns its id. Errors: BAD_USER_INPUT. */
export async function createSilence(tx: Tx, draft: SilenceDraft, by: { author: string; now: number }): Promise<string> {
  const { matchers, reason, startsAt, endsAt } = judgeSilence(draft, by.now);
  const id = uuidv7({ msecs: by.now });
  await tx.query(
    `INSERT INTO silences (organization_id, id, matchers, author, reason, starts_at, ends_at, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [tx.organizationId, id, JSON.stringify(matchers), by.author, reason, startsAt, endsAt, new Date(by.now)],
  );
  return id;
}

/** Ends a silence now; one that has not started never does. Errors: NOT_FOUND, CONFLICT (it has ended). */
export async function expireSilence(tx: Tx, id: string, by: { actor: string; now: number }): Promise<void> {
  const { rows } = await tx.query<{ ends_at: Date }>(
    "SELECT ends_at FROM silences WHERE organization_id = $1 AND id = $2 FOR UPDATE",
    [tx.organizationId, id],
  );
  const [silence] = rows;
  if (!silence) throw new VigilError("NOT_FOUND", "There is no such silence.", { path: ["id"] });
  if (silence.ends_at.getTime() <= by.now) {
    throw new VigilError("CONFLICT", `It ended at ${silence.ends_at.toISOString()}.`, { path: ["id"] });
  }
  const now = new Date(by.now);
  await tx.query(
    `UPDATE silences SET starts_at = least(starts_at, $3), ends_at = $3, expired_by = $4
     WHERE organization_id = $1 AND id = $2`,
    [tx.organizationId, id, now, by.actor],
  );
}
