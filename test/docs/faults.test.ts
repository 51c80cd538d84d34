import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { faults } from "../crash/faults.ts";
import { expectNamed } from "./named-test.ts";

const rows = readFileSync(join(import.meta.dirname, "../../docs/faults.md"), "utf8")
  .split("\n")
  .filter((line) => /^\| F\d+ /.test(line))
  .map((line) => line.split("|").map((cell) => cell.trim()));

describe("docs/faults.md", () => {
  it("has every fault of the matrix, with what shows what is expected", () => {
    expect(rows.map(([, id]) => id)).toEqual(Array.from({ length: 32 }, (_, n) => `F${n + 1}`));
    for (const [, id, , expected, shown = ""] of rows) {
      expect([id, expected !== "", shown !== ""]).toEqual([id, true, true]);
      for (const one of shown.split("<br>")) if (one.startsWith("`")) expectNamed(one);
    }
  });

  it("names the kinds of the crash run, each with its fault", () => {
    const named = rows.flatMap(([, id, , , shown = ""]) =>
      shown.split("<br>").flatMap((one) => (one.startsWith("run: ") ? [`${id} ${one.slice(5)}`] : [])),
    );
    expect(named.sort()).toEqual(faults.map(({ id, name }) => `${id} ${name}`).sort());
  });
});
