/** A worker: runs the scheduled jobs of a multi-process installation from Redis. */
import { deliveryQueue } from "./alerting.ts";
import { openApp } from "./app.ts";
import type { Config } from "./config.ts";
import { createLog } from "./log.ts";
import { answerFromRedis } from "./queue/doorbell.ts";
import { workJobs } from "./queue/queue.ts";
import { closeOnSignal } from "./run.ts";

export async function work(config: Config): Promise<void> {
  if (!config.redisUrl)
    throw new Error("A worker needs REDIS_URL. Without Redis the server runs the scheduled jobs itself.");
  const log = createLog(config.logLevel);
  const app = await openApp(config, { log });
  const jobs = await workJobs(config.redisUrl, app.sweep, log);
  const bell = answerFromRedis(config.redisUrl, app.respond, log);
  const deliveryBell = answerFromRedis(config.redisUrl, app.alerting.deliver, log, deliveryQueue);
  closeOnSignal(async () => {
    await deliveryBell.close();
    await bell.close();
    await jobs.close();
    await app.close();
  });
  console.log("The Vigil worker is running (Ctrl-C stops it)");
}
