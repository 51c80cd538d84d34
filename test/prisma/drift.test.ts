import { join } from "node:path";
import { inject } from "vitest";
import { expect, it } from "vitest";
import { migrationTo } from "../../prisma/diff.ts";

it("schema.prisma says exactly what the migrations make", async () => {
  const schema = join(import.meta.dirname, "../../prisma/schema.prisma");
  expect(await migrationTo(schema, { url: inject("ownerUrl") })).toBe("");
});
