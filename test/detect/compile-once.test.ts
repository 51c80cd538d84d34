import { describe, expect, it } from "vitest";
import { builtinRules } from "../../src/detect/builtin.ts";
import { compileRules } from "../../src/detect/compile.ts";
import type { StoredRule } from "../../src/detect/detection.ts";
import { createDetector } from "../../src/detect/detector.ts";
import { createFieldReader } from "../../src/detect/sigma/fields.ts";
import { allocatedBy } from "../support/allocations.ts";
import { event, selectionRule } from "./rules.ts";

const root = selectionRule("s: { user.name: root }\ncondition: s", {}, "root");
const login = selectionRule("s: { event.action: login }\ncondition: s", {}, "login");
const listed = selectionRule("s: { user.name|expand: '%admins%' }\ncondition: s", {}, "listed");

const stored = (yaml: string, id: string, rest: Partial<StoredRule> = {}): StoredRule => ({
  id,
  revision: 1,
  mode: "ACTIVE",
  yaml,
  ...rest,
});
const sent = event({ action: "login", actor: { name: "root" } });
const foundIn = ({ ruleSet }: ReturnType<typeof compileRules>) =>
  ruleSet
    .candidates(sent)
    .filter(({ matches }) => matches(sent))
    .map((rule) => rule.stored.id)
    .sort();

describe("rules of several organizations", () => {
  it("share what their texts compile to, whatever their ids, order and settings", () => {
    const one = compileRules([stored(root, "one-root"), stored(login, "one-login")]);
    const other = compileRules([stored(login, "other-login", { severity: "LOW" }), stored(root, "other-root")]);
    const matchesOf = ({ ruleSet }: typeof one) =>
      new Map(ruleSet.candidates(sent).map(({ document, matches }) => [document.title, matches]));
    expect(matchesOf(one).size).toBe(2);
    for (const [title, matches] of matchesOf(one)) expect(matchesOf(other).get(title)).toBe(matches);
    expect(foundIn(one)).toEqual(["one-login", "one-root"]);
    expect(foundIn(other)).toEqual(["other-login", "other-root"]);
  });

  it("keep their ids, severities, modes, exceptions and lists to themselves", async () => {
    const yaml =
      "title: not here\nlogsource: {}\nfilter:\n  rules: any\n  s: { event.action: login }\n  condition: not s\n";
    const quiet = compileRules([stored(root, "a", { exceptions: [{ id: "e", yaml, from: 0 }] }), stored(login, "b")]);
    const off = compileRules([stored(root, "c", { mode: "DISABLED" }), stored(login, "d", { severity: "CRITICAL" })]);
    const all = compileRules([stored(root, "e"), stored(login, "f")]);
    expect(foundIn(quiet)).toEqual(["b"]);
    expect(foundIn(off)).toEqual(["d"]);
    expect(foundIn(all)).toEqual(["e", "f"]);
    const found = async ({ ruleSet }: typeof all) =>
      (await createDetector({ ruleSet }).evaluate([sent])).detections.map(({ ruleId, severity }) => [ruleId, severity]);
    expect(await found(off)).toEqual([["d", "CRITICAL"]]);
    expect((await found(all)).sort()).toEqual([
      ["e", "MEDIUM"],
      ["f", "MEDIUM"],
    ]);
    const admins = (...names: string[]) => ({ placeholders: new Map([["admins", names]]) });
    expect(foundIn(compileRules([stored(listed, "g")], admins("root")))).toEqual(["g"]);
    expect(foundIn(compileRules([stored(listed, "h")], admins("ann")))).toEqual([]);
  });

  it("are found both where two of one organization have one text", () => {
    const twice = compileRules([stored(root, "a"), stored(login, "b"), stored(root, "c")]);
    expect(foundIn(twice)).toEqual(["a", "b", "c"]);
  });

  it("cost the second organization a fraction of what the first one costs", async () => {
    const organization = (name: string) => builtinRules().map(({ yaml }, n) => stored(yaml, `${name}-${n}`));
    const [first, second] = [organization("first"), organization("second")];
    compileRules(first); // reads the texts
    const alone = await allocatedBy(() => compileRules(first, { field: createFieldReader() }));
    const beside = await allocatedBy(() => compileRules(second));

    expect(beside / alone).toBeLessThan(0.2);
  });
});
