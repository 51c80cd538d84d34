import pino from "pino";

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
      redact: {
        paths: secretKeys.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]),
        censor: "[redacted]",
      },
    },
    destination,
  );
}
