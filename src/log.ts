import pino from "pino";
import { whereabouts } from "./request-id.ts";

export type Log = pino.Logger;

/** Keys that never reach a log line, at any of the depths where our own objects carry them. */
const secretKeys = [
  "authorization",
  "cookie",
  "password",
  "secret",
  "token",
  "apiKey",
  "variables",
  "connectionString",
];

/** The structured log (JSON lines on stderr, so that a command's stdout stays its answer). */
export function createLog(
  level: string,
  destination: pino.DestinationStream = pino.destination({ fd: 2, sync: true }),
): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      mixin: whereabouts,
      serializers: { err: errorForLog },
      redact: {
        paths: secretKeys.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]),
        censor: "[redacted]",
      },
    },
    destination,
  );
}

interface Fault {
  name: string;
  message: string;
  stack?: string;
  code?: unknown;
}

/** What a log line says of an error: never the row, the parameters or the arguments that a database's error carries. */
function errorForLog(error: unknown): object | string {
  if (!(error instanceof Error)) return String(error);
  const { name, stack = "", code } = error as Fault;
  const frames = stack.split("\n").filter((line) => line.startsWith("    at "));
  return {
    type: name,
    message: messageForLog(error),
    ...(code === undefined ? {} : { code }),
    stack: frames.join("\n"),
  };
}

/** An error's message without the values that PostgreSQL and Prisma quote in theirs. */
export function messageForLog(error: unknown): string {
  const { name, message, code } = error as Fault;
  const isPrisma = name.startsWith("PrismaClient");
  // Data exceptions and broken constraints quote what was sent; Prisma prints the call before its last line.
  if (!isPrisma && !/^2[23]/.test(String(code))) return message;
  const told = isPrisma ? (message.trim().split("\n").at(-1) ?? "") : message;
  return told.replace(/"[^"]*"|'[^']*'|\([^)]*\)/g, "…");
}

const rest = 60_000; // ms
const toldApart = 100; // messages

/**
 * Tells of what is away, once a minute for each thing that is said of it: it is tried every second by a dozen connections,
 * which would fill the log of a night.
 */
export function seldom(log: Pick<Log, "warn">, words: string): (error: Error) => void {
  const told = new Map<string, number>();
  return (error) => {
    const { message, code = error.name } = error as Fault;
    const said = message || String(code); // of a name with several addresses nothing is said
    const now = performance.now();
    if (now < (told.get(said) ?? 0)) return;
    if (told.size >= toldApart) told.clear();
    told.set(said, now + rest);
    log.warn({ err: said }, words);
  };
}
