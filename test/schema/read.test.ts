import { createYoga } from "graphql-yoga";
import { v7 } from "uuid";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Viewer } from "../../src/access/viewer.ts";
import type { Services } from "../../src/schema/context.ts";
import { schema } from "../../src/schema/schema.ts";
import { createMask } from "../../src/server/mask.ts";
import { quiet, type TestDatabase, testDatabase } from "../support/database.ts";

let test: TestDatabase;
let home: string;
let number = 0;

beforeAll(async () => {
  test = await testDatabase();
  home = test.organizations[0]?.id as string;
});
afterAll(() => test.close());

interface Page {
  nodes: { number: number }[];
  pageInfo: { hasNextPage: boolean; endCursor: string };
}

const severities = ["LOW", "HIGH", "CRITICAL"];

/** Opens incidents directly in the table, three of them in each second. */
async function open(count: number, at: number, organizationId = home): Promise<void> {
  for (let i = 0; i < count; i++) {
    number++;
    const time = new Date(at + Math.floor(i / 3) * 1000);
    await test.asOwner(
      `INSERT INTO security_incidents (organization_id, id, number, title, severity, fingerprint, threat_score, subjects,
         tags, detection_count, event_count, first_event_at, last_event_at, opened_at, created_at)
       VALUES ($1, $2, $3::int, $4, $5::severity, 'f' || $3::int, 50, '[{"kind":"source.ip","key":"203.0.113.7"}]', '{}', 1, 1, $6, $6, $6, $6)`,
      [organizationId, v7(), number, `Incident ${number}`, severities[number % 3], time],
    );
  }
}

// biome-ignore lint/suspicious/noExplicitAny: each test says by its query what comes back
async function ask(query: string, variables: object = {}, organizationId = home): Promise<any> {
  const viewer: Viewer = { organizationId, kind: "USER", id: "u", name: "ada", role: "VIEWER", expiresAt: undefined };
  const services = { log: quiet, db: test.db, now: Date.now } as Partial<Services>;
  const yoga = createYoga({
    schema,
    logging: false,
    maskedErrors: { maskError: createMask(quiet) },
    context: { viewer, services, closing: new AbortController().signal },
  });
  const response = await yoga.fetch("http://test/graphql", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query, variables }),
  });
  return response.json();
}

describe("incidents", () => {
  const start = Date.UTC(2026, 0, 1);

  it("come page by page without repeating or missing one, also while new ones arrive", async () => {
    await open(20, start);
    const query = `query Page($after: String, $orderBy: [IncidentOrder!]) {
      incidents(first: 6, after: $after, orderBy: $orderBy) { nodes { number } pageInfo { hasNextPage endCursor } totalCount }
    }`;
    for (const orderBy of [
      null,
      [{ field: "SEVERITY", direction: "DESC" }],
      [{ field: "CREATED_AT", direction: "ASC" }],
    ]) {
      const before = (await ask("{ incidents(first: 100) { nodes { number } } }")).data.incidents.nodes;
      const seen: number[] = [];
      let after: string | null = null;
      do {
        const { data } = await ask(query, { after, orderBy });
        const incidents: Page = data.incidents;
        seen.push(...incidents.nodes.map((node) => node.number));
        await open(2, start + 60_000); // newer than any before
        after = incidents.pageInfo.hasNextPage ? incidents.pageInfo.endCursor : null;
      } while (after !== null);
      expect(new Set(seen).size).toBe(seen.length);
      expect(seen).toEqual(expect.arrayContaining(before.map((node: { number: number }) => node.number)));
    }
  });

  it("are found by filters", async () => {
    const count = async (filter: object) =>
      (await ask("query ($filter: IncidentFilter) { incidents(filter: $filter) { totalCount } }", { filter })).data
        .incidents.totalCount;
    const all = await count({});
    const critical = await count({ severity: { eq: "CRITICAL" } });
    expect(critical).toBeGreaterThan(5);
    expect((await count({ severity: { gte: "HIGH" } })) + (await count({ severity: { lt: "HIGH" } }))).toBe(all);
    expect(await count({ not: { severity: { eq: "CRITICAL" } } })).toBe(all - critical);
    expect(await count({ or: [{ number: { eq: 1 } }, { number: { in: [2, 3] } }] })).toBe(3);
    expect(await count({ number: { gt: 1, lte: 4 }, title: { startsWith: "incident" } })).toBe(3);
    expect(await count({ title: { contains: "%" } })).toBe(0);
    expect(await count({ resolution: { eq: null } })).toBe(all);
    expect(await count({ not: { resolution: { eq: "DUPLICATE" } } })).toBe(all); // also of what has none
    expect(await count({ not: { not: { resolution: { neq: "DUPLICATE" } } } })).toBe(0);
    expect(await count({ title: { startsWith: "Incident_" } })).toBe(0);
    expect(await count({ words: { has: null }, number: { in: null, gte: null }, title: null, and: null })).toBe(all);
    const deep = { not: { not: { not: { not: { not: { not: {} } } } } } };
    const { errors } = await ask("query ($filter: IncidentFilter) { incidents(filter: $filter) { totalCount } }", {
      filter: deep,
    });
    expect(errors[0].extensions.code).toBe("BAD_USER_INPUT");
  });

  it("are the viewer's organization's own, by list, number and id", async () => {
    const other = test.organizations[1]?.id as string;
    const { id } = (await ask("{ incident(number: 1) { id } }")).data.incident;
    expect((await ask("{ incidents { totalCount } }", {}, other)).data.incidents.totalCount).toBe(0);
    expect((await ask("{ incident(number: 1) { id } }", {}, other)).data.incident).toBeNull();
    const byId = "query ($id: ID!) { node(id: $id) { id } incident(id: $id) { number } }";
    expect((await ask(byId, { id })).data).toEqual({ node: { id }, incident: { number: 1 } });
    expect((await ask(byId, { id }, other)).data).toEqual({ node: null, incident: null });
  });

  it("carry what belongs to them", async () => {
    const [row] = await test.asOwner<{ id: string }>("SELECT id FROM security_incidents WHERE number = 1");
    await test.asOwner(
      `INSERT INTO incident_entries (organization_id, id, incident_id, kind, message, actor, at)
       SELECT $1, gen_random_uuid(), $2, 'OPENED', 'entry ' || n, 'vigil', now() + n * interval '1 second'
       FROM generate_series(1, 5) n`,
      [home, row?.id],
    );
    const query = `query ($after: String) { incident(number: 1) { subjects { kind key } rule { name }
      entries(first: 3, after: $after) { totalCount nodes { message } pageInfo { hasNextPage endCursor } }
      detections { nodes { id } } alerts { nodes { id } } actions { nodes { id } } } }`;
    const { incident } = (await ask(query)).data;
    expect(incident.subjects).toEqual([{ kind: "source.ip", key: "203.0.113.7" }]);
    expect(incident.entries.totalCount).toBe(5);
    expect(incident.entries.nodes).toHaveLength(3);
    const rest = (await ask(query, { after: incident.entries.pageInfo.endCursor })).data.incident.entries;
    expect(rest.nodes.map((node: { message: string }) => node.message)).toEqual(["entry 4", "entry 5"]);
    expect(rest.pageInfo.hasNextPage).toBe(false);
  });

  it.each([
    ["{ incident { id } }"],
    ["{ incidents(first: 0) { totalCount } }"],
    ['{ incidents(after: "nonsense") { nodes { id } } }'],
    ["{ incident(number: 1) { entries(first: 101) { nodes { id } } } }"],
  ])("refuse %s", async (query) => {
    expect((await ask(query)).errors[0].extensions.code).toBe("BAD_USER_INPUT");
  });
});
