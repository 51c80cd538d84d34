import { type App, openApp } from "../app.ts";
import { hasCluster } from "../embedded/has-cluster.ts";
import { VigilError } from "../errors.ts";
import { createLog } from "../log.ts";
import { closeOnSignal, interrupted, opened, readConfig } from "../run.ts";

/**
 * Opens the application for one command and closes it again. Where there is no installation none is made, but for what may
 * begin one: a command in the wrong folder would say that all is well with an empty one. Errors: BAD_USER_INPUT.
 */
export async function withApp<T>(work: (app: App) => Promise<T>, { mayBeNew = false } = {}): Promise<T> {
  const config = readConfig();
  const { databaseUrl, dataDir } = config;
  if (!mayBeNew && databaseUrl === undefined && !hasCluster(dataDir)) {
    throw new VigilError(
      "BAD_USER_INPUT",
      `${dataDir} holds no installation, and DATABASE_URL is not set. Give the command the settings of the server (DATABASE_URL or VIGIL_DATA_DIR), or start the server once.`,
    );
  }
  const options = { log: createLog(process.env.LOG_LEVEL || "warn"), poolSize: 4 };
  const app = await opened(openApp(config, options), config, interrupted);
  const letGo = closeOnSignal(app.close, interrupted);
  try {
    return await work(app);
  } finally {
    await app.close();
    letGo();
  }
}
