import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { builtinRules } from "../../src/detect/builtin.ts";
import { ruleCases } from "./cases.ts";

const file = new URL("../../docs/rules.md", import.meta.url);

describe("docs/rules.md", () => {
  it("lists every built-in rule that people see, as it is", async () => {
    const seen = new Set(ruleCases().map(({ rule }) => rule));
    const topics = new Map<string, string[]>();
    for (const { file: path, document } of builtinRules()) {
      if (!seen.has(document.name ?? "")) continue;
      const topic = path.split("/")[0] ?? "";
      const techniques = document.tags
        .filter((tag) => /^attack\.t\d/.test(tag))
        .map((tag) => tag.slice(7).toUpperCase());
      const cells = [
        document.title,
        document.severity,
        techniques.join(", "),
        document.description,
        `\`${document.name}\``,
      ];
      const line = `| ${cells.map((cell) => `${cell}`.trim().replaceAll("|", "\\|")).join(" | ")} |`;
      topics.set(topic, [...(topics.get(topic) ?? []), line]);
    }
    const head = "| rule | severity | ATT&CK | what it finds | name |\n|---|---|---|---|---|";
    const tables = [...topics].map(([topic, lines]) => `### ${topic}\n\n${head}\n${lines.join("\n")}\n`);
    const written = readFileSync(file, "utf8");
    const upTo = written.indexOf("-->\n", written.indexOf("<!-- made by")) + 4;
    await expect(`${written.slice(0, upTo)}\n${tables.join("\n")}`).toMatchFileSnapshot(file.pathname);
  });
});
