/** Sends the questions "was this you?" and takes their answers, each in a transaction of its own. */
import { createRateLimit, sourceOf } from "../access/rate-limit.ts";
import type { Tx } from "../db.ts";
import { withoutDeadline } from "../deadline.ts";
import { VigilError } from "../errors.ts";
import { lockIncident } from "../incident/move.ts";
import type { Log } from "../log.ts";
import type { WordsVault } from "../secrets/words.ts";
import { claimQuestions, type DueQuestion, questionNotSent, questionSent } from "./questions.ts";
import { answerCheck, askUser, type Feedback, organizationOfCheck, type Question } from "./user-check.ts";
import { userCheckEmail } from "./user-check-email.ts";

type Asked = Omit<Parameters<typeof askUser>[1], "now">;

export interface UserChecks {
  /** Asks by e-mail. Errors: UNAVAILABLE where no e-mail can be sent, and those of `askUser`. */
  ask(organizationId: string, asked: Asked): Promise<{ cursor: string }>;
  /** Whether questions can be sent. */
  canAsk: boolean;
  /** Sends the questions of responses that are due, and those of people whose sender died. Harmless at any time, in any process. */
  sendDue(organizationId: string): Promise<void>;
  /** Answers, after a no, whether a second factor will be asked for. Errors: NOT_FOUND, RATE_LIMITED. */
  answer(token: string, wasUser: boolean, address: string): Promise<boolean | undefined>;
}

export function createUserChecks(options: {
  change<T>(organizationId: string, work: (tx: Tx) => Promise<T>): Promise<T>;
  vault: WordsVault & { reserve(organizationId: string, uses: number): Promise<void> };
  send:
    | ((email: { to: string; subject: string; text: string; html: string; messageId?: string }) => Promise<unknown>)
    | undefined;
  publicUrl: string | undefined;
  ownAddresses: readonly string[];
  feedback: Feedback;
  now: () => number;
  log: Log;
}): UserChecks {
  const { change, vault, send, publicUrl, ownAddresses, feedback, now, log } = options;
  const limit = createRateLimit({ uses: 20, period: 900_000, now }); // 20 answers in 15 minutes from one network
  const emailOf = ({ id, token, email, organization }: Omit<Question, "cursor">) => ({
    to: email,
    messageId: `<${id}@${new URL(publicUrl ?? "http://vigil").hostname}>`, // of each try: a reader that has one drops the next
    ...userCheckEmail({ organization, url: `${publicUrl}/was-this-you?token=${encodeURIComponent(token)}` }),
  });

  async function sendOne(organizationId: string, question: DueQuestion): Promise<void> {
    const { email } = question;
    let fault = email === null ? "nothing tells any more where they are reached." : undefined;
    try {
      if (email !== null) await send?.(emailOf({ ...question, email }));
    } catch (error) {
      log.warn({ organizationId, err: (error as Error).message }, "a question to a user was not sent");
      fault = `${(error as Error).message}.`;
    }
    await change(organizationId, (tx) =>
      fault === undefined ? questionSent(tx, question, now()) : questionNotSent(tx, question, fault, now()),
    );
  }

  return {
    canAsk: send !== undefined && publicUrl !== undefined,
    async sendDue(organizationId) {
      if (!send || !publicUrl) return;
      for (;;) {
        const { claimed, closed } = await change(organizationId, (tx) => claimQuestions(tx, now()));
        if (claimed.length + closed === 0) return;
        const sent = await Promise.allSettled(claimed.map((one) => sendOne(organizationId, one)));
        // What is not written down is sent again when its lease ends.
        for (const one of sent)
          if (one.status === "rejected")
            log.error({ organizationId, err: one.reason?.message }, "a question was not recorded");
      }
    },
    async ask(organizationId, asked) {
      if (!send || !publicUrl) {
        await change(organizationId, (tx) => lockIncident(tx, { id: asked.incidentId })); // it is not told of others' incidents
        const message = "This server sends no e-mail: SMTP_URL and VIGIL_PUBLIC_URL are not both set.";
        throw new VigilError("BAD_USER_INPUT", message, { path: [] });
      }
      const question = await change(organizationId, (tx) => askUser(tx, { ...asked, now: now() }));
      try {
        await send(emailOf(question));
      } catch (error) {
        log.warn({ organizationId, err: (error as Error).message }, "a question to a user was not sent");
        const undone =
          "UPDATE user_checks SET expires_at = created_at, due_at = NULL WHERE organization_id = $1 AND id = $2 AND tries = 1";
        await withoutDeadline(() => change(organizationId, (tx) => tx.query(undone, [organizationId, question.id])));
        throw new VigilError("CONFLICT", `The e-mail was not taken: ${(error as Error).message}.`, { path: [] });
      }
      const sent = { id: question.id, actionId: null, incidentId: asked.incidentId, user: asked.user };
      const recorded = withoutDeadline(() => change(organizationId, (tx) => questionSent(tx, sent, now())));
      await recorded.catch((error: Error) =>
        // What is not written down is sent again when its lease ends.
        log.error({ organizationId, err: error.message }, "a question was not recorded"),
      );
      return { cursor: question.cursor };
    },
    async answer(token, wasUser, address) {
      const wait = limit.take(sourceOf(address));
      if (wait > 0) {
        const detail = { retryAfterSeconds: Math.ceil(wait / 1000) };
        throw new VigilError("RATE_LIMITED", "Too many answers from here: try again later", { detail });
      }
      const check = organizationOfCheck(token);
      if (!check) throw new VigilError("NOT_FOUND", "This link is not valid: check that it was copied whole");
      await vault.reserve(check.organizationId, 3);
      const answer = { id: check.id, token, wasUser, ownAddresses, now: now() };
      return change(check.organizationId, (tx) => answerCheck(tx, vault, feedback, answer));
    },
  };
}
