/** Two transactions that meet: when the one waits for the other. */
import { expect } from "vitest";
import type { TestDatabase } from "./database.ts";

/** Until somebody waits for what another transaction of the database has locked. */
export async function somebodyWaits(database: TestDatabase): Promise<void> {
  const waiting = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
  await expect.poll(async () => (await database.asOwner(waiting)).length, { timeout: 10_000 }).toBeGreaterThan(0);
}
