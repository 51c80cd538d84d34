import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openBells } from "../../../src/publish/bells.ts";
import { quiet, type TestDatabase, testDatabase } from "../../support/database.ts";
import { clinicHistory } from "./clinic.ts";
import { detectionsOf, findingsOf, organizationWith, processOn, profilesOf } from "./told.ts";

let test: TestDatabase;
const bells = openBells(undefined, quiet);

beforeAll(async () => {
  test = await testDatabase({ poolSize: 12 });
});
afterAll(async () => {
  await bells.close();
  await test.close();
});

describe("behaviour rules", { timeout: 120_000 }, () => {
  it("find, with their reason, what a user never did before", async () => {
    const id = await organizationWith(test);
    await processOn(test.db, bells).accept(id, clinicHistory(1));
    const found = await detectionsOf(test.db, id);
    expect(found.length).toBeGreaterThan(3);
  });
});
