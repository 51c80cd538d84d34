/** `npm run demo`: a clinic's weeks, with attacks in them, for a running server and its dashboard. */
import { Command, InvalidArgumentError } from "commander";
import { createApiKey } from "../../src/access/api-keys.ts";
import { cliSubject } from "../../src/access/viewer.ts";
import { openApp } from "../../src/app.ts";
import { readRunningServer } from "../../src/embedded/running.ts";
import { createLog } from "../../src/log.ts";
import { readConfig } from "../../src/run.ts";
import { play } from "./play.ts";

interface Options {
  seed: number;
  staff: number;
  weeks: number;
  speed: number;
  org: string;
  url?: string;
  for?: number;
}

function number(least: number) {
  return (text: string): number => {
    const value = Number(text);
    if (!(value >= least)) throw new InvalidArgumentError(`Give a number from ${least} on.`);
    return value;
  };
}

const keyLife = 30 * 86_400_000; // 30 days: Vigil opens an incident for a key that ends within a week

const program = new Command("demo")
  .description(
    "Sends a clinic's weeks to the running server: what lies in the past in quick motion, then live. " +
      "Attacks lie within, and are told as they happen. Ctrl-C ends it; a second run goes on where the first one was.",
  )
  .option("--seed <number>", "which clinic", number(0), 1)
  .option("--staff <number>", "how many people work there", number(1), 25)
  .option("--weeks <number>", "weeks of history before this one", number(0), 3)
  .option("--speed <number>", "how many times faster than life the past goes by", number(1), 10_000)
  .option("--org <slug>", "the organization", "demo")
  .option("--url <url>", "a server elsewhere; its API key of role INGEST is read from VIGIL_API_KEY")
  .option("--for <minutes>", "end after so many minutes", number(0))
  .parse();
const options = program.opts<Options>();

/** Where to send, and as whom: the server of this installation gets a key made for it. */
async function target(): Promise<{ url: string; key: string }> {
  const given = process.env.VIGIL_API_KEY;
  if (options.url !== undefined) {
    if (!given) throw new Error("Set VIGIL_API_KEY to an API key of role INGEST of that server.");
    return { url: options.url.replace(/\/+$/, ""), key: given };
  }
  const config = readConfig();
  const running = await readRunningServer(config.dataDir);
  if (!running) throw new Error("No server is running here. Start one with: npm start   (or name one with --url)");
  if (given) return { url: running.url, key: given };
  const app = await openApp(config, { log: createLog("warn"), poolSize: 2 });
  try {
    const organizationId = await app.organizationBySlug(options.org);
    const input = {
      name: "demo",
      role: "INGEST",
      actor: cliSubject,
      now: app.now(),
      expiresAt: app.now() + keyLife,
    } as const;
    return {
      url: running.url,
      key: (await app.db.inOrganization(organizationId, (tx) => createApiKey(tx, input))).secret,
    };
  } finally {
    await app.close();
  }
}

try {
  const { url, key } = await target();
  const stop = new AbortController();
  process.once("SIGINT", () => stop.abort());
  process.once("SIGTERM", () => stop.abort());
  if (options.for !== undefined) setTimeout(() => stop.abort(), options.for * 60_000).unref();
  console.log(`A clinic of ${options.staff} people goes to ${url}. Attacks:`);
  let sent = 0;
  await play({
    ...options,
    url,
    key,
    signal: stop.signal,
    now: Date.now,
    onAttack: ({ from, kind, clarity, story, users, services }) => {
      const whom = [...users.slice(0, 3), ...services].join(", ");
      console.log(
        `  ${new Date(from).toISOString().slice(0, 16)} ${kind} (${clarity.toLowerCase()}) ${whom}: ${story}`,
      );
    },
    onSent: ({ events, upTo, live }) => {
      sent = events;
      if (!process.stderr.isTTY) return;
      process.stderr.write(
        `\r${events} events, up to ${new Date(upTo).toISOString().slice(0, 16)}${live ? ", live" : ""} `,
      );
    },
  });
  console.log(`${process.stderr.isTTY ? "\n" : ""}${sent} events were sent.`);
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
