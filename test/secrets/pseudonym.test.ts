import { expect, it } from "vitest";
import { pseudonymBy } from "../../src/secrets/pseudonym.ts";

it("a pseudonym is the same for equal values, worked out once, and anew for those forgotten or too long", () => {
  const asked: string[] = [];
  const pseudonym = pseudonymBy((value) => {
    asked.push(value);
    return Buffer.from(value.slice(0, 8));
  });
  const long = "x".repeat(129);
  expect([pseudonym("ann"), pseudonym("bob"), pseudonym("ann")]).toEqual([
    "sealed-616e6e",
    "sealed-626f62",
    "sealed-616e6e",
  ]);
  expect([pseudonym(long), pseudonym(long)]).toEqual(["sealed-7878787878787878", "sealed-7878787878787878"]);
  expect(asked).toEqual(["ann", "bob", long, long]);
  for (let n = 0; n < 20_000; n++) pseudonym(`user ${n}`);
  expect(pseudonym("ann")).toBe("sealed-616e6e");
  expect(asked.filter((value) => value === "ann")).toHaveLength(2);
});
