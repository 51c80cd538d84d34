import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { expectNamed } from "./docs/named-test.ts";

const page = readFileSync(join(import.meta.dirname, "../docs/threat-model.md"), "utf8");
const rows = page.split("\n").filter((line) => /^\| (?!abuse|-)/.test(line));
const cells = rows.map((row) => row.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|")));

describe("docs/threat-model.md", () => {
  it("has, for every abuse, a defence and tests that there are", () => {
    expect(rows.length).toBeGreaterThan(20);
    for (const [, abuse = "", defence = "", tests = ""] of cells) {
      expect([abuse, defence !== "", tests !== ""]).toEqual([abuse, true, true]);
      for (const test of tests.split("<br>")) expectNamed(test);
    }
  });
});
