import { afterAll, beforeAll, expect, it } from "vitest";
import { ask as asking } from "../../audit/asking.ts";
import { type TestServer, testServer } from "../../support/server.ts";

let server: TestServer;
const rule = `title: Odd
logsource: { product: clinic }
detection: { s: { event.action: odd }, condition: s }
level: medium
`;
// biome-ignore lint/suspicious/noExplicitAny: each query says what comes back
const ask = async (document: string, variables: object = {}): Promise<any> =>
  (await asking(server, document, variables as never, { as: server.admin })).data;

beforeAll(async () => {
  server = await testServer({});
  await ask("mutation ($yaml: String!) { alertRulesImport(input: { yaml: $yaml, mode: ACTIVE }) { imported } }", {
    yaml: rule,
  });
});
afterAll(() => server.close());

it("a threshold that is lowered is passed by whoever is above it, at the next hourly sweep", async () => {
  const ann = { action: "odd", logsource: { product: "clinic" }, actor: { name: "ann" } };
  expect((await server.ingest(JSON.stringify(ann))).status).toBe(200); // 18 points
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
