import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTrialJudge } from "../../../src/detect/behaviour/trial-judge.ts";
import { readCsv, readRows } from "../../../src/detect/behaviour/users-rows.ts";
import { ask } from "../../audit/asking.ts";
import { type TestServer, testServer } from "../../support/server.ts";
import { event } from "../rules.ts";

let server: TestServer;
const hour = 3_600_000;

beforeAll(async () => {
  server = await testServer({});
});
afterAll(() => server.close());

const importing =
  "mutation ($input: UsersImportInput!) { usersImport(input: $input) { imported rejected { row field message } userErrors { message path } } }";
const owner = (sql: string) => server.app.db.inOrganization(server.ours, async (tx) => (await tx.query(sql)).rows);
const secretPatient = "canary-patient-7391";
const secretName = "Quillonette";

async function send(events: object[]): Promise<void> {
  const document =
    "mutation ($input: SecurityEventsIngestInput!) { securityEventsIngest(input: $input) { accepted userErrors { message } } }";
  for (let n = 0; n < events.length; n += 500) {
    const some = events.slice(n, n + 500);
    const { data } = await ask(server, document, { input: { events: some } });
    expect(data.securityEventsIngest.accepted).toBe(some.length);
  }
}
function opens(name: string, patientId: string, time: number, roles?: string[]) {
  return {
    action: "record.read",
    category: "access",
    outcome: "success",
    time: new Date(time).toISOString(),
    actor: { name, ...(roles ? { roles } : {}) },
    target: { type: "patient", id: patientId, name: `Zoe ${secretName}`, patientId },
  };
}

describe("rows of people", () => {
  it("are read from CSV with quotes, and refused with their place", () => {
    const rows = readCsv(
      '\ufeffName,roles,department,criticality\r\n"Lee, Ann",nurse;lead,"A ""B""",2\nBob,,,3\nBob,,,1\n,,,\n',
    );
    expect(rows[0]).toEqual({
      name: "Lee, Ann",
      email: undefined,
      roles: ["nurse", "lead"],
      department: 'A "B"',
      criticality: 2,
    });
    const { users, rejected } = readRows(rows);
    expect(users.map(({ keys }) => keys)).toEqual([["Lee, Ann"], ["Bob"]]);
    expect(rejected).toEqual([
      { row: 2, field: "criticality", message: "A criticality is 0.5, 1, 1.5, 2" },
      { row: 4, field: "name", message: "A row names a user, by name or email as events do" },
    ]);
    for (const bad of ["who\nx", "name,name\nx,y", "roles\nx", "name\nx,y", 'name\n"x', 'name\nx"y'])
      expect(() => readCsv(bad)).toThrow();
  });
});

describe("usersImport and what follows", { timeout: 120_000 }, () => {
  it("sets roles, department and criticality, changes nothing in a dry run, keeps what is left out, and is audited", async () => {
    const rows = [{ name: "ivy", roles: ["nurse"], criticality: 2 }, { name: "ivy" }];
    const dry = await ask(server, importing, { input: { rows, dryRun: true } });
    expect(dry.data.usersImport).toMatchObject({
      imported: 1,
      rejected: [{ row: 2, field: "name", message: "Row 1 is about the same user" }],
    });
    expect(await owner("SELECT FROM entities WHERE key = 'ivy'")).toEqual([]);
    await ask(server, importing, { input: { rows } });
    await ask(server, importing, { input: { csv: "name,department\nivy,front desk\n" } });
    expect(await owner("SELECT roles, department, criticality FROM entities WHERE key = 'ivy'")).toEqual([
      { roles: ["nurse"], department: "front desk", criticality: 2 },
    ]);
    const log = await owner("SELECT detail FROM security_audit_log WHERE action = 'USERS_IMPORTED' ORDER BY seq");
    expect(log.map(({ detail }) => [detail.dryRun, detail.made, detail.changed])).toEqual([
      [true, 0, 0],
      [false, 1, 0],
      [false, 0, 1],
    ]);
    const both = await ask(server, importing, { input: {} });
    expect(both.data.usersImport.userErrors[0].message).toBe("Give rows or csv, one of the two");
  });

  it("an imported role is the peer group of events that tell none", async () => {
    const now = Date.now();
    await send([opens("ivy", "p-1", now - 2 * hour)]);
    const [role] = await owner("SELECT learned AS profile FROM entities WHERE kind = 'ROLE' AND key = 'nurse'");
    expect(role?.profile.role_record_access.members).toHaveLength(1);
    await server.app.pipeline.rebuildProfiles(server.ours);
    const [again] = await owner("SELECT learned AS profile FROM entities WHERE kind = 'ROLE' AND key = 'nurse'");
    expect(again?.profile.role_record_access).toEqual(role?.profile.role_record_access);
  });

  it("one person's e-mail address and id are one user from the import on, and before it once profiles are rebuilt", async () => {
    const events = (hours: number) => {
      const time = new Date(Date.now() - hours * hour).toISOString();
      const rest = { outcome: "success", time };
      return [
        { ...rest, action: "login", category: "authentication", actor: { email: "mia@clinic.example" } },
        { ...rest, action: "record.read", category: "access", actor: { id: "u-77" } },
        { ...rest, action: "record.read", category: "access", actor: { name: "Mia Desk", id: "u-77" } },
      ];
    };
    await send(events(30));
    const rows = [{ name: "mia", aliases: ["mia@clinic.example", "u-77"], roles: ["desk"] }];
    const given = async (more: object[]) => (await ask(server, importing, { input: { rows: more } })).data.usersImport;
    expect(await given(rows)).toMatchObject({ imported: 1, rejected: [] });
    await send(events(3));
    const stored = await owner(
      `SELECT actor_name AS name, count(*)::int AS n FROM realtime_monitoring
       WHERE actor_id = 'u-77' OR actor_email = 'mia@clinic.example' GROUP BY 1 ORDER BY actor_name COLLATE "C"`,
    );
    expect(stored).toEqual([
      { name: "Mia Desk", n: 2 },
      { name: "mia", n: 2 },
      { name: null, n: 2 },
    ]);
    const profileOf = async (key: string) =>
      (
        await ask(
          server,
          "query ($key: String!) { entity(kind: USER, key: $key) { key aliases firstSeenAt profile { facet told } } }",
          { key },
        )
      ).data.entity;
    const byAddress = await profileOf("mia@clinic.example");
    expect(byAddress).toMatchObject({ key: "mia", aliases: ["mia@clinic.example", "u-77"] });
    expect(await profileOf("u-77")).toEqual(byAddress);
    expect(await profileOf("mia")).toEqual(byAddress);
    await server.app.pipeline.rebuildProfiles(server.ours);
    const rebuilt = await profileOf("u-77");
    expect(Date.parse(rebuilt.firstSeenAt)).toBeLessThan(Date.parse(byAddress.firstSeenAt));
    expect(
      await given([
        { name: "ann", aliases: ["u-77"] },
        { name: "eve", aliases: ["u-77"] },
      ]),
    ).toMatchObject({
      imported: 1,
      rejected: [{ row: 2, field: "aliases", message: "Row 1 is about the same user" }],
    });
    expect((await profileOf("u-77")).key).toBe("ann");
    expect((await profileOf("mia")).aliases).toEqual(["mia@clinic.example"]);
    await send(events(1).slice(1, 2));
    const [ann] = await owner("SELECT FROM realtime_monitoring WHERE actor_id = 'u-77' AND actor_name = 'ann'");
    expect(ann).toBeDefined();
    const bad = await given([
      { name: "bob", aliases: ["bob"] },
      { name: "cid", aliases: [" "] },
      { name: "dan", aliases: ["bob"] },
    ]);
    expect(bad.rejected.map(({ row, field }: { row: number; field: string }) => [row, field])).toEqual([
      [1, "aliases"],
      [2, "aliases"],
    ]);
    expect(readCsv("name,aliases\nmia,m@x.example;u-1\n")[0]?.aliases).toEqual(["m@x.example", "u-1"]);
  });

  it("an imported role is the peer group in a backtest too", () => {
    const plain = { clearOf: <T>(event: T) => event, pseudonym: (value: string) => value };
    const judge = createTrialJudge([], { timeZone: "UTC", disguise: plain, peerGroups: new Map([["ivy", "nurse"]]) });
    judge.judge([event({ action: "record.read", actor: { name: "ivy" } }), event({ actor: { name: "eve" } })]);
    const roles = [...judge.entities.values()].filter(({ kind }) => kind === "ROLE");
    expect(roles.map(({ key }) => key)).toEqual(["nurse"]);
  });

  it("mass access is an incident that names no patient, and nothing kept of it does", async () => {
    const day = 24 * hour;
    const now = Date.now();
    const events: object[] = [];
    for (let back = 24; back > 0; back--)
      for (let n = 0; n < 9; n++)
        events.push(opens("mallory", `${secretPatient}-${back}-${n}`, now - back * day + n * 600_000, ["reception"]));
    for (let n = 0; n < 90; n++)
      events.push(opens("mallory", `${secretPatient}-swept-${n}`, now - hour + n * 20_000, ["reception"]));
    await send(events);
    const { data } = await ask(
      server,
      "{ incidents(first: 50) { nodes { title subjects { kind key } rule { name } detections(first: 5) { nodes { explanation } } } } }",
    );
    const found = data.incidents.nodes.find(
      ({ rule }: { rule: { name: string } }) => rule?.name === "Mass access to patients' records",
    );
    expect(found?.subjects).toEqual([{ kind: "USER", key: "mallory" }]);
    expect(found?.detections.nodes[0].explanation).toMatch(/opened \d+ patients' records/);
    for (const table of [
      "detections",
      "security_incidents",
      "incident_entries",
      "entities",
      "security_audit_log",
      "changes",
      "realtime_monitoring",
    ]) {
      const [row] = await owner(
        `SELECT count(*)::int AS n FROM ${table} t WHERE t::text ~* '${secretPatient}|${secretName}'`,
      );
      expect([table, row?.n]).toEqual([table, 0]);
    }
  });

  it("phiAccessByRole counts patients a role, a user and a day, and is audited", async () => {
    const range = { from: new Date(Date.now() - 40 * 24 * hour), to: new Date(Date.now() + hour) };
    const query =
      "query ($range: TimeRangeInput!) { phiAccessByRole(range: $range) { role users patients userDays medianPerUserDay p90PerUserDay outsideShare } }";
    const { data } = await ask(server, query, { range });
    const [reception, nurse] = data.phiAccessByRole;
    expect(reception).toMatchObject({
      role: "reception",
      users: 1,
      patients: 306,
      medianPerUserDay: 9,
      outsideShare: 1,
    });
    expect(nurse).toEqual({
      role: "nurse",
      users: 1,
      patients: 1,
      userDays: 1,
      medianPerUserDay: 1,
      p90PerUserDay: 1,
      outsideShare: 1,
    });
    await send([opens("ivy", `${secretPatient}-swept-1`, Date.now() - 60_000, ["nurse"])]);
    const after = await ask(server, query, { range });
    expect(after.data.phiAccessByRole[1]).toMatchObject({ patients: 2, outsideShare: 0.5 });
    expect(await owner("SELECT FROM security_audit_log WHERE action = 'PHI_ACCESS_BY_ROLE_READ'")).toHaveLength(2);
  });

  it("a role or department that is changed by hand is the peer group from the next event on", async () => {
    const change =
      'mutation ($input: EntityUpdateInput!) { entityUpdate(kind: USER, key: "uma", input: $input) { userErrors { message } } }';
    const members = async (group: string) => {
      const [role] = await owner(`SELECT learned AS profile FROM entities WHERE kind = 'ROLE' AND key = '${group}'`);
      return role?.profile.role_record_access.members.length;
    };
    const now = Date.now();
    await send([opens("uma", "p-1", now - 3 * hour)]);
    await ask(server, change, { input: { department: "pharmacy" } });
    await send([opens("uma", "p-2", now - 2 * hour)]);
    expect(await members("pharmacy")).toBe(1);
    await ask(server, change, { input: { roles: ["porter"] } });
    await send([opens("uma", "p-3", now - hour)]);
    expect(await members("porter")).toBe(1);
  });
});
