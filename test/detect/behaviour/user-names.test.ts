import { readFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { withName } from "../../../src/detect/behaviour/user-names.ts";
import { oneSpelling } from "../../../src/user-name.ts";
import { ask } from "../../audit/asking.ts";
import { type TestServer, testServer } from "../../support/server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await testServer({});
});
afterAll(() => server.close());

const logIn = (actor: object) => ({ action: "login", category: "authentication", outcome: "success", actor });
async function send(events: object[]): Promise<void> {
  const document =
    "mutation ($input: SecurityEventsIngestInput!) { securityEventsIngest(input: $input) { accepted userErrors { message } } }";
  const { data } = await ask(server, document, { input: { events } });
  expect(data.securityEventsIngest.accepted).toBe(events.length);
}
const entityOf = async (key: string) =>
  (await ask(server, "query ($key: String!) { entity(kind: USER, key: $key) { key risk } }", { key })).data.entity;
const keysLike = (text: string) =>
  server.app.db.inOrganization(server.ours, async (tx) => {
    const { rows } = await tx.query<{ key: string }>(
      "SELECT key FROM entities WHERE kind = 'USER' AND key ILIKE $1 ORDER BY key",
      [text],
    );
    return rows.map(({ key }) => key);
  });

describe("an e-mail address", () => {
  it("is one user however its letters are written; another name is as it was sent", () => {
    const told = (actor: object, names = new Map<string, string>()) => withName({ actor }, names).actor;
    expect(told({ name: "Ann@Clinic.Example", email: "ANN@clinic.example", id: "U@7" })).toEqual({
      name: "ann@clinic.example",
      email: "ann@clinic.example",
      id: "u@7",
    });
    expect(told({ name: "Ann", id: "U7" })).toEqual({ name: "Ann", id: "U7" });
    expect(told({ email: "Ann@Clinic.Example" }, new Map([["ann@clinic.example", "ann"]]))).toEqual({
      name: "ann",
      email: "ann@clinic.example",
    });
    const same = { actor: { name: "ann@clinic.example" } };
    expect(withName(same, new Map())).toBe(same);
    expect(oneSpelling("CORP\\Ann")).toBe("CORP\\Ann");
  });

  it("has one profile, and is asked for and acted on by any spelling", async () => {
    await send([logIn({ name: "Ida@Clinic.Example" }), logIn({ name: "ida@clinic.example" }), logIn({ name: "Ida" })]);
    expect(await keysLike("ida%")).toEqual(["Ida", "ida@clinic.example"]);
    expect(await entityOf("IDA@clinic.example")).toMatchObject({ key: "ida@clinic.example" });
    const create = `mutation ($input: DecisionCreateInput!) { decisionCreate(input: $input) { decision { value } userErrors { message } } }`;
    const input = { type: "FORCE_MFA", scope: "USER", value: " Ida@Clinic.Example ", reason: "A test" };
    const { data } = await ask(server, create, { input });
    expect(data.decisionCreate).toMatchObject({ decision: { value: "ida@clinic.example" } });
    const change = `mutation { entityUpdate(kind: USER, key: "IDA@Clinic.example", input: { department: "desk" }) { entity { key department } userErrors { message } } }`;
    expect((await ask(server, change)).data.entityUpdate.entity).toEqual({
      key: "ida@clinic.example",
      department: "desk",
    });
    const incident = `mutation { incidentCreate(input: { title: "Seen", description: "A test", severity: LOW, subjects: [{ kind: USER, key: "Ida@Clinic.Example" }] }) { incident { subjects { key } } userErrors { message } } }`;
    expect((await ask(server, incident)).data.incidentCreate.incident.subjects).toEqual([
      { key: "ida@clinic.example" },
    ]);
  });

  it("is one in a list of people as well", async () => {
    const document =
      "mutation ($input: UsersImportInput!) { usersImport(input: $input) { imported rejected { row message } userErrors { message } } }";
    const rows = [
      { name: "Joy@Clinic.Example", aliases: ["JOY@home.example"], roles: ["nurse"] },
      { name: "joy@clinic.example", roles: ["desk"] },
    ];
    const { data } = await ask(server, document, { input: { rows } });
    expect(data.usersImport).toMatchObject({
      imported: 1,
      rejected: [{ row: 2, message: "Row 1 is about the same user" }],
    });
    await send([logIn({ email: "Joy@Home.Example" })]);
    expect(await keysLike("joy%")).toEqual(["joy@clinic.example"]);
  });

  it("known under several spellings before is known on under one", async () => {
    await server.app.db.inOrganization(server.ours, (tx) =>
      tx.query(
        `INSERT INTO entities (organization_id, kind, key, first_seen_at, last_seen_at, department, aliases)
         SELECT $1, 'USER', key, now(), seen, department, aliases FROM (VALUES
           ('Kim@Clinic.Example', now() - interval '2 days', 'old', '{}'::text[]),
           ('KIM@clinic.example', now() - interval '1 day', 'new', ARRAY['K-1', 'Kim@Home.Example']),
           ('Lea@clinic.example', now(), 'other', '{}'), ('lea@clinic.example', now() - interval '3 days', 'own', '{}')
         ) AS g(key, seen, department, aliases)`,
        [server.ours],
      ),
    );
    const file = "../../../prisma/migrations/20261214000100_one_spelling/migration.sql";
    const owner = new pg.Client({ connectionString: server.database.ownerUrl });
    await owner.connect();
    try {
      await owner.query(`BEGIN; ${await readFile(join(import.meta.dirname, file), "utf8")}; COMMIT`);
    } finally {
      await owner.end();
    }
    const rows = await server.app.db.inOrganization(server.ours, async (tx) => {
      const text = `SELECT key, department, aliases FROM entities WHERE kind = 'USER' AND key ILIKE ANY ('{kim%,lea%}') ORDER BY key COLLATE "C"`;
      return (await tx.query(text)).rows;
    });
    expect(rows).toEqual([
      { key: "Kim@Clinic.Example", department: "old", aliases: [] },
      { key: "Lea@clinic.example", department: "other", aliases: [] },
      { key: "kim@clinic.example", department: "new", aliases: ["K-1", "kim@home.example"] },
      { key: "lea@clinic.example", department: "own", aliases: [] },
    ]);
  });
});
