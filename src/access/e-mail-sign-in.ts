/**
 * Sign-in links by e-mail. Whoever asks gets the same answer at once, whoever they are: everything that depends on the
 * address happens behind the answer. The link's secret is only in this process and in the e-mail; after a crash one asks
 * again.
 */
import { setTimeout as wait } from "node:timers/promises";
import type { Database, Tx } from "../db.ts";
import { VigilError } from "../errors.ts";
import { type Log, messageForLog } from "../log.ts";
import { audit } from "./audit.ts";
import { readEmail } from "./input.ts";
import { createRateLimit, sourceOf } from "./rate-limit.ts";
import { type RefusalLog, stranger } from "./refusals.ts";
import { createSignInLink } from "./sign-in.ts";
import { signInEmail } from "./sign-in-email.ts";

export type SendEmail = (email: { to: string; subject: string; text: string; html: string }) => Promise<unknown>;

export const emailLinkTtl = 900; // 15 minutes, in seconds
const period = 900_000; // 15 minutes in which …
const bySource = 20; // … one network address may ask so often, whatever for
const byUser = 3; // … and one user is sent so many links, by all servers together
const mostWaiting = 100; // requests behind their answers
const tries = [0, 5_000, 60_000]; // ms before each try of a send: many servers put strangers off once

export interface SignInRequest {
  email: string;
  /** The slug of an organization; absent: every one that has this address. */
  organization?: string;
  /** The network address that asks. */
  address: string;
}

interface Due {
  name: string;
  token: string;
}

export function createEmailSignIn(options: {
  db: Database;
  refusals: RefusalLog;
  send: SendEmail;
  /** What the links start with. */
  publicUrl: string;
  now: () => number;
  log: Log;
  /** Milliseconds before each try. */
  tries?: readonly number[];
}) {
  const { db, refusals, send, publicUrl, now, log } = options;
  const limit = createRateLimit({ uses: bySource, period, now });
  const running = new Set<Promise<void>>();
  const closing = new AbortController();

  /** The secret of a link for this user, or why they get none. */
  async function link(tx: Tx, userId: string, address: string): Promise<Due | "SUSPENDED" | "RATE_LIMITED"> {
    const at = now();
    const of = [tx.organizationId, userId];
    // A statement of its own: the count behind it sees what whoever held the lock has committed.
    await tx.query("SELECT FROM users WHERE organization_id = $1 AND id = $2 FOR NO KEY UPDATE", of);
    const { rows } = await tx.query<{ organization: string; suspended: boolean; links: number }>(
      `SELECT o.name AS organization, u.suspended_at IS NOT NULL AS suspended,
         (SELECT count(*)::int FROM sign_in_links l WHERE l.organization_id = $1 AND l.user_id = $2 AND l.created_at > $3) AS links
       FROM users u JOIN organizations o ON o.id = u.organization_id WHERE u.organization_id = $1 AND u.id = $2`,
      [...of, new Date(at - period)],
    );
    const user = rows[0];
    if (!user || user.suspended) return "SUSPENDED";
    if (user.links >= byUser) return "RATE_LIMITED";
    const detail = { by: "EMAIL", address };
    const made = { userId, ttlSeconds: emailLinkTtl, actor: stranger, detail, now: at };
    return { name: user.organization, token: await createSignInLink(tx, made) };
  }

  async function deliver(organizationId: string, userId: string, to: string, due: Due): Promise<void> {
    const url = `${publicUrl}/sign-in/confirm?token=${encodeURIComponent(due.token)}`;
    const email = { to, ...signInEmail({ organization: due.name, url, minutes: emailLinkTtl / 60 }) };
    for (const [index, delay] of (options.tries ?? tries).entries()) {
      await wait(delay, undefined, { signal: closing.signal, ref: false });
      try {
        await send(email);
        return;
      } catch (error) {
        const isLast = index === (options.tries ?? tries).length - 1;
        log[isLast ? "error" : "warn"](
          { organizationId, userId, try: index + 1, err: (error as Error).message },
          isLast ? "a sign-in link could not be sent by e-mail" : "a sign-in link was not sent: it is tried again",
        );
      }
    }
    const entry = { actor: "vigil", action: "SIGN_IN_LINK_UNSENT", entityKind: "User", entityId: userId };
    await db.inOrganization(organizationId, (tx) => audit(tx, entry));
  }

  async function refuse(organizationId: string, entityId: string, reason: string, address: string): Promise<void> {
    const entry = { actor: stranger, action: "SIGN_IN_LINK_REFUSED", entityKind: "User", entityId };
    await refusals.note({ organizationId, ...entry, detail: { reason, address } });
  }

  async function work(email: string, { organization, address }: SignInRequest): Promise<void> {
    const asked = organization === undefined ? undefined : await db.organizationIdBySlug(organization);
    if (organization !== undefined && asked === undefined)
      return log.info("a sign-in link of no organization was asked for");
    const users = (await db.usersByEmail(email)).filter((user) => !asked || user.organizationId === asked);
    if (users.length === 0) {
      // An organization's log says so only where it is known whose log that is.
      const ids = asked ? [asked] : await db.organizationIds();
      if (ids.length === 1) await refuse(ids[0] as string, "", "UNKNOWN_ADDRESS", address);
      else log.info("a sign-in link was asked for at an address that no user has");
    }
    const each = users.map(async ({ organizationId, userId }) => {
      const due = await db.inOrganization(organizationId, (tx) => link(tx, userId, address));
      if (typeof due === "string") await refuse(organizationId, userId, due, address);
      else await deliver(organizationId, userId, email, due);
    });
    await Promise.all(each);
  }

  return {
    /** Takes the request; what comes of it, no answer tells. Errors: BAD_USER_INPUT, RATE_LIMITED, UNAVAILABLE. */
    request(input: SignInRequest): void {
      const email = readEmail(input.email);
      const waitMs = limit.take(sourceOf(input.address));
      if (waitMs > 0) {
        const retryAfterSeconds = Math.ceil(waitMs / 1_000);
        const message = `Too many sign-in links were asked for from here: try again in ${retryAfterSeconds} seconds`;
        throw new VigilError("RATE_LIMITED", message, { detail: { retryAfterSeconds } });
      }
      if (running.size >= mostWaiting) {
        throw new VigilError("UNAVAILABLE", "Too many sign-in links are waiting to be sent: try again in a minute");
      }
      const run = work(email, input)
        .catch((error: unknown) => {
          if (!closing.signal.aborted) log.error({ err: messageForLog(error) }, "a sign-in link could not be made");
        })
        .finally(() => running.delete(run));
      running.add(run);
    },
    /** Waits for what is being sent; what waits for another try is given up. */
    async close(): Promise<void> {
      closing.abort();
      await Promise.all(running);
    },
  };
}
