/** The second factor of people who sign in with a browser: an authenticator application, and recovery codes for its loss. */
import { randomBytes } from "node:crypto";
import type { Database, Tx } from "../db.ts";
import { VigilError } from "../errors.ts";
import { audit } from "./audit.ts";
import { dropRecoveryCodes, makeRecoveryCodes, takeRecoveryCode } from "./recovery-codes.ts";
import { matchingStep, otpauthUri, toBase32 } from "./totp.ts";
import type { TotpRow, TotpSecrets } from "./totp-secret.ts";
import type { Viewer } from "./viewer.ts";

const secretSize = 20; // bytes, as RFC 4226 wants for SHA-1
const freeTries = 5; // wrong codes before the first wait
const firstWait = 60_000; // 1 minute, doubled with every wrong code more …
const longestWait = 86_400_000; // … up to a day

interface FactorRow extends TotpRow {
  confirmed_at: Date | null;
  last_step: string;
  failures: number;
  locked_until: Date | null;
}

const select = `
  SELECT sealed, sealed_secret, confirmed_at, last_step, failures, locked_until
  FROM second_factors WHERE organization_id = $1 AND user_id = $2 FOR UPDATE`;
const put = `
  INSERT INTO second_factors (organization_id, user_id, sealed, created_at) VALUES ($1, $2, $3, $4)
  ON CONFLICT (organization_id, user_id) DO UPDATE SET sealed = excluded.sealed, sealed_secret = NULL, created_at = excluded.created_at,
    last_step = 0 WHERE second_factors.confirmed_at IS NULL
  RETURNING user_id`;
const passed = `
  UPDATE second_factors SET failures = 0, locked_until = NULL, last_step = $3, confirmed_at = coalesce(confirmed_at, $4)
  WHERE organization_id = $1 AND user_id = $2`;
const failed = `
  UPDATE second_factors SET failures = $3, locked_until = $4 WHERE organization_id = $1 AND user_id = $2`;
const raise = "UPDATE sessions SET second_factor_at = $3 WHERE organization_id = $1 AND id = $2 AND ended_at IS NULL";

type Use = "CONFIRM" | "VERIFY" | "DISABLE";

/** Takes a user's second factor away, with its recovery codes; their sessions have given none then. */
export async function removeSecondFactor(tx: Tx, userId: string, actor: string): Promise<void> {
  const of = [tx.organizationId, userId];
  await dropRecoveryCodes(tx, userId);
  await tx.query("UPDATE sessions SET second_factor_at = NULL WHERE organization_id = $1 AND user_id = $2", of);
  const gone = await tx.query("DELETE FROM second_factors WHERE organization_id = $1 AND user_id = $2", of);
  if (gone.rowCount === 0) return;
  await audit(tx, { actor, action: "SECOND_FACTOR_REMOVED", entityKind: "User", entityId: userId });
}

export function createSecondFactor({ db, secrets, now }: { db: Database; secrets: TotpSecrets; now: () => number }) {
  /** Runs one use of a code. A wrong one is counted, and that is committed, before it is refused. */
  async function withCode<T>(viewer: Viewer, code: string, use: Use, then: (tx: Tx) => Promise<T>): Promise<T> {
    const sessionId = sessionOf(viewer);
    const done = await db.inOrganization(viewer.organizationId, async (tx) => {
      const [row] = (await tx.query<FactorRow>(select, [tx.organizationId, viewer.id])).rows;
      if (!row || (use !== "CONFIRM" && !row.confirmed_at))
        throw conflict("You have set up no authenticator: totpEnroll");
      if (use === "CONFIRM" && row.confirmed_at) throw conflict("Your authenticator is confirmed already");
      const at = now();
      if (row.locked_until && row.locked_until.getTime() > at) throw tooMany(row.locked_until.getTime() - at);
      const step = await acceptedStep(tx, viewer, row, code, use, at);
      const entry = { actor: viewer.name, entityKind: "User", entityId: viewer.id };
      if (step === undefined) {
        const failures = row.failures + 1;
        await tx.query(failed, [tx.organizationId, viewer.id, failures, lockedUntil(failures, at)]);
        await audit(tx, { ...entry, action: "SECOND_FACTOR_REFUSED", detail: { use, failures } });
        return undefined;
      }
      await tx.query(passed, [tx.organizationId, viewer.id, step, new Date(at)]);
      await tx.query(raise, [tx.organizationId, sessionId, new Date(at)]);
      const action = use === "CONFIRM" ? "SECOND_FACTOR_SET_UP" : "SECOND_FACTOR_GIVEN";
      await audit(tx, { ...entry, action, detail: { sessionId, recoveryCode: step === row.last_step } });
      return { value: await then(tx) };
    });
    if (done) return done.value;
    throw new VigilError("BAD_USER_INPUT", "This code is wrong, or was used already: wait for the next one", {
      path: ["input", "code"],
    });
  }

  /** The step of a good code; that of the last one for a good recovery code; undefined for any other. */
  async function acceptedStep(tx: Tx, viewer: Viewer, row: FactorRow, code: string, use: Use, at: number) {
    const typed = code.replace(/[\s-]/g, "").toUpperCase();
    if (/^\d{6}$/.test(typed)) {
      const secret = await secrets.open(tx, viewer.id, row);
      return matchingStep(secret, typed, at, Number(row.last_step))?.toString();
    }
    const isRecovery = use !== "CONFIRM" && /^[A-Z2-7]{16}$/.test(typed);
    return isRecovery && (await takeRecoveryCode(tx, viewer.id, typed, at)) ? row.last_step : undefined;
  }

  return {
    /** A new secret for an authenticator; it counts once it is confirmed. Errors: CONFLICT when there is a confirmed one. */
    async enroll(viewer: Viewer): Promise<{ secret: string; uri: string }> {
      sessionOf(viewer);
      const secret = randomBytes(secretSize);
      const { organizationId, id: userId, name } = viewer;
      await db.inOrganization(organizationId, async (tx) => {
        const sealed = await secrets.seal(tx, userId, secret);
        const made = await tx.query(put, [organizationId, userId, sealed, new Date(now())]);
        if (made.rowCount === 0) throw conflict("You have an authenticator already: totpDisable takes it away");
        await audit(tx, { actor: name, action: "SECOND_FACTOR_ENROLLED", entityKind: "User", entityId: userId });
      });
      return { secret: toBase32(secret), uri: otpauthUri(secret, name) };
    },
    /** Proves that the authenticator has the secret; answers the recovery codes, this once. */
    confirm: (viewer: Viewer, code: string): Promise<string[]> =>
      withCode(viewer, code, "CONFIRM", (tx) => makeRecoveryCodes(tx, viewer.id)),
    /** Gives the second factor in the viewer's session. */
    verify: (viewer: Viewer, code: string): Promise<void> => withCode(viewer, code, "VERIFY", async () => undefined),
    /** Takes the second factor away, for which it is needed once more. */
    disable: (viewer: Viewer, code: string): Promise<void> =>
      withCode(viewer, code, "DISABLE", (tx) => removeSecondFactor(tx, viewer.id, viewer.name)),
  };
}

function sessionOf({ sessionId }: Viewer): string {
  if (sessionId !== undefined) return sessionId;
  const message =
    "A second factor belongs to a session: sign in with a browser, or with two factors at your identity provider";
  throw new VigilError("FORBIDDEN", message);
}

function lockedUntil(failures: number, at: number): Date | null {
  if (failures < freeTries) return null;
  return new Date(at + Math.min(longestWait, firstWait * 2 ** Math.min(failures - freeTries, 20)));
}

function tooMany(ms: number): VigilError {
  const retryAfterSeconds = Math.ceil(ms / 1000);
  return new VigilError("RATE_LIMITED", `Too many wrong codes: try again in ${retryAfterSeconds} seconds`, {
    detail: { retryAfterSeconds },
  });
}

function conflict(message: string): VigilError {
  return new VigilError("CONFLICT", message);
}
