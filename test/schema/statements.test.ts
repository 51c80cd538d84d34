/** No list asks the database once for each of its rows: statements are counted for every list of the schema, short and long. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  type GraphQLObjectType,
  getNamedType,
  getNullableType,
  isListType,
  isObjectType,
  isRequiredArgument,
} from "graphql";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { schema } from "../../src/schema/schema.ts";
import { populateOnce, tenantTables } from "../isolation/populate.ts";
import { rootFields } from "../isolation/requests.ts";
import fc from "../support/property.ts";
import { type TestServer, testServer } from "../support/server.ts";
import { watchStatements } from "../support/statements.ts";

const rows = 24;
const [few, many] = [3, 20];
/** Lists of which whoever asks has few here. */
const sparse = new Set(["savedFilters"]);

let server: TestServer;
let token: string;
let said: ReturnType<typeof watchStatements>;

beforeAll(async () => {
  server = await testServer({});
  const owner = new pg.Client({ connectionString: server.database.ownerUrl });
  await owner.connect();
  const tables = await tenantTables(owner);
  const ours = { id: server.ours, slug: "demo" };
  let made = await populateOnce(owner, tables, ours);
  const userId = made.get("users")?.id as string;
  for (let number = 1; number < rows; number++)
    made = await populateOnce(owner, tables, ours, { number, before: made });
  // Each sees the own ones only.
  await owner.query("UPDATE security_notifications SET user_id = $1", [userId]);
  await owner.query("UPDATE dashboards SET owner_id = $1", [userId]);
  await owner.end();
  token = await server.app.tokens.sign({ organizationId: server.ours, userId, name: "statements", role: "ADMIN" }, 600);
  said = watchStatements();
}, 120_000);
afterAll(async () => {
  said.stop();
  await server.close();
});

/** How often each statement was sent, but for what other parts of the server do meanwhile: the least of two times. */
async function statements(name: string, query: string, first: number): Promise<Map<string, number>> {
  const counts: Map<string, number>[] = [];
  for (let time = 0; time < 2; time++) {
    said.take();
    const { data, errors } = await server.query<Record<string, { nodes: unknown[] }>, object>(
      query as never,
      { first },
      token,
    );
    const sent = said.take().map(({ text }) => text);
    expect(errors ?? []).toEqual([]);
    expect(data?.[name]?.nodes).toHaveLength(first);
    const count = new Map<string, number>();
    for (const text of sent) count.set(text, (count.get(text) ?? 0) + 1);
    counts.push(count);
  }
  const [one, other] = counts as [Map<string, number>, Map<string, number>];
  return new Map([...one].map(([text, count]) => [text, Math.min(count, other.get(text) ?? 0)]));
}

const lists = rootFields(schema, {}).filter(({ operation, name }) => {
  const field = schema.getQueryType()?.getFields()[name];
  const type = field && getNamedType(field.type);
  return operation === "query" && isObjectType(type) && "nodes" in (type as GraphQLObjectType).getFields();
});

it.each(lists.map((list) => [list.name, list] as const))(
  "%s asks the database as often for 20 rows, with all that hangs on them, as for 3",
  async (name, list) => {
    const short = await statements(name, list.document(), few);
    const long = await statements(name, list.document(), many);
    const more = [...long].filter(([text, count]) => count > (short.get(text) ?? 0) && count >= few);
    expect(more).toEqual([]);
  },
);

/** Lists that have no pages: all rows at once, so that there is no shorter one to compare with. */
const whole = rootFields(schema, {}).filter(({ operation, name, takesIds }) => {
  const field = schema.getQueryType()?.getFields()[name];
  const isList = field && isListType(getNullableType(field.type)) && isObjectType(getNamedType(field.type));
  const isAskedBare = field?.args.every((argument) => !isRequiredArgument(argument)) ?? false;
  return operation === "query" && isList && isAskedBare && !takesIds;
});

it.each(whole.map((list) => [list.name, list] as const))(
  "%s asks the database for no row by itself",
  async (name, list) => {
    const counts: Map<string, number>[] = [];
    let length = 0;
    for (let time = 0; time < 2; time++) {
      said.take();
      const { data, errors } = await server.query<Record<string, unknown[]>, object>(
        list.document() as never,
        {},
        token,
      );
      expect(errors ?? []).toEqual([]);
      length = data[name]?.length ?? 0;
      const count = new Map<string, number>();
      for (const { text } of said.take()) count.set(text, (count.get(text) ?? 0) + 1);
      counts.push(count);
    }
    const [one, other] = counts as [Map<string, number>, Map<string, number>];
    const often = [...one].filter(([text, count]) => Math.min(count, other.get(text) ?? 0) >= few);
    expect([length >= few, often.length > 0]).toEqual([!sparse.has(name), false]);
  },
);

describe("a page of incidents with what was done about them", () => {
  const fields = `pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    nodes { __typename id number title severity threatScore tags fingerprint revision openedAt createdAt updatedAt
      acknowledgedAt resolvedAt resolution acknowledgedBy ...Parts }`;
  const parts = `fragment Parts on Incident {
    done: actions(first: $within) { nodes { id type status target scope appliedAt } }
    alerts { nodes { id kind status priority recipient sentAt tries messageId } }
    detections(first: 2) { nodes { id } } }`;
  const planned = `query Page($first: Int!, $within: Int, $after: String, $filter: IncidentFilter, $order: [IncidentOrder!]) {
    incidents(first: $first, after: $after, filter: $filter, orderBy: $order) { ${fields} } } ${parts}`;
  const fieldByField = planned.replace("nodes {", "nodes @include(if: true) {");
  const ask = (query: string, variables: object, as = token) =>
    server.query<{ incidents: { nodes: Record<string, unknown>[]; pageInfo: { endCursor: string } } }, object>(
      query as never,
      variables,
      as,
    );
  /** Statements that lay down whole answers; other parts of the server read the same tables meanwhile. */
  const whole = (): number => said.take().filter(({ text }) => text.includes("AS node")).length;

  it("is read by one statement, and says what is said where each field is resolved by itself", async () => {
    const first = await ask(planned, { first: 5 });
    const after = first.data?.incidents.pageInfo.endCursor;
    const order = [{ field: "SEVERITY", direction: "ASC" }];
    for (const variables of [
      { first: 100 },
      { first: 5, within: 1, order },
      { first: 5, within: 100, after },
      { first: 24, filter: { number: { gt: 2 }, severity: { in: ["LOW", "HIGH", "CRITICAL", "MEDIUM", "INFO"] } } },
      { first: 3, after, filter: { number: { lt: 0 } } },
    ]) {
      said.take();
      const one = await ask(planned, variables);
      expect(whole()).toBe(1);
      const other = await ask(fieldByField, variables);
      expect(whole()).toBe(0);
      expect(one).toEqual(other);
      expect(one.errors).toBeUndefined();
    }
    const [incident] = first.data?.incidents.nodes ?? [];
    expect(incident).toMatchObject({ __typename: "Incident", done: { nodes: [{}] }, alerts: { nodes: [{}] } });
  });

  it.each([
    ["alerts", "id kind status priority recipient dueAt tries sentAt deliveredAt messageId step createdAt"],
    ["detections", "id mode severity fingerprint weak explanation firstEventAt eventCount updatedAt ruleRevision"],
  ])("is no exception: %s are read in the same way", async (name, columns) => {
    const query = `{ ${name}(first: 20) { nodes { ${columns} } pageInfo { hasNextPage endCursor } } }`;
    said.take();
    const one = await ask(query, {});
    expect(whole()).toBe(1);
    expect(one).toEqual(await ask(query.replace("nodes {", "nodes @include(if: true) {"), {}));
    expect(whole()).toBe(0);
    expect(one.errors).toBeUndefined();
  });

  it("is refused, and faults of its input are told, as anywhere else", async () => {
    for (const variables of [{ first: 101 }, { first: 5, within: 0 }, { first: 5, after: "no cursor" }]) {
      const one = await ask(planned, variables);
      expect(one.errors).toHaveLength(1);
      expect(one).toEqual(await ask(fieldByField, variables));
    }
    const refused = await ask(planned, { first: 5 }, server.key);
    expect(refused.errors?.map(({ extensions }) => extensions?.code)).toEqual(["FORBIDDEN"]);
    expect((await ask(planned, { first: 5 }, server.outsider)).data?.incidents.nodes).toEqual([]);
  });

  it("is left to their resolvers where one field's is more than a column", async () => {
    said.take();
    const { data } = await ask(planned.replace("tags", "tags resolutionReason"), { first: 5 });
    expect(whole()).toBe(0);
    expect(data?.incidents.nodes).toHaveLength(5);
  });

  it("is the same for whatever is chosen of it: columns, subjects, rows that are named, pages within and their counts", async () => {
    const some = (names: string) => fc.subarray(names.split(" "), { minLength: 1 }).map((chosen) => chosen.join(" "));
    const maybe = (part: fc.Arbitrary<string>) => fc.option(part, { nil: "" });
    const within = (name: string, columns: fc.Arbitrary<string>) =>
      fc
        .tuple(fc.integer({ min: 1, max: 100 }), maybe(fc.constant("totalCount")), columns)
        .map(([first, count, chosen]) => `${name}(first: ${first}) { ${count} nodes { ${chosen} } }`);
    const subjects = maybe(some("__typename kind key").map((chosen) => `subjects { ${chosen} }`));
    const rule = maybe(some("__typename id name revision createdAt").map((chosen) => `rule { ${chosen} }`));
    const assignee = maybe(some("email name").map((chosen) => `assignee { ${chosen} }`));
    const all = (...parts: fc.Arbitrary<string>[]) => fc.tuple(...parts).map((chosen) => chosen.join(" "));
    const channel = maybe(some("id name").map((chosen) => `channel { ${chosen} }`));
    const row = all(
      some("id number title severity status threatScore detectionCount lastEventAt resolvedBy"),
      subjects,
      rule,
      assignee,
      maybe(within("actions", some("id type target appliedAt"))),
      maybe(within("alerts", all(some("id status sentAt"), channel))),
      maybe(within("detections", all(some("id weak eventCount"), subjects, rule))),
    );
    const variables = { first: 7 };
    await fc.assert(
      fc.asyncProperty(row, maybe(fc.constant("totalCount")), async (chosen, count) => {
        const query = `query ($first: Int) { incidents(first: $first) { ${count} nodes { ${chosen} } } }`;
        said.take();
        const one = await ask(query, variables);
        expect(whole()).toBe(1);
        expect(one.errors).toBeUndefined();
        expect(one).toEqual(await ask(query.replace("nodes {", "nodes @include(if: true) {"), variables));
      }),
      { numRuns: 25 },
    );
  });

  it("needs the permission of each row that is named, too", async () => {
    const query = "{ incidents(first: 2) { nodes { number rule { name } } } }";
    for (const role of ["ADMIN", "VIEWER", "AUDITOR", "INGEST"]) {
      const as = await server.app.tokens.sign(
        { organizationId: server.ours, userId: "u", name: role, role: role as never },
        600,
      );
      expect(await ask(query, {}, as)).toEqual(
        await ask(query.replace("nodes {", "nodes @include(if: true) {"), {}, as),
      );
    }
  });

  it("is what the dashboard's list of incidents asks for", async () => {
    const read = (path: string) => readFileSync(join(import.meta.dirname, "../../src/dashboard", path), "utf8");
    const row = /fragment IncidentRow on Incident \{.*?^\}/ms.exec(read("data/realtime.graphql"))?.[0];
    const query = `query ($first: Int!) { incidents(first: $first) { totalCount nodes { ...IncidentRow } pageInfo { hasNextPage endCursor } } } ${row}`;
    said.take();
    const one = await ask(query, { first: 20 });
    expect(whole()).toBe(1);
    expect(one).toEqual(await ask(query.replace("nodes {", "nodes @include(if: true) {"), { first: 20 }));
  });
});
