import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { modelFields, sampleModel } from "../../src/alert/model.ts";
import { renderTemplate } from "../../src/alert/template.ts";
import { fieldsIn, unsafeIn } from "../../src/alert/template-carries.ts";
import { checkTemplate } from "../../src/alert/template-check.ts";

const file = new URL("../../docs/alert-template.md", import.meta.url);
const written = readFileSync(file, "utf8");

type Row = readonly [string, string, string, string];
const head: Row = ["field", "class", "what it says", "example"];

/** With columns of one width, as the formatter wants them. */
function table(rows: readonly Row[]): string {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => (row[column] as string).length)));
  const line = (row: readonly string[], fill: string) =>
    `| ${widths.map((width, column) => (row[column] ?? "").padEnd(width, fill)).join(" | ")} |`;
  return [line(head, " "), line([], "-"), ...rows.map((row) => line(row, " "))].join("\n");
}

describe("docs/alert-template.md", () => {
  it("lists the data model as it is", async () => {
    const rows = Object.entries(modelFields)
      .filter(([path]) => !path.startsWith("incidents[]."))
      .map(
        ([path, { class: of, does, example }]): Row => [
          `\`${path}\``,
          of,
          does.replaceAll("|", "\\|"),
          `\`${JSON.stringify(example)}\``,
        ],
      );
    const upTo = written.indexOf("-->\n", written.indexOf("<!-- made by")) + 4;
    await expect(`${written.slice(0, upTo)}\n${table(rows)}\n`).toMatchFileSnapshot(file.pathname);
  });

  const examples = [...written.matchAll(/```liquid\n([\s\S]*?)```/g)].map(([, body]) => body as string);
  const worded = (body: string) => renderTemplate({ subject: null, body, html: null }, sampleModel());

  it("has examples that may be saved and say what it promises of them", () => {
    expect(examples.map((body) => checkTemplate({ subject: null, body, html: null }))).toEqual(["SAFE", "SAFE", "PHI"]);
    const texts = examples.map(worded).map((one) => ("text" in one ? one.text : one.fault));
    expect(texts[0]).toMatch(/^HIGH #42: Many failed log-ins .* https:\/\/vigil\.example\/incidents\/42$/);
    expect(texts[1]).toContain("- HIGH #42 Many failed log-ins from one address (1 address)");
    expect(texts[2]).toContain("address: 203.0.113.7");
  });
});

describe("the fields that a template carries", () => {
  const of = (text: string): string[] => fieldsIn(text, false).map(({ path }) => path);

  it("are those asked of a loop's items, through loops within loops; what is used as a whole counts with all it has", () => {
    expect(of("{% for a in incidents %}{{ a.number }}{% endfor %}")).toEqual(["incidents.number"]);
    expect(of("{% for a in incidents %}{% for b in a.actions %}{{ b.target }}{% endfor %}{% endfor %}")).toEqual([
      "incidents.actions.target",
    ]);
    expect(of("{% for a in incidents %}{{ a.title }}{% endfor %}")).toEqual(["incidents.title"]);
    for (const whole of [
      "{{ incidents | json }}",
      "{% for a in incidents %}{{ a | json }}{% endfor %}",
      "{% assign x = incident %}{{ x.number }}",
      "{% for a in incidents %}{% assign x = a %}{{ x.title }}{% endfor %}",
      "{% for a in incidents reversed %}{{ a.number }}{% endfor %}{{ incidents | last }}",
    ]) {
      expect(unsafeIn({ subject: null, body: whole, html: null }).join(), whole).toMatch(/title \(PII\)/);
    }
  });

  it("are told once, with their class", () => {
    const parts = { subject: "{{ incident.title }}", body: "{{ incident.title }}", html: "{{ incident.explanation }}" };
    expect(unsafeIn(parts)).toEqual(["incident.explanation (PHI)", "incident.title (PII)"]);
  });
});
