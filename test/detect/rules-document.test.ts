import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { builtinRules } from "../../src/detect/builtin.ts";
import { ruleCases } from "./cases.ts";

const file = new URL("../../docs/rules.md", import.meta.url);

type Row = readonly string[];
const head: Row = ["rule", "severity", "ATT&CK", "what it finds", "name"];

/** With columns of one width, as the formatter wants them. */
function table(rows: readonly Row[]): string {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)));
  const line = (row: Row, fill: string) =>
    `| ${widths.map((width, column) => (row[column] ?? "").padEnd(width, fill)).join(" | ")} |`;
  return [line(head, " "), line([], "-"), ...rows.map((row) => line(row, " "))].join("\n");
}

describe("docs/rules.md", () => {
  it("lists every built-in rule that people see, as it is", async () => {
    const seen = new Set(ruleCases().map(({ rule }) => rule));
    const topics = new Map<string, Row[]>();
    for (const { file: path, document } of builtinRules()) {
      if (!seen.has(document.name ?? "")) continue;
      const topic = path.split("/")[0] ?? "";
      const techniques = document.tags.filter((tag) => /^attack\.t\d/.test(tag));
      const row = [
        document.title,
        document.severity,
        techniques.map((tag) => tag.slice(7).toUpperCase()).join(", "),
        (document.description ?? "").trim().replaceAll("|", "\\|"),
        `\`${document.name}\``,
      ];
      topics.set(topic, [...(topics.get(topic) ?? []), row]);
    }
    const tables = [...topics].map(([topic, rows]) => `### ${topic}\n\n${table(rows)}\n`);
    const written = readFileSync(file, "utf8");
    const upTo = written.indexOf("-->\n", written.indexOf("<!-- made by")) + 4;
    await expect(`${written.slice(0, upTo)}\n${tables.join("\n")}`).toMatchFileSnapshot(file.pathname);
  });
});
