import { readFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TestDatabase, testDatabase } from "../support/database.ts";
import { type Population, populate, tenantTables } from "./populate.ts";
import { sourceMutants } from "./source-mutants.ts";
import { isolationFaults, testerUrl } from "./tables.ts";

let test: TestDatabase;
let population: Population;
let tester: string;

beforeAll(async () => {
  test = await testDatabase();
  const owner = new pg.Client({ connectionString: test.ownerUrl });
  await owner.connect();
  population = await populate(owner, test.organizations);
  await owner.end();
  tester = await testerUrl(test.ownerUrl);
});
afterAll(() => test.close());

const faults = (): Promise<string[]> => {
  const [ours, theirs] = test.organizations.map(({ id }) => id) as [string, string];
  return isolationFaults({ ownerUrl: test.ownerUrl, testerUrl: tester }, population, ours, theirs);
};

describe("Row Level Security", () => {
  it("T2, T3: keeps every table of one organization from another, in reading and in writing, and from nobody at all", async () => {
    expect(await faults()).toEqual([]);
  });

  it("T13: would be missed on any one table, were its policy gone or its check open", async () => {
    const owner = new pg.Client({ connectionString: test.ownerUrl });
    await owner.connect();
    const tables = await tenantTables(owner);
    await owner.end();
    const { name } = tables[tables.length - 1] as { name: string };
    await test.asOwner(`ALTER POLICY tenant ON ${name} USING (true)`);
    expect((await faults()).filter((fault) => !fault.startsWith(`${name}:`))).toEqual([]);
    expect(await faults()).not.toEqual([]);
    await test.asOwner(`ALTER POLICY tenant ON ${name} USING (organization_id = (SELECT current_organization()))`);
    expect(await faults()).toEqual([]);
  });
});

it("T13: the mutants of the source still find the lines that they break", async () => {
  for (const { file, from } of sourceMutants) {
    expect(await readFile(join(import.meta.dirname, "../..", file), "utf8"), file).toContain(from);
  }
});
