/**
 * Gathers what became of messages: while one batch is being written down, the next one grows. Alone, a message is written
 * at once; under load, many share a transaction.
 */
import type { Report } from "./record.ts";

export interface Reports {
  /** Resolved when it is written down. Rejected when that failed, also by itself. */
  add(organizationId: string, report: Report): Promise<void>;
}

const most = 128; // messages in one transaction

interface Waiting {
  report: Report;
  done(): void;
  failed(error: unknown): void;
}

export function createReports(write: (organizationId: string, reports: Report[]) => Promise<void>): Reports {
  const queues = new Map<string, Waiting[]>();

  async function drain(organizationId: string, queue: Waiting[]): Promise<void> {
    while (queue.length > 0) {
      const batch = queue.splice(0, most);
      const reports = batch.map(({ report }) => report);
      try {
        await write(organizationId, reports);
        for (const { done } of batch) done();
      } catch (error) {
        if (batch.length === 1) batch[0]?.failed(error);
        // One that cannot be written down takes no other with it.
        else await Promise.all(batch.map((one) => write(organizationId, [one.report]).then(one.done, one.failed)));
      }
    }
    queues.delete(organizationId);
  }

  return {
    add: (organizationId, report) =>
      new Promise<void>((done, failed) => {
        const queue = queues.get(organizationId);
        if (queue) return void queue.push({ report, done, failed });
        const fresh: Waiting[] = [{ report, done, failed }];
        queues.set(organizationId, fresh);
        void drain(organizationId, fresh);
      }),
  };
}
