/** What the entry points share: the configuration or its faults, and an orderly end on a signal. */
import { distance } from "fastest-levenshtein";
import { type Config, ConfigError, parseConfig, variableTypes } from "./config.ts";
import type { Log } from "./log.ts";

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

const prefix = /^VIGIL_/;

/**
 * Variables that are no setting and look like one, each with that one: a misspelt setting is as good as not given. What is
 * like none belongs to others, as VIGIL_URL and VIGIL_KEY of programs that talk to Vigil.
 */
export function misspelt(env: Record<string, string | undefined>): { given: string; meant: string }[] {
  return Object.entries(env).flatMap(([given, value]) => {
    // Kubernetes sets VIGIL_PORT=tcp://… beside a service of that name.
    if (!prefix.test(given) || given in variableTypes || !value || value.startsWith("tcp://")) return [];
    const name = given.replace(prefix, "");
    const [nearest] = Object.keys(variableTypes)
      .map((meant) => ({ given, meant, apart: distance(name, meant.replace(prefix, "")) }))
      .sort((one, other) => one.apart - other.apart);
    return nearest && nearest.apart <= name.length / 3 ? [{ given, meant: nearest.meant }] : [];
  });
}

/** Tells the log of misspelt settings. */
export function warnOfMisspelt(log: Pick<Log, "warn">): void {
  for (const one of misspelt(process.env)) log.warn(one, "an environment variable is no setting: it is misspelt");
}

const closeLimit = 9_500; // milliseconds: whoever started us waits 10 seconds
const openLimit = 60_000; // milliseconds: a first start of the embedded PostgreSQL takes up to half a minute

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** What a command ends with that was told to stop. */
export const interrupted = 130;

/**
 * What is being opened. Where a signal comes meanwhile it is closed as soon as it is open, and the process ends with `code`: a
 * PostgreSQL that was started for it would go on for nobody. So the embedded one is waited for, if need be until we are killed.
 */
export async function opened<T extends { close(): Promise<void> }>(
  opening: Promise<T>,
  { databaseUrl }: Pick<Config, "databaseUrl">,
  code = 0,
): Promise<T> {
  let isOver = false;
  const end = (): void => {
    if (!isOver) setTimeout(() => process.exit(1), databaseUrl === undefined ? openLimit : closeLimit).unref();
    isOver = true;
  };
  for (const signal of signals) process.on(signal, end);
  try {
    const open = await opening;
    if (!isOver) return open;
    await open.close();
    return process.exit(code);
  } finally {
    for (const signal of signals) process.off(signal, end);
  }
}

/** Closes once on SIGINT, SIGTERM or SIGHUP, however often the signal comes, and ends the process with `code`; until it is let go of. */
export function closeOnSignal(close: () => Promise<void>, code = 0): () => void {
  let closing = false;
  const end = (): void => {
    if (closing) return;
    closing = true;
    setTimeout(() => process.exit(1), closeLimit).unref();
    close().then(
      () => process.exit(code),
      (error: Error) => {
        console.error(`Closing failed: ${error.message}`);
        process.exit(1);
      },
    );
  };
  for (const signal of signals) process.on(signal, end);
  return () => {
    for (const signal of signals) process.off(signal, end);
  };
}

/** Who reads along may go, as `head` does, or the disk be full: a command comes to its end all the same, and says so. */
export function outliveOutput(): void {
  process.stdout.on("error", ({ message }: Error) => {
    if (!process.exitCode) console.error(`The output cannot be written: ${message}`);
    process.exitCode = 1;
  });
}
