/** Node, the data directory, the room that is left in it, and the file of the audit log's checkpoints. */
import { access, constants, stat, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Config } from "../config.ts";
import { bad, care, type Finding, good } from "./finding.ts";

const oldest = [20, 19];
const mib = 1_048_576;
const scarce = 5_120 * mib; // 5 GiB
const none = 512 * mib;

export function checkNode(version = process.versions.node): Finding {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [least = 0, leastMinor = 0] = oldest;
  return major > least || (major === least && minor >= leastMinor)
    ? good("node", `Node ${version}`)
    : bad("node", `Node ${version} is too old`, `Install Node ${oldest.join(".")} or newer.`);
}

export async function checkDataDirectory({ dataDir }: Pick<Config, "dataDir">): Promise<Finding[]> {
  const part = "data directory";
  const found = await stat(dataDir).catch((error: NodeJS.ErrnoException) => error.code);
  if (found === "ENOENT") return [good(part, `${dataDir} is made on the first start`)];
  if (typeof found !== "object") return [bad(part, `${dataDir} cannot be read (${found})`, "Start as its owner.")];
  const mode = (found.mode & 0o777).toString(8);
  const findings = [
    (found.mode & 0o077) === 0
      ? good(part, `${dataDir}, its owner's only`)
      : care(part, `${dataDir} is open to others (mode ${mode})`, `It holds keys: chmod 700 ${dataDir}`),
  ];
  const { bavail, bsize } = await statfs(dataDir);
  const free = bavail * bsize;
  const says = `${Math.round(free / mib).toLocaleString("en")} MiB free`;
  const mend = "Make room, or shorten the retention (organization { retentionPolicies }).";
  findings.push(free < none ? bad("disk", says, mend) : free < scarce ? care("disk", says, mend) : good("disk", says));
  return findings;
}

/** Whoever could not write it would go on without a word: nothing else shows that the audit log was changed in the database. */
export async function checkCheckpoints({
  dataDir,
  auditCheckpoints = join(dataDir, "audit-checkpoints.ndjson"),
}: Pick<Config, "dataDir" | "auditCheckpoints">): Promise<Finding> {
  const part = "audit checkpoints";
  const code = await refusalOf(auditCheckpoints);
  return code === undefined
    ? good(part, auditCheckpoints)
    : bad(
        part,
        `${auditCheckpoints} cannot be written (${code})`,
        "Let Vigil write there: the audit log is not signed.",
      );
}

/** Why a file may not be written, or made where it is not there yet; undefined: it may. */
async function refusalOf(path: string): Promise<string | undefined> {
  const { code } = await access(path, constants.W_OK).then(
    () => ({ code: undefined }),
    (error: NodeJS.ErrnoException) => error,
  );
  return code === "ENOENT" && dirname(path) !== path ? refusalOf(dirname(path)) : code;
}
