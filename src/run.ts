/** What the entry points share: the configuration or its faults, and an orderly end on a signal. */
import { type Config, ConfigError, parseConfig } from "./config.ts";

/** The configuration of the environment, with the command line's own settings over it; ends the process on faults. */
export function readConfig(over: Record<string, string | undefined> = {}): Config {
  try {
    return parseConfig({ ...process.env, ...over });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}

const closeLimit = 9_500; // milliseconds: whoever started us waits 10 seconds

/** Closes once on SIGINT or SIGTERM, however often the signal comes, and ends the process with 0. */
export function closeOnSignal(close: () => Promise<void>): void {
  let closing = false;
  const end = (): void => {
    if (closing) return;
    closing = true;
    setTimeout(() => process.exit(1), closeLimit).unref();
    close().then(
      () => process.exit(0),
      (error: Error) => {
        console.error(`Closing failed: ${error.message}`);
        process.exit(1);
      },
    );
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, end);
}
