/** A worker: runs the scheduled jobs of a multi-process installation, from Redis or PostgreSQL. */
import { deliveriesAtOnce, deliveryQueue } from "./alerting.ts";
import { openApp } from "./app.ts";
import type { Config } from "./config.ts";
import { createLog } from "./log.ts";
import { answerFromRedis } from "./queue/doorbell.ts";
import { workJobs } from "./queue/queue.ts";
import { closeOnSignal, opened, warnOfMisspelt } from "./run.ts";
import { startTracing } from "./tracing-sdk.ts";

export async function work(config: Config): Promise<void> {
  const { redisUrl, databaseUrl } = config;
  const store = redisUrl ? { redisUrl } : databaseUrl ? { postgresUrl: databaseUrl } : undefined;
  if (!store)
    throw new Error(
      "A worker needs REDIS_URL or DATABASE_URL. Without both the server runs the scheduled jobs itself.",
    );
  const log = createLog(config.logLevel);
  warnOfMisspelt(log);
  const tracing = await startTracing(config.tracesEndpoint, log);
  const app = await opened(openApp(config, { log }), config);
  let close = app.close; // of what there is so far
  closeOnSignal(() => close());
  const jobs = await workJobs(store, app.sweep, log);
  app.metricHistory.start();
  // Without Redis the servers answer their bells themselves.
  const bell = redisUrl ? answerFromRedis(redisUrl, app.respond, log) : undefined;
  const deliveryBell = redisUrl
    ? answerFromRedis(redisUrl, app.alerting.deliver, log, deliveryQueue, deliveriesAtOnce)
    : undefined;
  close = async () => {
    app.alerting.stopSending();
    await Promise.all([deliveryBell?.close(), bell?.close(), jobs.close()]);
    await app.close();
    await tracing.close();
  };
  console.log("The Vigil worker is running (Ctrl-C stops it)");
}
