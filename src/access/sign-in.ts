import { validate as isUuid, v7 } from "uuid";
import type { Database, Tx } from "../db.ts";
import { VigilError } from "../errors.ts";
import { audit } from "./audit.ts";
import { formatCredential, hashSecret, parseCredential, sameHash } from "./credential.ts";
import { type RefusalLog, stranger } from "./refusals.ts";
import { createSession, endSession, sessionTtl } from "./sessions.ts";
import type { Viewer } from "./viewer.ts";

const linkTtl = 86_400; // 24 hours, in seconds

export interface SignInLinkInput {
  userId: string;
  ttlSeconds?: number;
  /** Who asked for it; the server itself by default. */
  actor?: string;
  /** More for the audit log: how it is handed over. */
  detail?: object;
  /** Epoch ms. */
  now: number;
}

/** Makes the secret of a link that signs one user in once. Only its hash is stored. */
export async function createSignInLink(tx: Tx, input: SignInLinkInput): Promise<string> {
  const { userId, ttlSeconds = linkTtl, actor = "vigil", now } = input;
  if (!isUuid(userId)) throw new VigilError("NOT_FOUND", "There is no such user");
  const id = v7();
  const token = formatCredential({ kind: "signin", organizationId: tx.organizationId, id });
  const made = await tx.query(
    `INSERT INTO sign_in_links (organization_id, id, user_id, secret_hash, created_at, expires_at)
     SELECT organization_id, $2::uuid, id, $4::bytea, $5::timestamptz, $6::timestamptz
     FROM users WHERE organization_id = $1 AND id = $3`,
    [tx.organizationId, id, userId, hashSecret(token), new Date(now), new Date(now + ttlSeconds * 1000)],
  );
  if (made.rowCount === 0) throw new VigilError("NOT_FOUND", "There is no such user");
  const detail = { userId, ttlSeconds, ...input.detail };
  await audit(tx, { actor, action: "SIGN_IN_LINK_CREATED", entityKind: "SignInLink", entityId: id, detail });
  return token;
}

interface LinkRow {
  secret_hash: Buffer;
  expires_at: Date;
  used_at: Date | null;
  user_id: string;
  email: string;
  suspended_at: Date | null;
}

const select = `
  SELECT l.secret_hash, l.expires_at, l.used_at, l.user_id, u.email, u.suspended_at
  FROM sign_in_links l JOIN users u ON u.organization_id = l.organization_id AND u.id = l.user_id
  WHERE l.organization_id = $1 AND l.id = $2`;
// What decides: of two that redeem at once, one gets the row. A suspended user's link is not used up.
const take = `
  UPDATE sign_in_links l SET used_at = $3
  FROM users u
  WHERE l.organization_id = $1 AND l.id = $2 AND l.used_at IS NULL AND l.expires_at > $3
    AND u.organization_id = l.organization_id AND u.id = l.user_id AND u.suspended_at IS NULL
  RETURNING l.id`;

type Reason = "NOT_VALID" | "USED" | "EXPIRED" | "SUSPENDED";
interface Refused {
  reason: Reason;
  link?: LinkRow;
}

const messages: Record<Reason, string> = {
  NOT_VALID: "This sign-in link is not valid: check that it was copied whole",
  USED: "This sign-in link was already used: each works once. Ask your administrator for a new one",
  EXPIRED: "This sign-in link has expired: ask your administrator for a new one",
  SUSPENDED: "This user is suspended: ask your administrator",
};

/** Turns sign-in links into sessions, and ends them. */
export function createSignIn(options: { db: Database; refusals: RefusalLog; now: () => number }) {
  const { db, refusals, now } = options;

  /** The secret of the new session, or why there is none, and whose link it was as far as that is known. */
  async function takeLink(tx: Tx, id: string, token: string): Promise<{ session: string } | Refused> {
    const at = now();
    const link = (await tx.query<LinkRow>(select, [tx.organizationId, id])).rows[0];
    if (!link || !sameHash(link.secret_hash, hashSecret(token))) return { reason: "NOT_VALID" };
    const taken = await tx.query(take, [tx.organizationId, id, new Date(at)]);
    if (taken.rowCount !== 1) return { reason: refusalOf(link, at), link };
    const session = await createSession(tx, link.user_id, at);
    const entry = { actor: link.email, entityKind: "User", entityId: link.user_id };
    await audit(tx, { ...entry, action: "SIGNED_IN", detail: { linkId: id, sessionId: session.id } });
    return { session: session.secret };
  }

  /** Anybody can make up a link or open a used one again, so these entries are bounded. */
  async function noteRefusal(organizationId: string, linkId: string, { reason, link }: Refused): Promise<void> {
    const entity = link
      ? { actor: link.email, entityKind: "User", entityId: link.user_id }
      : { actor: stranger, entityKind: "SignInLink", entityId: linkId };
    await refusals.note({ organizationId, ...entity, action: "SIGN_IN_REFUSED", detail: { linkId, reason } });
  }

  return {
    /** Uses the link up and answers a session's secret. Throws UNAUTHENTICATED with a reason that people can read. */
    async redeem(token: string): Promise<{ session: string; maxAgeSeconds: number }> {
      const credential = parseCredential(token);
      if (credential?.kind !== "signin") throw refuse("NOT_VALID");
      const { organizationId, id } = credential;
      const taken = await db.inOrganization(organizationId, (tx) => takeLink(tx, id, token));
      if ("session" in taken) return { session: taken.session, maxAgeSeconds: sessionTtl };
      await noteRefusal(organizationId, id, taken);
      throw refuse(taken.reason);
    },
    /** Ends the viewer's session, within 5 seconds on every server. Other credentials stay as they are. */
    async end({ organizationId, sessionId, name }: Viewer): Promise<void> {
      if (sessionId === undefined) return;
      const end = { id: sessionId, actor: name, reason: "SIGNED_OUT" as const, now: now() };
      await db.inOrganization(organizationId, (tx) => endSession(tx, end));
    },
  };
}

function refusalOf(link: LinkRow, at: number): Reason {
  if (link.suspended_at) return "SUSPENDED";
  return link.used_at === null && link.expires_at.getTime() <= at ? "EXPIRED" : "USED";
}

function refuse(reason: Reason): VigilError {
  return new VigilError("UNAUTHENTICATED", messages[reason]);
}
