/** Looks at everything an installation stands on, without opening the application: it works where Vigil does not start. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { openSmtp } from "../alert/channels/smtp.ts";
import type { Config } from "../config.ts";
import { openEmbeddedPostgres } from "../embedded/postgres.ts";
import { loadSecrets } from "../embedded/secrets.ts";
import { closeOnSignal, interrupted, misspelt, opened } from "../run.ts";
import { checkDatabase, connections } from "./database.ts";
import { bad, care, type Finding, good } from "./finding.ts";
import { checkDataKeys, checkKeys } from "./keys.ts";
import { checkCheckpoints, checkDataDirectory, checkNode } from "./machine.ts";
import { checkAddress, checkMail, checkPlaces } from "./outside.ts";
import { checkRedis } from "./redis.ts";

/** In the order in which they are told. Never throws: what cannot be looked at is a finding. */
export async function examine(config: Config, now: number, env = process.env): Promise<Finding[]> {
  const parts: [string, () => Finding | Finding[] | Promise<Finding | Finding[]>][] = [
    ["node", () => checkNode()],
    ["settings", () => checkNames(env)],
    ["data directory", () => checkDataDirectory(config)],
    ["database", () => database(config)],
    ["redis", () => checkRedis(config.redisUrl)],
    ["keys", () => checkKeys(config)],
    ["audit checkpoints", () => checkCheckpoints(config)],
    ["address", () => checkAddress(config)],
    ["e-mail", () => mail(config)],
    ["geo", () => checkPlaces(config, now)],
  ];
  const findings: Finding[] = [];
  for (const [part, check] of parts) {
    try {
      findings.push(...[await check()].flat());
    } catch (error) {
      findings.push(bad(part, `could not be looked at: ${(error as Error).message}`, "See what it says."));
    }
  }
  return findings;
}

function checkNames(env: NodeJS.ProcessEnv): Finding | Finding[] {
  const found = misspelt(env).map(({ given, meant }) =>
    care("settings", `${given} is no setting, and changes nothing`, `Name it ${meant} if that is meant.`),
  );
  return found.length > 0 ? found : good("settings", "none is misspelt");
}

async function database(config: Config): Promise<Finding[]> {
  const { databaseUrl, ownerDatabaseUrl, redisUrl, dataDir } = config;
  const each = databaseUrl && !redisUrl ? connections.alone : connections.withRedis;
  const look = async (serverUrl: string, ownerUrl: string | undefined): Promise<Finding[]> => {
    const findings = await checkDatabase(serverUrl, ownerUrl, each);
    const isThere = findings.every(({ part, level }) => part !== "database" || level === "GOOD");
    return isThere ? [...findings, ...(await checkDataKeys(serverUrl, config))] : findings;
  };
  if (databaseUrl) return look(databaseUrl, ownerDatabaseUrl);
  if (!existsSync(join(dataDir, "postgres")))
    return [good("database", "Vigil's own PostgreSQL is made on the first start")];
  const embedded = await opened(openEmbeddedPostgres(dataDir, await loadSecrets(dataDir)), config, interrupted);
  const letGo = closeOnSignal(embedded.close, interrupted);
  try {
    return await look(embedded.serverUrl, embedded.ownerUrl);
  } finally {
    await embedded.close();
    letGo();
  }
}

async function mail({ smtp }: Config): Promise<Finding> {
  const opened = smtp && openSmtp(smtp);
  try {
    return await checkMail(opened?.verify);
  } finally {
    opened?.close();
  }
}
