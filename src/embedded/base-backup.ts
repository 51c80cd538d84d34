/**
 * A copy of the embedded cluster that is made while it runs: PostgreSQL's own base backup by the low-level API
 * (https://www.postgresql.org/docs/current/continuous-archiving.html#BACKUP-LOWLEVEL-BASE-BACKUP), since the package of the
 * embedded PostgreSQL brings neither pg_dump nor pg_basebackup. What is torn while it is copied is mended from the log,
 * which is copied last, when such a copy is started.
 */
import { copyFile, mkdir, open, readdir, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import pg from "pg";
import { outliveLoss } from "../database-away.ts";

/** Directories whose contents belong to the running cluster alone. */
const emptied = new Set([
  "pg_wal",
  "pg_replslot",
  "pg_dynshmem",
  "pg_notify",
  "pg_serial",
  "pg_snapshots",
  "pg_stat_tmp",
  "pg_subtrans",
]);
const leftOut = /^(postmaster\.(pid|opts)|pgsql_tmp.*|backup_label.*|tablespace_map.*)$/;

export interface Copied {
  files: number;
  bytes: number;
}

/**
 * Copies the cluster into the directory, which must not be there. `meanwhile` is done before the copy's end: what it copies
 * of what is written after the database is never newer than the database's copy. Errors: PostgreSQL's; ENOSPC.
 */
export async function backUpCluster(
  ownerUrl: string,
  cluster: string,
  to: string,
  meanwhile: () => Promise<void>,
): Promise<Copied> {
  const client = outliveLoss(new pg.Client({ connectionString: ownerUrl, application_name: "vigil backup" }));
  await client.connect();
  try {
    // Of this connection, and gone with it: the log that the copy needs is not thrown away meanwhile.
    await client.query("SELECT pg_create_physical_replication_slot('vigil_backup', true, true)");
    const { rows: began } = await client.query<{ wal: string }>(
      "SELECT pg_walfile_name(pg_backup_start('vigil backup', true)) AS wal",
    );
    const copied = await copyTree(cluster, to, (name, folder) => !leftOut.test(name) && !emptied.has(folder));
    await meanwhile();
    const { rows: ended } = await client.query<{ wal: string; label: string }>(
      `SELECT pg_walfile_name(lsn) AS wal, labelfile AS label FROM pg_backup_stop(wait_for_archive => false)`,
    );
    const [first, last] = [began[0]?.wal as string, ended[0]?.wal as string];
    for (const name of (await readdir(join(cluster, "pg_wal"))).sort()) {
      // Names of one timeline are in the order of the log.
      if (!/^[0-9A-F]{24}$/.test(name) || name < first || name > last) continue;
      copied.bytes += await copyDurably(join(cluster, "pg_wal", name), join(to, "pg_wal", name));
      copied.files++;
    }
    await writeFile(join(to, "backup_label"), ended[0]?.label as string, { mode: 0o600, flush: true });
    return copied;
  } finally {
    await client.end();
  }
}

/**
 * Copies a directory that may change while it is read: what is gone when its turn comes is left out, as is what is not
 * wanted, by its name and that of the directory it is in.
 */
export async function copyTree(
  from: string,
  to: string,
  isWanted: (name: string, folder: string) => boolean,
): Promise<Copied> {
  const copied: Copied = { files: 0, bytes: 0 };
  await mkdir(to, { recursive: true, mode: 0o700 });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    if (!isWanted(entry.name, basename(from))) continue;
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) {
      const more = await copyTree(source, target, isWanted);
      copied.files += more.files;
      copied.bytes += more.bytes;
    } else if (entry.isFile()) {
      const bytes = await copyDurably(source, target).catch((error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") return undefined;
        throw error;
      });
      if (bytes === undefined) continue;
      copied.files++;
      copied.bytes += bytes;
    } else
      throw new Error(
        `${source} is neither a file nor a directory: a cluster with tablespaces is not the embedded one`,
      );
  }
  return copied;
}

/** Copies the files that stand in a directory itself, and are wanted by their name. */
export async function copyFiles(from: string, to: string, isWanted: (name: string) => boolean): Promise<void> {
  for (const entry of await readdir(from, { withFileTypes: true }))
    if (entry.isFile() && isWanted(entry.name)) await copyDurably(join(from, entry.name), join(to, entry.name));
}

/** Answers how many bytes; they are on the disk then. */
async function copyDurably(from: string, to: string): Promise<number> {
  await mkdir(dirname(to), { recursive: true, mode: 0o700 });
  await copyFile(from, to);
  const file = await open(to, "r+");
  try {
    await file.sync();
    return (await file.stat()).size;
  } finally {
    await file.close();
  }
}
