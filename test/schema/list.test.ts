/** Pages behind a row that is gone meanwhile, over the real server: it answers some lists by one statement. */
import { v7 } from "uuid";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TestServer, testServer } from "../support/server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await testServer({});
});
afterAll(() => server.close());

interface Page {
  nodes: { number: number }[];
  pageInfo: { startCursor: string; endCursor: string; hasNextPage: boolean };
}
interface Entries {
  nodes: { message: string }[];
  pageInfo: { endCursor: string };
}

let number = 9_000;

/** Opens incidents directly in the table, each with three entries; gives their numbers. */
async function open(count: number): Promise<number[]> {
  const opened: number[] = [];
  for (let n = 0; n < count; n++) {
    const id = v7();
    opened.push(++number);
    await server.database.asOwner(
      `INSERT INTO security_incidents (organization_id, id, number, title, severity, fingerprint, threat_score, subjects,
         tags, detection_count, event_count, first_event_at, last_event_at, opened_at, created_at)
       VALUES ($1, $2, $3::int, 'An incident', 'LOW', 'f' || $3::int, 50, '[]', '{}', 1, 1, $4, $4, $4, $4)`,
      [server.ours, id, number, new Date(Date.UTC(2026, 0, 1) + number * 1_000)],
    );
    await server.database.asOwner(
      `INSERT INTO incident_entries (organization_id, id, incident_id, kind, message, actor, at)
       SELECT $1, gen_random_uuid(), $2, 'OPENED', 'entry ' || n, 'vigil', now() + n * interval '1 second'
       FROM generate_series(1, 3) n`,
      [server.ours, id],
    );
  }
  return opened;
}

const remove = async (incident: number): Promise<void> => {
  const row = "organization_id = $1 AND number = $2";
  const entries = "organization_id = $1 AND incident_id";
  await server.database.asOwner(
    `DELETE FROM incident_entries WHERE ${entries} = (SELECT id FROM security_incidents WHERE ${row})`,
    [server.ours, incident],
  );
  await server.database.asOwner(`DELETE FROM security_incidents WHERE ${row}`, [server.ours, incident]);
};

const refusal = (name: string) => ({
  message: `What ${name} names is gone, and with it the place to go on from: start anew`,
  extensions: { code: "BAD_USER_INPUT" },
});

describe("a page behind a cursor", () => {
  const forward = `query ($after: String, $filter: IncidentFilter) {
    incidents(first: 2, after: $after, filter: $filter) {
      nodes { number } pageInfo { startCursor endCursor hasNextPage } } }`;
  const backward = forward.replace("$after", "$before").replace("first: 2, after: $after", "last: 2, before: $before");
  const ask = (query: string, variables: object) =>
    server.query<{ incidents: Page }, object>(query as never, variables);

  it.each([
    ["answered by one statement", forward],
    ["answered field by field", forward.replace("nodes {", "nodes @include(if: true) {")],
  ])("that names a row which is gone is refused, and not an empty end, where it is %s", async (_how, query) => {
    const numbers = await open(4);
    const filter = { number: { gte: numbers[0], lte: numbers[3] } };
    const { pageInfo } = (await ask(query, { filter })).data.incidents;
    expect(pageInfo.hasNextPage).toBe(true);
    await remove(numbers[2] as number); // the newest come first: the second
    const { errors, data } = await ask(query, { filter, after: pageInfo.endCursor });
    expect(errors).toMatchObject([refusal("after")]);
    expect(data).toBeNull();
  });

  it("going backward is refused alike", async () => {
    const numbers = await open(4);
    const filter = { number: { gte: numbers[0], lte: numbers[3] } };
    const { pageInfo } = (await ask(backward, { filter })).data.incidents;
    await remove(numbers[1] as number);
    expect((await ask(backward, { filter, before: pageInfo.startCursor })).errors).toMatchObject([refusal("before")]);
  });

  it("is the end where nothing stands behind its row", async () => {
    const numbers = await open(2);
    const filter = { number: { gte: numbers[0], lte: numbers[1] } };
    const { pageInfo } = (await ask(forward, { filter })).data.incidents;
    const { errors, data } = await ask(forward, { filter, after: pageInfo.endCursor });
    expect(errors).toBeUndefined();
    expect(data.incidents).toMatchObject({ nodes: [], pageInfo: { hasNextPage: false } });
  });

  it("of what belongs to a row is refused alike", async () => {
    const [incident] = await open(1);
    const entries = `query ($number: Int, $after: String) { incident(number: $number) {
      entries(first: 2, after: $after) { nodes { message } pageInfo { endCursor } } } }`;
    const look = (after?: string) =>
      server.query<{ incident: { entries: Entries } }, object>(entries as never, { number: incident, after });
    const first = (await look()).data.incident.entries;
    expect(first.nodes.map(({ message }) => message)).toEqual(["entry 1", "entry 2"]);
    await server.database.asOwner(
      `DELETE FROM incident_entries e USING security_incidents i
       WHERE e.organization_id = $1 AND i.id = e.incident_id AND i.number = $2 AND e.message = 'entry 2'`,
      [server.ours, incident],
    );
    expect((await look(first.pageInfo.endCursor)).errors).toMatchObject([refusal("after")]);
    const cursor = Buffer.from('GPC:J:["x","y"]').toString("base64"); // of no row that there can be
    expect((await look(cursor)).errors).toMatchObject([{ extensions: { code: "BAD_USER_INPUT" } }]);
  });
});
