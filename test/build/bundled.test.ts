import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { isBuiltin } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { bundleIsCurrent } from "../../src/build/bundled.js";

const root = mkdtempSync(join(tmpdir(), "vigil-bundled-"));
const bundle = join(root, "dist");
const source = join(root, "a.ts");
const current = () => bundleIsCurrent(root, bundle);
mkdirSync(bundle);
afterAll(() => rmSync(root, { recursive: true }));

describe("the bundle of the command line", () => {
  beforeEach(() => {
    writeFileSync(source, "one");
    const { mtimeMs, size } = statSync(source);
    writeFileSync(join(bundle, "sources.json"), JSON.stringify([["a.ts", Math.floor(mtimeMs / 1_000), size]]));
  });

  it("is run while its sources are what it was made of", () => {
    expect(current()).toBe(true);
  });

  it("is run where the times of its sources lost their fractions, as in the layers of an image", () => {
    const { atime, mtimeMs } = statSync(source);
    utimesSync(source, atime, Math.floor(mtimeMs / 1_000));
    expect(current()).toBe(true);
  });

  it("is not run after a source was changed, made older by a checkout, or removed", () => {
    const { atime, mtime } = statSync(source);
    writeFileSync(source, "other");
    utimesSync(source, atime, mtime);
    expect(current()).toBe(false);
    writeFileSync(source, "one");
    utimesSync(source, 1, 1);
    expect(current()).toBe(false);
    rmSync(source);
    expect(current()).toBe(false);
  });

  it("is not run where it is missing or half written", () => {
    writeFileSync(join(bundle, "sources.json"), '[["a.ts",');
    expect(current()).toBe(false);
    rmSync(join(bundle, "sources.json"));
    expect(current()).toBe(false);
  });

  it("holds the packages it uses, but those that load files of their own: a start finds and compiles no others", () => {
    const made = join(import.meta.dirname, "../../dist/vigil");
    const texts = readdirSync(made)
      .filter((name) => name.endsWith(".js"))
      .map((name) => readFileSync(join(made, name), "utf8"));
    const imported = texts.flatMap((text) =>
      [...text.matchAll(/^(?:import|export) .*?from "([^".][^"]*)";$/gm)].map(([, name]) => name as string),
    );
    const packages = new Set(imported.filter((name) => !isBuiltin(name)).map((name) => name.split("/")[0]));
    expect([...packages].sort()).toEqual(["@prisma"]);
  });
});
