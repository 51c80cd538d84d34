/** `vigil backup` and `vigil restore`: the whole of an installation with the embedded PostgreSQL, in a directory. */
import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Command } from "commander";
import { z } from "zod";
import type { Config } from "../config.ts";
import { backUpCluster, copyFiles, copyTree } from "../embedded/base-backup.ts";
import { binaries } from "../embedded/binaries.ts";
import { hasCluster } from "../embedded/has-cluster.ts";
import { openEmbeddedPostgres } from "../embedded/postgres.ts";
import { runAs } from "../embedded/run-as.ts";
import { loadSecrets } from "../embedded/secrets.ts";
import { VigilError } from "../errors.ts";
import { closeOnSignal, interrupted, opened, readConfig } from "../run.ts";
import { restored } from "./restored.ts";

const manifestSchema = z.object({
  format: z.literal(1),
  madeAt: z.string(),
  postgres: z.string(),
  /** Settings that hold what is not in it. */
  without: z.array(z.string()).default([]),
});
/** Where these are set, what an installation needs is not in its data directory. */
const elsewhere = {
  VIGIL_ENCRYPTION_KEYS: "the keys of what is sealed",
  VIGIL_AUDIT_SIGNING_KEY: "the key that signs the audit log",
  VIGIL_AUDIT_CHECKPOINTS: "the audit log's checkpoints",
} as const;
const setOf = (config: Config): string[] => {
  const { encryptionKeys, auditSigningKey, auditCheckpoints } = config;
  const values = [encryptionKeys, auditSigningKey, auditCheckpoints];
  return Object.keys(elsewhere).filter((_, index) => values[index] !== undefined);
};
/** Of the running server, not of the installation. */
const notKept = /^(postgres(\.log|\.new-.*)?|server\.json)$/;

export function addBackupCommands(program: Command): void {
  program
    .command("backup <directory>")
    .description("back up the embedded PostgreSQL, the keys and the audit checkpoints, while the server runs")
    .action(async (directory: string) => {
      const began = performance.now();
      const { files, bytes, without } = await backUp(readConfig(), directory, Date.now());
      const [mebibytes, seconds] = [bytes / 1_048_576, (performance.now() - began) / 1_000];
      console.log(`${directory}: ${files} files, ${mebibytes.toFixed(1)} MiB, in ${seconds.toFixed(1)} s`);
      if (!without.includes("VIGIL_ENCRYPTION_KEYS"))
        console.log("It holds the keys of what is sealed: keep it as you keep them.");
      for (const name of without)
        console.log(`It does not hold ${elsewhere[name as keyof typeof elsewhere]}: keep what ${name} says yourself.`);
    });
  program
    .command("restore <directory>")
    .description("restore what `vigil backup` made into an empty VIGIL_DATA_DIR")
    .action(async (directory: string) => {
      const madeAt = await restore(readConfig(), directory);
      console.log(`Restored what was backed up at ${madeAt}.`);
      await restored();
    });
}

function embeddedOnly({ databaseUrl }: Config, instead: string): void {
  if (databaseUrl === undefined) return;
  throw new VigilError(
    "BAD_USER_INPUT",
    `DATABASE_URL is set: use ${instead} (docs/deploy.md, "Back up and restore").`,
  );
}

/** Makes the directory, which must not be there or be empty. Errors: BAD_USER_INPUT; PostgreSQL's; of the disk. */
export async function backUp(
  config: Config,
  directory: string,
  now: number,
): Promise<{ files: number; bytes: number; without: string[] }> {
  embeddedOnly(config, "pg_dump");
  const { dataDir } = config;
  const cluster = join(dataDir, "postgres");
  if (!hasCluster(dataDir))
    throw new VigilError("BAD_USER_INPUT", `${dataDir} has no database yet: there is nothing to back up.`);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  if ((await readdir(directory)).length > 0)
    throw new VigilError("BAD_USER_INPUT", `${directory} is not empty: back up into a directory of its own.`);
  const postgres = await opened(openEmbeddedPostgres(dataDir, await loadSecrets(dataDir)), config, interrupted);
  const letGo = closeOnSignal(postgres.close, interrupted);
  try {
    const copied = await backUpCluster(postgres.ownerUrl, cluster, join(directory, "postgres"), () =>
      copyFiles(dataDir, directory, (name) => !notKept.test(name)),
    );
    const version = (await readFile(join(cluster, "PG_VERSION"), "utf8")).trim();
    const without = setOf(config);
    const manifest = { format: 1, madeAt: new Date(now).toISOString(), postgres: version, without };
    // The last of all: what has no manifest is not whole.
    await writeFile(join(directory, "backup.json"), `${JSON.stringify(manifest)}\n`, { mode: 0o600, flush: true });
    return { ...copied, without };
  } finally {
    await postgres.close();
    letGo();
  }
}

/** Answers when it was made. Errors: BAD_USER_INPUT, and nothing is changed. */
export async function restore(config: Config, directory: string): Promise<string> {
  embeddedOnly(config, "pg_restore");
  const { dataDir } = config;
  const manifest = await readFile(join(directory, "backup.json"), "utf8").catch(() => undefined);
  if (manifest === undefined)
    throw new VigilError(
      "BAD_USER_INPUT",
      `${directory} has no backup.json: it is no backup, or one that was not finished.`,
    );
  const { madeAt, postgres, without } = manifestSchema.parse(JSON.parse(manifest));
  const missing = without.filter((name) => !setOf(config).includes(name));
  if (missing.length > 0) {
    const message = `${directory} was made of an installation with ${missing.join(", ")}, which it does not hold: set what was set there, or nothing that is sealed or signed can be read.`;
    throw new VigilError("BAD_USER_INPUT", message);
  }
  const ours = await majorVersion();
  if (postgres !== ours) {
    const message = `${directory} is of PostgreSQL ${postgres}, this version of Vigil brings ${ours}: restore it with the version that made it.`;
    throw new VigilError("BAD_USER_INPUT", message);
  }
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  if ((await readdir(dataDir)).length > 0)
    throw new VigilError("BAD_USER_INPUT", `${dataDir} is not empty: restore into a VIGIL_DATA_DIR of its own.`);
  const draft = join(dataDir, `postgres.new-${process.pid}`);
  try {
    await copyTree(join(directory, "postgres"), draft, () => true);
    await own(draft, dataDir);
    await copyFiles(directory, dataDir, (name) => name !== "backup.json");
    await rename(draft, join(dataDir, "postgres"));
  } catch (error) {
    await rm(dataDir, { recursive: true, force: true });
    throw error;
  }
  return madeAt;
}

/** Of the embedded PostgreSQL, e.g. `18`. */
async function majorVersion(): Promise<string> {
  const { stdout } = await promisify(execFile)((await binaries()).postgres, ["--version"]);
  return /(\d+)/.exec(stdout)?.[1] ?? "";
}

/** Gives what was copied to the user that PostgreSQL runs as, where that is another one. */
async function own(directory: string, dataDir: string): Promise<void> {
  const as = runAs([(await binaries()).postgres, dataDir]);
  as.own(directory);
  for (const entry of await readdir(directory, { recursive: true })) as.own(join(directory, entry));
}
