import { execFileSync, spawnSync } from "node:child_process";
import { accessSync, chownSync, constants, statSync } from "node:fs";
import { dirname } from "node:path";

/** How to start a PostgreSQL program here: what to put before it, and under whose ids. */
export interface RunAs {
  prefix: string[];
  ids: { uid?: number; gid?: number };
  /** Gives a new directory to the user the program runs as. */
  own(directory: string): void;
}

/**
 * PostgreSQL refuses to run as root. As root we start it in a user namespace of its own, where it sees an ordinary user
 * id while the files stay root's (so a checkout below /root works); where namespaces are forbidden, as the `postgres` or
 * `nobody` user, which must then be able to reach the files.
 */
export function runAs(paths: string[]): RunAs {
  if (process.getuid?.() !== 0) return { prefix: [], ids: {}, own: () => {} };
  const namespace = ["unshare", "--user", "--map-user=1000", "--map-group=1000"];
  if (spawnSync(namespace[0] as string, [...namespace.slice(1), "true"]).status === 0) {
    return { prefix: namespace, ids: {}, own: () => {} };
  }
  const user = ["postgres", "nobody"].map(lookUp).find((found) => found !== undefined);
  const closed = paths.find((path) => !reachable(path));
  if (!user || closed) {
    throw new Error(
      `The embedded PostgreSQL cannot run as root here: user namespaces are forbidden and ${
        closed ? `another user cannot enter ${closed}` : "there is no user `postgres` or `nobody`"
      }. Start Vigil as an ordinary user, or move it to a directory that every user may enter.`,
    );
  }
  return { prefix: [], ids: user, own: (directory) => chownSync(directory, user.uid, user.gid) };
}

function lookUp(name: string): { uid: number; gid: number } | undefined {
  try {
    const id = (flag: string): number =>
      Number(execFileSync("id", [flag, name], { stdio: ["ignore", "pipe", "ignore"] }));
    return { uid: id("-u"), gid: id("-g") };
  } catch {
    return undefined;
  }
}

/** Whether everybody may enter every directory above (and at) the path. */
function reachable(path: string): boolean {
  for (let at = path; ; at = dirname(at)) {
    try {
      accessSync(at, constants.F_OK);
      if (statSync(at).isDirectory() && (statSync(at).mode & 0o001) === 0) return false;
    } catch {
      // not made yet: its parent decides
    }
    if (at === dirname(at)) return true;
  }
}
