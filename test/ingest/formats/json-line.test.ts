import { describe, expect, it } from "vitest";
import { formats } from "../../../src/ingest/formats/formats.ts";

describe("a file of JSON lines", () => {
  it.each(["vigil", "ecs"])(
    "in format %s gives an event for each line, and names the bad one by its number",
    (name) => {
      const parse = formats.get(name)?.parser({ now: 0 });
      expect(parse?.('{"action":"login"}', 1)).toMatchObject({ events: [{ action: "login" }] });
      expect(parse?.('{"event.action":"login"}', 2)).toMatchObject({ events: [{ action: "login" }] });
      expect(parse?.(" ", 3)).toHaveProperty("ignored");
      expect(parse?.("{}", 4)).toMatchObject({ rejection: { index: 3, code: "MISSING_ACTION" } });
      expect(parse?.("{oops}", 5)).toEqual({
        rejection: { index: 4, code: "INVALID_JSON", message: "line 5 is not valid JSON at character 2" },
      });
    },
  );
});

describe("every format", () => {
  it("has its own name and says what it is", () => {
    for (const [name, format] of formats) {
      expect(format.name).toBe(name);
      expect(format.description).not.toBe("");
    }
  });
});
