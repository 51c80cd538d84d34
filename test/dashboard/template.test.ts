import { expect, it } from "vitest";
import { parse } from "yaml";
import { exceptionTemplate } from "../../src/dashboard/pages/rules/template.ts";

it.each(["Exports", "Exports: all", "#1 \"quoted\" - 'twice'", "yes"])(
  "begins an exception of the rule %s as YAML",
  (rule) => {
    expect(parse(exceptionTemplate(rule))).toMatchObject({ title: `Exception of ${rule}`, filter: { rules: [rule] } });
  },
);
