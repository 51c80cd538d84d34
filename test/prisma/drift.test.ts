import { join } from "node:path";
import { expect, it } from "vitest";
import { migrationTo } from "../../prisma/diff.ts";
import { testDatabase } from "../support/database.ts";

it("schema.prisma says exactly what the migrations make", async () => {
  const schema = join(import.meta.dirname, "../../prisma/schema.prisma");
  // The engine's pool keeps its connection a while: on the template it would keep other files from copying that.
  const database = await testDatabase();
  try {
    expect(await migrationTo(schema, { url: database.ownerUrl })).toBe("");
  } finally {
    await database.close();
  }
});
