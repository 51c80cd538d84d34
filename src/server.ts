/** The server: API, ingest, dashboard; without Redis also the scheduled jobs. */
import { join } from "node:path";
import { firstSignInWords } from "./access/first-sign-in.ts";
import { openApp } from "./app.ts";
import type { Config } from "./config.ts";
import { hasCluster } from "./embedded/has-cluster.ts";
import { forgetRunningServer, readRunningServer, rememberRunningServer } from "./embedded/running.ts";
import { createLog, messageForLog } from "./log.ts";
import { timeJobs, workJobs } from "./queue/queue.ts";
import { closeOnSignal, opened, warnOfMisspelt } from "./run.ts";
import { servingInterval } from "./self-watch.ts";
import { readPersistedDocuments } from "./server/persisted-documents.ts";
import { createServer } from "./server/server.ts";
import { standIn } from "./stand-in.ts";
import { startTracing } from "./tracing-sdk.ts";

export async function serve(config: Config): Promise<void> {
  const log = createLog(config.logLevel);
  warnOfMisspelt(log);
  // Read before anything is opened that would have to be closed again.
  const persisted = config.persistedDocuments ? await readPersistedDocuments(config.persistedDocuments) : undefined;
  const tracing = await startTracing(config.tracesEndpoint, log);
  if (!config.databaseUrl && !hasCluster(config.dataDir))
    console.error(`Making the database in ${config.dataDir}, once: this takes up to half a minute.`);
  const app = await opened(openApp(config, { log }), config);
  let close = app.close; // of what there is so far
  closeOnSignal(() => close());
  if (app.embedded && !(await app.embedded.claimServing())) {
    const other = await readRunningServer(config.dataDir);
    await app.close();
    throw new Error(
      `Vigil is already running on ${config.dataDir}${other ? ` at ${other.url} (process ${other.pid})` : ""}. ` +
        `Stop it with Ctrl-C in its terminal${other ? ` or: kill ${other.pid}` : ""}, or give this one another VIGIL_DATA_DIR.`,
    );
  }
  const server = createServer(app, {
    dashboardDir: join(import.meta.dirname, "../dist/dashboard"),
    publicUrl: config.publicUrl,
    trustedProxies: config.trustedProxies,
    redisUrl: config.redisUrl,
    metricsToken: config.metricsToken,
    persisted,
  });
  // With Redis the workers do it, while there are any; servers that share a PostgreSQL share the work; one alone has timers.
  const jobs = config.redisUrl
    ? standIn(app, log)
    : config.databaseUrl
      ? await workJobs({ postgresUrl: config.databaseUrl }, app.sweep, log).catch((error: Error) => {
          log.warn(
            { err: error.message },
            "this server runs the jobs by itself: `vigil migrate` makes the queue's tables",
          );
          return timeJobs(app.sweep, log);
        })
      : timeJobs(app.sweep, log);
  app.metricHistory.start();
  let closing = false;
  close = async () => {
    if (closing) return;
    closing = true;
    log.info("closing");
    app.alerting.stopSending();
    await server.close();
    await jobs.close();
    await forgetRunningServer(config.dataDir);
    await app.close();
    await tracing.close();
  };
  const url = await server.listen(config.port, config.host).catch(async (error: NodeJS.ErrnoException) => {
    await close();
    if (error.code !== "EADDRINUSE") throw error;
    throw new Error(
      `Port ${config.port} on ${config.host} is in use by another program. Choose another one, e.g.: PORT=${config.port + 1} npm start`,
    );
  });
  const look = (): void =>
    void app.selfWatch
      .serves(url)
      .catch((error: Error) => log.warn({ err: messageForLog(error) }, "this server does not answer itself"));
  look();
  setInterval(look, servingInterval).unref();
  await rememberRunningServer(config.dataDir, { pid: process.pid, url });
  const shown = config.publicUrl ?? url;
  const signIn = app.firstSignIn ? `\n${firstSignInWords(shown, app.firstSignIn)}` : "";
  // In one piece, so that whoever reads along has all of it or nothing.
  console.log(`Vigil is running.  Dashboard ${shown}/   GraphQL ${shown}/graphql   (Ctrl-C stops it)${signIn}`);
}
