import { expect, it } from "vitest";
import { visible } from "../../src/dashboard/parts/visible.ts";

it.each([
  ["invoice\u202egpj.exe", "invoice[U+202E]gpj.exe"],
  ["adm\u200bin", "adm[U+200B]in"],
  ["admin\u200d", "admin[U+200D]"],
  ["\u061cann\u2066\u2069", "[U+061C]ann[U+2066][U+2069]"],
  ["a\u0008b\u{e0041}", "a[U+0008]b[U+E0041]"],
])("shows the marks that nobody sees in %j", (text, shown) => {
  expect(visible(text)).toBe(shown);
});

it.each(["two\n\tlines\r\n", "Zoë Ångström", "שלום 12", "نامه\u200cها", "👩\u200d⚕️ ❤️", "日本語"])(
  "leaves %j as it is written",
  (text) => {
    expect(visible(text)).toBe(text);
  },
);
