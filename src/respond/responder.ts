/** Answers the doorbell of incidents: responds until nothing waits, and ends what is over. */
import type { Database, Tx } from "../db.ts";
import { type Log, messageForLog } from "../log.ts";
import { reportBreaker } from "./breaker-state.ts";
import { expireActions } from "./expire.ts";
import { most, respondOnce } from "./respond.ts";

export interface Responder {
  /** The job behind the bell. Running it at any time, any number of times, is harmless. */
  respond(organizationId: string): Promise<void>;
  /** Ends what is over, tells what was not told, and answers bells that were lost. */
  sweep(organizationId: string): Promise<void>;
}

const tries = 3; // two transactions may meet in a deadlock, which PostgreSQL ends by failing one

export function createResponder(options: {
  db: Pick<Database, "query">;
  /** One transaction; rings the bells after its commit. */
  change<T>(organizationId: string, work: (tx: Tx) => Promise<T>): Promise<T>;
  ownAddresses: readonly string[];
  /** Whether users can be asked by e-mail. */
  canAsk: boolean;
  /** Says that calls of response webhooks, or questions to users, may be due. */
  ringOut(organizationId: string): void;
  now: () => number;
  log: Log;
}): Responder {
  const { db, change, ownAddresses, canAsk, ringOut, now, log } = options;

  async function again<T>(work: () => Promise<T>): Promise<T> {
    for (let turn = 1; ; turn++) {
      try {
        return await work();
      } catch (error) {
        const { code } = error as { code?: string };
        if (turn === tries || (code !== "40P01" && code !== "40001")) throw error;
        log.warn({ err: messageForLog(error), turn }, "a response is tried again");
      }
    }
  }

  async function respond(organizationId: string): Promise<void> {
    for (;;) {
      const { responded, breakerOpened } = await again(() =>
        change(organizationId, (tx) => respondOnce(tx, { now: now(), ownAddresses, canAsk })),
      );
      if (breakerOpened) await change(organizationId, (tx) => reportBreaker(tx, now()));
      // Fewer than there is room for: the rest is held by others, who ring when they are done, as does what comes now.
      if (responded < most) break;
    }
    ringOut(organizationId);
  }

  async function isDue(organizationId: string): Promise<boolean> {
    const { rows } = await db.query(organizationId, {
      name: "is_response_due",
      text: `SELECT FROM security_incidents WHERE organization_id = $1 AND response_entry_id IS NOT NULL AND status_rank < 4 LIMIT 1`,
      values: [organizationId],
    });
    return rows.length > 0;
  }

  return {
    respond,
    async sweep(organizationId) {
      if (await isDue(organizationId)) await respond(organizationId);
      await change(organizationId, (tx) => reportBreaker(tx, now()));
      while ((await change(organizationId, (tx) => expireActions(tx, now()))) > 0);
      ringOut(organizationId);
    },
  };
}
