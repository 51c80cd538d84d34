import { join } from "node:path";
import { expect, inject, it } from "vitest";
import { migrationTo } from "../../prisma/diff.ts";

it("schema.prisma says exactly what the migrations make", async () => {
  const schema = join(import.meta.dirname, "../../prisma/schema.prisma");
  expect(await migrationTo(schema, { url: inject("ownerUrl") })).toBe("");
});
