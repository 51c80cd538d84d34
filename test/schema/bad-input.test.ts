/** Input that is of the right type and still cannot be: refused as its sender's fault, never as one of the server. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { type TestDatabase, testDatabase } from "../support/database.ts";
import { asker } from "./ask.ts";

let test: TestDatabase;
let ask: ReturnType<typeof asker>;
beforeAll(async () => {
  test = await testDatabase();
  ask = asker(test, { patientIndexer: async () => (id: string) => Buffer.from(id) });
});
afterAll(() => test.close());

const base64 = (text: string): string => Buffer.from(text).toString("base64");
const someone = "00000000-0000-4000-8000-000000000000";
const cursor = (...parts: unknown[]): string => base64(`GPC:J:${JSON.stringify(parts)}`);
const range = '{ from: "2026-01-01T00:00:00Z", to: "2026-01-01T10:00:00Z" }';

it.each([
  ["a cursor that names no row", `{ incidents(after: "${cursor(someone, "x")}") { nodes { id } } }`],
  ["a cursor of another kind of list", `{ incidents(after: "${cursor(someone, 5)}") { nodes { id } } }`],
  ["a cursor that names no entry", `{ auditLog(before: "${cursor(someone, "x")}", last: 1) { nodes { id } } }`],
  ["an id of no type", `{ node(id: "${base64(`Nothing:${someone}`)}") { id } }`],
  ["an id of a type that has no ids", `{ node(id: "${base64(`AlertAttempt:${someone}`)}") { id } }`],
  ["an id of an input's type", `{ node(id: "${base64(`IncidentFilter:${someone}`)}") { id } }`],
  ["an id of an interface", `{ node(id: "${base64(`Node:${someone}`)}") { id } }`],
  ["such an id among others", `{ nodes(ids: ["${base64(`Nothing:${someone}`)}"]) { id } }`],
  ["U+0000 in a key", '{ entity(kind: USER, key: "\\u0000") { id } }'],
  ["U+0000 in an address", '{ entity(kind: ADDRESS, key: "\\u0000") { id } }'],
  ["U+0000 in a name", `{ metrics(names: ["\\u0000"], range: ${range}) { name } }`],
  ["U+0000 in a kind", `{ statistics(range: ${range}) { topSubjects(kind: "\\u0000") { key } } }`],
  ["U+0000 in a tag of a filter", '{ alertRules(filter: { tag: { eq: "\\u0000" } }) { nodes { id } } }'],
  ["U+0000 in a patient of a filter", '{ securityEvents(filter: { patientId: { eq: "\\u0000" } }) { nodes { id } } }'],
  [
    "half a surrogate pair in a label",
    'mutation ($half: String!) { metricsRecord(input: { values: [{ name: "a", value: 1, labels: { a: $half } }] }) { recorded } }',
  ],
  [
    "half a surrogate pair in a condition",
    'mutation ($half: String!) { responseRuleCreate(input: { name: "a", conditions: { tags: [$half] }, actions: [{ type: BLOCK_IP }] }) { userErrors { code } } }',
  ],
  ["an interval of ages", `{ metrics(names: ["a"], interval: "P999999999999D", range: ${range}) { name } }`],
  ["steps of ages", `{ statistics(interval: "P${"9".repeat(400)}D", range: ${range}) { steps { at } } }`],
  ["U+0000 in an actor", '{ accessReport(actor: "\\u0000") { count } }'],
])("%s is refused as bad input", async (_what, query) => {
  const { errors } = await ask(query, { half: "\ud800" });
  expect(errors).toMatchObject([{ extensions: { code: "BAD_USER_INPUT" } }]);
});

it("a row that nobody has any more is still told from one that cannot be", async () => {
  const { errors } = await ask(`{ incidents(after: "${cursor(someone, someone)}") { nodes { id } } }`);
  expect(errors).toMatchObject([{ message: expect.stringContaining("is gone") }]);
});

it("goes on behind an alert of the auditor, whose id PostgreSQL has made by md5", async () => {
  const id = "f3ad1d8c-6d2c-1b1f-0f3a-9d2b6e0c4a11";
  const { errors } = await ask(`{ alerts(after: "${cursor(someone, id)}") { nodes { id } } }`);
  expect(errors).toMatchObject([{ message: expect.stringContaining("is gone") }]);
  const filter = `{ id: { eq: "${base64(`Alert:${id}`)}" } }`;
  expect(await ask(`{ alerts(filter: ${filter}) { nodes { id } } }`)).toMatchObject({
    data: { alerts: { nodes: [] } },
  });
});
