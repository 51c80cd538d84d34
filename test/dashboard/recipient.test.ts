import { describe, expect, it } from "vitest";
import { recipientText } from "../../src/dashboard/parts/recipient.tsx";

describe("where an alert goes", () => {
  it("is shown of a number as its last two digits, and of everything else as it is", () => {
    expect(recipientText("…55.0123456789abcdef")).toBe("…55");
    for (const other of ["ann@clinic.example", "https://hooks.example/…55", "", "…55"])
      expect(recipientText(other)).toBe(other);
  });
});
