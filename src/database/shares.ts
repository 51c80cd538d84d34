/**
 * Connections for everybody: one organization, however much it asks for, has four fifths of the pool at most. What it
 * asks for beyond waits in a line of its own, and others find a connection free.
 */
import type pg from "pg";
import { shareSpent } from "../database-away.ts";

const usualPatience = 10_000; // 10 seconds in line, as for a connection

interface Line {
  held: number;
  /** Whoever waits for one of the held to be given back, the first first. */
  waiting: (() => void)[];
}

export interface Shares {
  /** A connection of the pool, for the organization. Errors: RATE_LIMITED where none of its share became free in time. */
  connect(organizationId: string): Promise<pg.PoolClient>;
  /** How many wait in line. */
  waiting(): number;
}

/** `patience`: how long one waits in line, in ms. */
export function createShares(pool: pg.Pool, size: number, patience = usualPatience): Shares {
  const most = size - Math.floor(size / 5);
  const lines = new Map<string, Line>();

  async function enter(organizationId: string): Promise<void> {
    const line = lines.get(organizationId) ?? { held: 0, waiting: [] };
    lines.set(organizationId, line);
    if (line.held < most) return void line.held++;
    await new Promise<void>((resolve, reject) => {
      const turn = (): void => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        line.waiting.splice(line.waiting.indexOf(turn), 1);
        reject(shareSpent());
      }, patience);
      line.waiting.push(turn);
    });
  }

  function leave(organizationId: string): void {
    const line = lines.get(organizationId) as Line;
    const next = line.waiting.shift();
    if (next) return next(); // what was held is held on
    line.held--;
    if (line.held === 0) lines.delete(organizationId);
  }

  return {
    async connect(organizationId) {
      await enter(organizationId);
      try {
        const client = await pool.connect();
        const release = client.release; // pg makes a new one each time
        client.release = (error) => {
          release.call(client, error);
          leave(organizationId);
        };
        return client;
      } catch (error) {
        leave(organizationId);
        throw error;
      }
    },
    waiting: () => [...lines.values()].reduce((sum, { waiting }) => sum + waiting.length, 0),
  };
}
