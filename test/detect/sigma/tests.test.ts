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
    ["f|re: 'a.c'", { f: "xxabcxx" }, true],
    ["f|re: 'a.c'", { f: "ABC" }, false],
    ["f|re: '^a.c$'", { f: "xabc" }, false],
    ["f|re|i: 'a.c'", { f: "xABCx" }, true],
    ["f|re: 'a.c'", { f: "a\nc" }, false],
    ["f|re|s: 'a.c'", { f: "a\nc" }, true],
    ["f|re: '^b$'", { f: "a\nb" }, false],
    ["f|re|m: '^b$'", { f: "a\nb" }, true],
    ["f|re|i|m|s: '^B.C$'", { f: "a\nb\nc" }, true],
    ["f|re: [x, '^4\\d$']", { f: 42 }, true],
    ["f|re|all: [a, b]", { f: "ba" }, true],
    ["f|re|all: [a, b]", { f: "aa" }, false],
    ["f|re|neq: a", { f: "b" }, true],
    ["f|re: ''", { f: "" }, true],
    ["f|re: ''", { f: null }, false],
    ["f|windash: -x -y", { f: "/x \u2013y" }, true],
    ["f|windash: -x", { f: "+x" }, false],
    ["f|windash|contains: ' -enc'", { f: "cmd /ENC" }, true],
    ["f|contains|windash: ' /enc '", { f: "cmd \u2014enc x" }, true],
    ["f|contains|all|windash: [' -a', ' -b']", { f: "c /b \u2015a" }, true],
    ["f|contains|all|windash: [' -a', ' -b']", { f: "c /b" }, false],
    ["f|windash|cased: -Force", { f: "/force" }, false],
    ["f|base64: foo", { f: "Zm9v" }, true],
    ["f|base64: fo", { f: "Zm8=" }, true],
    ["f|base64|contains: foo", { f: "xx Zm9v yy" }, true],
    ["f|base64: foo", { f: "xx Zm9v yy" }, false],
    ["f|base64|cased: foo", { f: "zM9V" }, false],
    ["f|base64: 'a\\*b'", { f: "YSpi" }, true],
    ["f|wide|base64: cmd", { f: "YwBtAGQA" }, true],
    ["f|utf16le|base64: cmd", { f: "YwBtAGQA" }, true],
    ["f|utf16be|base64: cmd", { f: "AGMAbQBk" }, true],
    ["f|utf16|base64: cmd", { f: "//5jAG0AZAA=" }, true],
    ["f|windash|base64: -a", { f: "L2E=" }, true],
    ["f|windash|wide|base64: -a", { f: "LwBhAA==" }, true],
    ["f|wide: cmd", { f: "c\0m\0d\0" }, true],
    ["f|utf16be|contains: 'c*d'", { f: "x\0c\0m\0dx" }, true],
    ["f|fieldref: g", { f: "A", g: "a" }, true],
    ["f|fieldref: g", { f: "a", g: "b" }, false],
    ["f|fieldref: g", { f: "a" }, false],
    ["f|fieldref: g", { f: null, g: null }, false],
    ["f|fieldref: g", { f: 1, g: "1.0" }, true],
    ["f|fieldref: [g, h]", { f: "a", g: "b", h: ["c", "a"] }, true],
    ["f|fieldref|cased: g", { f: "A", g: "a" }, false],
    ["f|fieldref|startswith: g", { f: "abc", g: "AB" }, true],
    ["f|fieldref|endswith: g", { f: "abc", g: "bc" }, true],
    ["f|contains|fieldref: g", { f: "abc", g: "b" }, true],
    ["f|contains|fieldref: g", { f: "abc", g: "" }, false],
    ["f|fieldref|neq: g", { f: "a", g: "b" }, true],
    ["f|fieldref|neq: g", { f: "a", g: "A" }, false],
    ["f|fieldref|neq: g", { f: "a" }, false],
    ["f|hour: 3", { f: "2024-07-10T03:45:00+05:00" }, true],
    ["f|minute: 45", { f: "2024-07-10 03:45:00" }, true],
    ["f|minute|gte: 46", { f: "2024-07-10 03:45:00" }, false],
    ["f|hour|lt: 4", { f: "2024-07-10 03:45:00" }, true],
    ["f|hour|neq: 3", { f: "2024-07-10 04:45:00" }, true],
    ["f|hour: 3", { f: "2024-07-10" }, false],
    ["f|hour: 3", { f: "three" }, false],
    ["f|day: 10", { f: "2024-07-10" }, true],
    ["f|month: 7", { f: "2024-07-10" }, true],
    ["f|year: 2024", { f: "2024-07-10" }, true],
    ["f|week: 53", { f: "2021-01-03" }, true],
    ["f|week: 1", { f: "2021-01-04" }, true],
    ["f|week: 1", { f: "2024-12-30" }, true],
    ["f|hour: 22", { f: 1700000000 }, true],
    ["f|hour: 22", { f: 1700000000000 }, true],
    ["f|minute: 13", { f: "1700000000" }, true],
  ])("%s says of %j: %s", async (clause, attributes, expected) => {
    expect(await says(clause, attributes)).toBe(expected);
  });

  it("finds a text inside Base64 wherever it stands there", async () => {
    const clause = "f|base64offset|contains: 'https://'";
    const wide = "f|wide|base64offset|contains: http";
    for (const before of ["", "x", "xy", "xyz", "wxyz"]) {
      const text = `${before}https://example.org`;
      expect(await says(clause, { f: Buffer.from(text).toString("base64") }), text).toBe(true);
      expect(await says(wide, { f: Buffer.from(text, "utf16le").toString("base64") }), text).toBe(true);
      expect(await says(clause, { f: Buffer.from(text.replace("//", "/")).toString("base64") }), text).toBe(false);
    }
  });

  it("takes the event's own time apart too", async () => {
    const clause = "s: { '@timestamp|hour': 0, '@timestamp|month': 11 }\ncondition: s";
    expect(await matches(clause, { at: 60 })).toBe(true);
    expect(await matches(clause, { at: 3_600 })).toBe(false);
  });

  it("searches for keywords with the modifiers of texts", async () => {
    expect(await matches("k: { '|re': 'ba.h$' }\ncondition: k", { message: "sudo bash" })).toBe(true);
    expect(await matches("k: { '|re': 'ba.h$' }\ncondition: k", { message: "bash it" })).toBe(false);
    expect(await matches("k: { '|windash': ' -x' }\ncondition: k", { message: "a /x" })).toBe(true);
    expect(await matches("k: { '|base64offset': secret }\ncondition: k", { message: btoa("a secret") })).toBe(true);
    expect(await matches("k: { '|cased': Bash }\ncondition: k", { message: "bash" })).toBe(false);
    expect(await matches("k: [{ f: 1 }, bash]\ncondition: k", { message: "bash" })).toBe(true);
    expect(await matches("k: [{ '|contains': bash }, { f: 1 }]\ncondition: k", { attributes: { f: 1 } })).toBe(true);
  });

  it("is one of all that must hold in a map, and one of several ways in a list of maps", async () => {
    const map = "s: { f: x, g: y }\ncondition: s";
    const list = "s: [{ f: x, g: y }, { h|contains: z }]\ncondition: s";
    expect(await matches(map, { attributes: { f: "x" } })).toBe(false);
    expect(await matches(map, { attributes: { f: "x", g: "y" } })).toBe(true);
    expect(await matches(list, { attributes: { f: "x", h: "xyz" } })).toBe(true);
    expect(await matches(list, { attributes: { f: "x" } })).toBe(false);
  });

  it("finds a keyword beside any number of numbers, and however deep it lies", async () => {
    const rule = "k: [bash]\ncondition: k";
    const numbers = Array.from({ length: 6_000 }, (_, n) => n);
    expect(await matches(rule, { attributes: { numbers }, message: "sudo bash" })).toBe(true);
    expect(await matches(rule, { attributes: { numbers, last: "sudo bash" } })).toBe(true);
    let deep: unknown = "bash";
    for (let n = 0; n < 20; n++) deep = { deep };
    expect(await matches(rule, { attributes: { deep } })).toBe(true);
  });

  it("finds no keyword in what Vigil itself says of an event", async () => {
    const reason = "ann signed in from a country that is new for her";
    const behaviour = { "7a": { revision: 1, reason, subjects: [{ kind: "USER", key: "ann" }] } };
    expect(await matches("k: [signed in from]\ncondition: k", { behaviour })).toBe(false);
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
