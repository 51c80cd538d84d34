import { type App, openApp } from "../app.ts";
import { createLog } from "../log.ts";
import { readConfig } from "../run.ts";

/** Opens the application for one command and closes it again. */
export async function withApp<T>(work: (app: App) => Promise<T>): Promise<T> {
  const config = readConfig();
  const app = await openApp(config, { log: createLog(process.env.LOG_LEVEL || "warn"), poolSize: 4 });
  try {
    return await work(app);
  } finally {
    await app.close();
  }
}
