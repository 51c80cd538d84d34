import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, it } from "vitest";

const source = join(import.meta.dirname, "../src");
const files = readdirSync(source, { recursive: true, encoding: "utf8" })
  .filter((file) => /\.(ts|tsx|js)$/.test(file) && !/(^|[\\/])generated[\\/]/.test(file))
  .map((file) => file.replaceAll("\\", "/"));

interface Import {
  from: string;
  to: string;
  typeOnly: boolean;
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(source, file), "utf8");
  const found = text.matchAll(/^import (type )?[^;]*?from "(\.[^"]+)";/gms);
  return [...found].map(([, typeOnly, path]) => ({
    from: file,
    to: relative(source, join(source, dirname(file), path as string)).replaceAll("\\", "/"),
    typeOnly: typeOnly !== undefined,
  }));
}

const imports = files.flatMap(importsOf);
const room = (file: string): string => (file.includes("/") ? (file.split("/")[0] as string) : file);
/** What a room may use of others: functions of the root files and of these rooms; types of any room to its left. */
const ground = [
  "address.ts",
  "config.ts",
  "errors.ts",
  "log.ts",
  "made-once.ts",
  "measures.ts",
  "db.ts",
  "database-away.ts",
  "deadline.ts",
  "redis.ts",
  "statement-names.ts",
  "request-id.ts",
  "tracing.ts",
  "user-name.ts",
  "version.ts",
  "generated",
];
const mayUse: Record<string, string[]> = {
  secrets: ground,
  outbound: ground, // messages to addresses that organizations give
  ingest: [...ground, "secrets"],
  detect: [...ground, "ingest"],
  incident: [...ground, "ingest", "publish", "secrets"], // a change is recorded in the transaction that makes it
  respond: [...ground, "access", "incident", "ingest", "outbound", "publish", "secrets"], // what it does is on the timeline, and audited
  publish: ground,
  health: [...ground, "alert", "incident", "ingest", "publish", "secrets"], // its findings are incidents, told as all are
  board: ground, // what dashboards show and are made of
  access: [...ground, "secrets"],
  audit: [...ground, "access", "outbound", "secrets"],
  alert: [...ground, "access", "incident", "ingest", "outbound", "publish", "secrets"], // settings are sealed and audited; whoever is told acknowledges
  retention: [...ground, "access"], // what is removed, and who chose for how long it is kept, is audited
  database: ground,
  embedded: ground,
  queue: ground,
  doctor: [...ground, "run.ts", "alert", "database", "embedded", "ingest", "secrets"], // it connects to each by itself
  schema: [
    ...ground,
    "feedback.ts",
    "access",
    "alert",
    "audit",
    "board",
    "detect",
    "incident",
    "ingest",
    "publish",
    "respond",
    "retention",
    "secrets",
  ],
  client: [], // nor here: it is loaded by browsers
  dashboard: ["client"], // it runs in browsers: nothing of the server, whose API it speaks as anybody would
  sdk: [], // it goes into the applications of others: nothing of the server comes along
  server: [...ground, "access", "audit", "ingest", "publish", "respond", "schema", "sdk"], // it looks behind proxies as hosts do
};

describe("the house", () => {
  it("has no room that uses one it may not", () => {
    const trespasses = imports.filter(({ from, to, typeOnly }) => {
      const allowed = mayUse[room(from)];
      if (!allowed || room(from) === room(to)) return false;
      if (allowed.includes(room(to))) return false;
      return !(typeOnly && ["incident", "respond"].includes(room(from)) && room(to) === "detect");
    });
    expect(trespasses).toEqual([]);
  });

  it("lets only the server use the schema, and only app.ts use the pipeline", () => {
    const schema = imports.filter(
      ({ from, to }) => room(to) === "schema" && !["schema", "server"].includes(room(from)),
    );
    const pipeline = imports.filter(({ from, to }) => to === "pipeline.ts" && from !== "app.ts");
    expect([...schema, ...pipeline]).toEqual([]);
  });

  it("keeps every file under 300 lines and half of them under 80", () => {
    const lines = files
      .map((file) => readFileSync(join(source, file), "utf8").split("\n").length)
      .sort((a, b) => a - b);
    expect(lines.at(-1)).toBeLessThan(300);
    expect(lines[Math.floor(lines.length / 2)]).toBeLessThan(80);
  });

  it("has no drawer for odds and ends", () => {
    expect(files.filter((file) => /(^|\/)(utils?|helpers?|common|types|services|lib)(\/|\.)/.test(file))).toEqual([]);
  });
});
