/** What is said to PostgreSQL while a test asks: whatever reaches a connection passes here, Prisma's as our own. */
import pg from "pg";

export interface Statement {
  text: string;
  values: unknown[];
}

export function watchStatements(): {
  /** What was said since it was asked for last. */
  take(): Statement[];
  stop(): void;
} {
  const { query } = pg.Client.prototype;
  let sent: Statement[] = [];
  pg.Client.prototype.query = function (this: pg.Client, config: unknown, ...more: unknown[]) {
    const { text, values } = (typeof config === "string" ? { text: config } : (config ?? {})) as Partial<Statement>;
    if (text !== undefined) sent.push({ text, values: values ?? [] });
    return (query as (...all: unknown[]) => unknown).call(this, config, ...more);
  } as never;
  return {
    take() {
      const taken = sent;
      sent = [];
      return taken;
    },
    stop() {
      pg.Client.prototype.query = query;
    },
  };
}
