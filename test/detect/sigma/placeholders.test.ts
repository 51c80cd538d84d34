import { describe, expect, it } from "vitest";
import { compileRules } from "../../../src/detect/compile.ts";
import { event, selectionRule } from "../rules.ts";

function compile(clause: string, lists: Record<string, string[]>) {
  const yaml = selectionRule(`s:\n  ${clause}\ncondition: s`);
  const placeholders = new Map(Object.entries(lists));
  return compileRules([{ id: "r", revision: 1, mode: "ACTIVE", yaml }], { placeholders });
}

function says(clause: string, lists: Record<string, string[]>, attributes: Record<string, unknown>): boolean {
  const { ruleSet, errors } = compile(clause, lists);
  expect(errors).toEqual([]);
  const sent = event({ attributes });
  return ruleSet.candidates(sent).some((rule) => rule.matches(sent));
}

describe("a placeholder", () => {
  it.each([
    ["f|expand: '%admins%'", { admins: ["ann", "bob*"] }, { f: "BOBBY" }, true],
    ["f|expand: '%admins%'", { admins: ["ann", "bob*"] }, { f: "bob" }, true],
    ["f|expand: '%admins%'", { admins: ["ann"] }, { f: "%admins%" }, false],
    ["f: '%admins%'", { admins: ["ann"] }, { f: "%admins%" }, true],
    ["f|expand: 'x-%a%-%b%'", { a: ["1", "2"], b: ["3", "4"] }, { f: "x-2-3" }, true],
    ["f|expand: 'C:\\Users\\%name%\\x'", { name: ["n"] }, { f: "C:\\Users\\n\\x" }, true],
    ["f|expand: '100%'", {}, { f: "100%" }, true],
    ["f|expand: ['%a%', other]", { a: ["1"] }, { f: "other" }, true],
    ["f|contains|all|expand: ['%a%', z]", { a: ["1", "2"] }, { f: "z2" }, true],
    ["f|contains|all|expand: ['%a%', z]", { a: ["1", "2"] }, { f: "z3" }, false],
    ["f|expand|cidr: '%net%'", { net: ["10.0.0.0/8", "192.0.2.0/24"] }, { f: "192.0.2.7" }, true],
    ["f|expand|re: '^%a%$'", { a: ["x.z"] }, { f: "xyz" }, true],
    ["f|expand|base64: '%a%'", { a: ["foo"] }, { f: "Zm9v" }, true],
    ["f|expand|neq: '%a%'", { a: ["x"] }, { f: "y" }, true],
  ])("of %j with %j says of %j: %s", (clause, lists, attributes, expected) => {
    expect(says(clause, lists, attributes)).toBe(expected);
  });

  it.each([
    ["f|expand: 'C:\\Users\\%User%\\Temp'", { f: "c:\\users\\Ann\\temp", User: "ann" }, true],
    ["f|expand: 'C:\\Users\\%User%\\Temp'", { f: "C:\\Users\\Ann\\Temp", User: "bob" }, false],
    ["f|expand: 'C:\\Users\\%User%\\Temp'", { f: "C:\\Users\\Ann\\Temp" }, false],
    ["f|expand: 'C:\\Users\\%User%\\Temp'", { f: "C:\\Users\\\\Temp", User: "" }, false],
    ["f|expand|contains: '/%User%/*.zip'", { f: "/home/Ann/a.zip.part", User: ["bob", "ANN"] }, true],
    ["f|expand|contains: '/%User%/'", { f: "/home/x/", User: "*" }, false],
    ["f|expand|cased: '/%User%'", { f: "/Ann", User: "ann" }, false],
    ["f|expand: '%User%@%Domain%'", { f: "ann@x.example", User: "ann", Domain: "x.example" }, true],
  ])("inside a text, without a list, is the event's own field: %j of %j is %s", (clause, attributes, expected) => {
    expect(says(clause, {}, attributes)).toBe(expected);
  });

  it("stands for no field that events of the logsource cannot have, and for none that is encoded", () => {
    const yaml = `title: T\nlogsource: { category: authentication }\ndetection: { s: { url.path|expand: "/%admins%/x" }, condition: s }`;
    const { errors } = compileRules([{ id: "r", revision: 1, mode: "ACTIVE", yaml }]);
    expect(errors).toEqual([{ ruleId: "r", message: "the placeholder %admins% has no values" }]);
    expect(compile("f|expand|base64: 'x%User%'", {}).errors).toMatchObject([
      { message: "the placeholder %User% has no values" },
    ]);
  });

  it("without values is a fault that names it, and the rule does not run", () => {
    const { ruleSet, errors } = compile("f|expand: '%servers%'", { servers: [], others: ["x"] });
    expect(errors).toEqual([{ ruleId: "r", message: "the placeholder %servers% has no values" }]);
    expect(ruleSet.firing.size).toBe(0);
  });

  it("whose values do not suit its modifiers is a fault that says which", () => {
    expect(compile("f|expand|cidr: '%net%'", { net: ["ten"] }).errors).toMatchObject([
      { message: "a value of %net%: ten is no IPv4 or IPv6 range such as 192.0.2.0/24" },
    ]);
    const many = Array.from({ length: 200 }, (_, n) => `${n}`);
    expect(compile("f|expand: '%a%%a%'", { a: many }).errors).toMatchObject([
      { message: "%a%, %a% stand for more than 10000 texts" },
    ]);
  });
});
