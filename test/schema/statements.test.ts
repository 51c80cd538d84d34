/** No list asks the database once for each of its rows: statements are counted for every list of the schema, short and long. */
import { type GraphQLObjectType, getNamedType, isObjectType } from "graphql";
import pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { schema } from "../../src/schema/schema.ts";
import { populateOnce, tenantTables } from "../isolation/populate.ts";
import { rootFields } from "../isolation/requests.ts";
import { type TestServer, testServer } from "../support/server.ts";
import { watchStatements } from "../support/statements.ts";

const rows = 24;
const [few, many] = [3, 20];

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
  await owner.query("UPDATE security_notifications SET user_id = $1", [userId]); // each sees the own ones only
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
