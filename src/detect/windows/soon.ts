/** What is waited for before windows are built from stored events, which takes minutes and much memory under load. */
import { setTimeout as wait } from "node:timers/promises";
import type { SharedWindows } from "./redis.ts";

const redisPatience = 3_000; // ms

/** To build windows from an hour's events takes longer, and much memory, than Redis mostly needs to answer again. */
export async function isUsableSoon(shared: SharedWindows): Promise<boolean> {
  for (const until = performance.now() + redisPatience; performance.now() < until; await wait(50))
    if (shared.usable()) return true;
  return shared.usable();
}
