import { afterAll, beforeAll, expect, it } from "vitest";
import { ask as asking } from "../../audit/asking.ts";
import { type TestServer, testServer } from "../../support/server.ts";
import { watchStatements } from "../../support/statements.ts";

let server: TestServer;
const rule = (title: string): string => `title: ${title}
logsource: { product: clinic }
detection: { s: { event.action: ${title.toLowerCase()} }, condition: s }
level: medium
`;
const send = async (action: string, name: string): Promise<void> => {
  const event = { action, logsource: { product: "clinic" }, actor: { name } };
  expect((await server.ingest(JSON.stringify(event))).status).toBe(200);
};
// biome-ignore lint/suspicious/noExplicitAny: each query says what comes back
const ask = async (document: string, variables: object = {}): Promise<any> =>
  (await asking(server, document, variables as never, { as: server.admin })).data;

beforeAll(async () => {
  server = await testServer({});
  await ask("mutation ($yaml: String!) { alertRulesImport(input: { yaml: $yaml, mode: ACTIVE }) { imported } }", {
    yaml: `${rule("Odd")}---\n${rule("Strange")}`,
  });
});
afterAll(() => server.close());

it("a threshold that is lowered is passed by whoever is above it, at the next hourly sweep", async () => {
  await send("odd", "ann"); // 18 points
  const told = async () =>
    (
      await ask(
        '{ entity(kind: USER, key: "ann") { riskLevel incidents { nodes { severity entries { nodes { kind } } } } } }',
      )
    ).entity;
  await server.app.sweep.risk();
  expect(await told()).toMatchObject({ riskLevel: null, incidents: { nodes: [{ severity: "MEDIUM" }] } });
  await ask(
    "mutation { organizationUpdate(input: { riskThresholds: { high: 15, critical: 80 } }) { userErrors { path } } }",
  );
  await server.app.sweep.risk();
  const raised = await told();
  expect(raised).toMatchObject({ riskLevel: "HIGH", incidents: { nodes: [{ severity: "HIGH" }] } });
  expect(raised.incidents.nodes[0].entries.nodes).toContainEqual({ kind: "SEVERITY_RAISED" });
  const { rows } = await server.app.db.query(server.ours, "SELECT FROM changes WHERE kind = 'SEVERITY_RAISED'", []);
  expect(rows).toHaveLength(1);
  await server.app.sweep.risk();
  expect(await told()).toEqual(raised);
});

it("an incident about somebody who had passed a threshold before is as severe from the start, and then as people say", async () => {
  const incidents = async () =>
    (
      await ask(
        '{ entity(kind: USER, key: "bob") { incidents { nodes { id title severity entries { nodes { kind message } } } } } }',
      )
    ).entity.incidents.nodes;
  await send("odd", "bob"); // past 15
  await send("strange", "bob");
  const strange = (await incidents()).find(({ title }: { title: string }) => title.startsWith("Strange"));
  expect(strange).toMatchObject({ severity: "HIGH" });
  expect(strange.entries.nodes).toContainEqual({
    kind: "SEVERITY_RAISED",
    message: expect.stringMatching(
      /^Severity raised from MEDIUM to HIGH: the threat score of user bob is \d+, past the threshold of 15 for HIGH: \d+ /,
    ),
  });
  await ask(
    "mutation ($ids: [ID!]!, $input: IncidentsUpdateInput!) { incidentsUpdate(ids: $ids, input: $input) { updated } }",
    { ids: [strange.id], input: { severity: "MEDIUM", reason: "He moves house." } },
  );
  await send("strange", "bob");
  expect((await incidents()).find((one: { id: string }) => one.id === strange.id)).toMatchObject({
    severity: "MEDIUM",
  });
});

it("whoever has passed a threshold before costs nothing where none of the incidents that open is about them", async () => {
  const event = (action: string, name: string): string =>
    JSON.stringify({ action, logsource: { product: "clinic" }, actor: { name } });
  const crowd = ["cat", "dan", "fay"].map((name) => event("odd", name));
  expect((await server.ingest(crowd.join("\n"))).status).toBe(200); // past 15
  const statements = watchStatements();
  expect((await server.ingest([...crowd, event("strange", "dan")].join("\n"))).status).toBe(200);
  const raises = statements.take().filter(({ text }) => text.includes("severity_rank < $4"));
  statements.stop();
  expect(raises).toHaveLength(1);
  const { incidents } = (await ask('{ entity(kind: USER, key: "dan") { incidents { nodes { title severity } } } }'))
    .entity;
  expect(incidents.nodes.map(({ severity }: { severity: string }) => severity)).toEqual(["HIGH", "HIGH"]);
});
