import { describe, expect, it } from "vitest";
import { matches } from "../rules.ts";

const says = (clause: string, attributes: Record<string, unknown>) =>
  matches(`s:\n  ${clause}\ncondition: s`, { attributes });

describe("a clause", () => {
  it.each([
    ["f: Value", { f: "vALUE" }, true],
    ["f: value", { f: "values" }, false],
    ["f|cased: Value", { f: "value" }, false],
    ["f|contains|cased: Al", { f: "vAlue" }, true],
    ["f|contains|cased: Al", { f: "value" }, false],
    ["f: 42", { f: "42" }, true],
    ["f: 42", { f: "42.0" }, true],
    ["f: '42'", { f: 42 }, true],
    ["f: 42", { f: "042x" }, false],
    ["f: 12345678901234567890", { f: "12345678901234567890" }, true],
    ["f: 12345678901234567890", { f: "12345678901234567891" }, false],
    ["f: true", { f: true }, true],
    ["f: true", { f: "True" }, true],
    ["f: 'true'", { f: true }, true],
    ["f: ''", { f: "" }, true],
    ["f: ''", {}, false],
    ["f: null", {}, true],
    ["f: null", { f: null }, true],
    ["f: null", { f: "" }, false],
    ["f: '*'", { f: "" }, true],
    ["f: '*'", {}, false],
    ["f: [x, y]", { f: "y" }, true],
    ["f: [x, 'y*']", { f: "yes" }, true],
    ["f: x", { f: ["w", "x"] }, true],
    ["f: x", { f: [["x"]] }, true],
    ["f: x", { f: { x: 1 } }, false],
    ["f|contains|all: [a, b]", { f: "xbxa" }, true],
    ["f|contains|all: [a, b]", { f: "a" }, false],
    ["f|all: [a, b]", { f: ["b", "a"] }, true],
    ["f|startswith: va", { f: "VALUE" }, true],
    ["f|endswith: [x, ue]", { f: "value" }, true],
    ["f|contains: 'a?u'", { f: "value" }, true],
    ["f|exists: true", { f: null }, true],
    ["f|exists: true", {}, false],
    ["f|exists: false", {}, true],
    ["f|lt: 10", { f: 9 }, true],
    ["f|lt: 10", { f: "9.5" }, true],
    ["f|lt: 10", { f: 10 }, false],
    ["f|lte: 10", { f: 10 }, true],
    ["f|gt: 10", { f: 10 }, false],
    ["f|gte: 10", { f: "10" }, true],
    ["f|gte: 10", { f: "ten" }, false],
    ["f|gte: 10", {}, false],
    ["f|neq: 443", { f: 80 }, true],
    ["f|neq: 443", { f: "443" }, false],
    ["f|neq: [80, 443]", { f: 443 }, false],
    ["f|neq: x", {}, false],
    ["f|neq: x", { f: ["w", "x"] }, false],
    ["f|cidr: 10.0.0.0/8", { f: "10.200.3.4" }, true],
    ["f|cidr: 10.0.0.0/8", { f: "11.0.0.1" }, false],
    ["f|cidr: 192.0.2.128/25", { f: "192.0.2.127" }, false],
    ["f|cidr: [192.0.2.0/24, '2001:db8::/33']", { f: "2001:DB8:7fff::1" }, true],
    ["f|cidr: '2001:db8::/33'", { f: "2001:db8:8000::1" }, false],
    ["f|cidr: 192.0.2.0/24", { f: "::ffff:192.0.2.9" }, true],
    ["f|cidr: '::/0'", { f: "192.0.2.1" }, false],
    ["f|cidr: 10.0.0.0/8", { f: "ten" }, false],
  ])("%s says of %j: %s", async (clause, attributes, expected) => {
    expect(await says(clause, attributes)).toBe(expected);
  });

  it("is one of all that must hold in a map, and one of several ways in a list of maps", async () => {
    const map = "s: { f: x, g: y }\ncondition: s";
    const list = "s: [{ f: x, g: y }, { h|contains: z }]\ncondition: s";
    expect(await matches(map, { attributes: { f: "x" } })).toBe(false);
    expect(await matches(map, { attributes: { f: "x", g: "y" } })).toBe(true);
    expect(await matches(list, { attributes: { f: "x", h: "xyz" } })).toBe(true);
    expect(await matches(list, { attributes: { f: "x" } })).toBe(false);
  });

  it("without a field looks for its words everywhere in the event, any of them or with `all` every one", async () => {
    const any = "k: ['BASH -c', '/etc/*dow']\ncondition: k";
    const all = "k: { '|all': [bash, shadow] }\ncondition: k";
    expect(await matches(any, { attributes: { deep: { list: ["sudo bash -c ls"] } } })).toBe(true);
    expect(await matches(any, { message: "cat /etc/shadow" })).toBe(true);
    expect(await matches(any, { http: { path: "/bash" } })).toBe(false);
    expect(await matches(all, { message: "bash", userAgent: "shadow" })).toBe(true);
    expect(await matches(all, { message: "bash" })).toBe(false);
  });

  it("of a condition list is one of several ways", async () => {
    const either = "a: { f: 1 }\nb: { f: 2 }\ncondition: [a, b]";
    expect(await matches(either, { attributes: { f: 2 } })).toBe(true);
    expect(await matches(either, { attributes: { f: 3 } })).toBe(false);
  });
});
