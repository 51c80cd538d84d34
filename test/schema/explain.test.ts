/**
 * The statements that list queries really send, explained on many rows: `npm run explain` on 1,000,000 of each kind,
 * `npm test` on fewer. VIGIL_EXPLAIN_ROWS says how many.
 */
import { createYoga } from "graphql-yoga";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createGauges } from "../../src/publish/gauges.ts";
import { schema } from "../../src/schema/schema.ts";
import { rootFields } from "../isolation/requests.ts";
import { quiet, type TestDatabase, testDatabase } from "../support/database.ts";
import { type Statement, watchStatements } from "../support/statements.ts";
import { load } from "./explain-rows.ts";

const rows = Number(process.env.VIGIL_EXPLAIN_ROWS ?? 20_000);
const descent = 8; // buffers that finding the cursor's own row may touch

interface Plan {
  "Node Type": string;
  "Relation Name"?: string;
  "Shared Hit Blocks": number;
  "Shared Read Blocks": number;
  Plans?: Plan[];
}

let test: TestDatabase;
let home: string;
let said: ReturnType<typeof watchStatements>;

beforeAll(async () => {
  test = await testDatabase();
  home = test.organizations[0]?.id as string;
  await load(test, rows);
  said = watchStatements();
}, 1_200_000);
afterAll(() => {
  said.stop();
  return test.close();
});

const yoga = createYoga({ schema, logging: false, maskedErrors: false, context });

// biome-ignore lint/suspicious/noExplicitAny: each case says by its query what comes back
async function answer(query: string, variables: object): Promise<{ data: any; errors?: unknown }> {
  const response = await yoga.fetch("http://test/graphql", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query, variables }),
  });
  return (await response.json()) as never;
}

function context(): never {
  const viewer = { organizationId: home, kind: "USER", id: "u", name: "ada", role: "ADMIN", expiresAt: undefined };
  const services = { log: quiet, db: test.db, now: Date.now, openSealed: async () => new Map() };
  return { viewer, services, closing: new AbortController().signal } as never;
}

/** Those that can be explained. */
const reads = (statements: Statement[]): Statement[] => statements.filter(({ text }) => /^(SELECT|WITH)\b/.test(text));

// biome-ignore lint/suspicious/noExplicitAny: as above
async function ask(query: string, variables: object): Promise<{ data: any; statements: Statement[] }> {
  said.take();
  const { data, errors } = await answer(query, variables);
  const statements = reads(said.take());
  expect(errors).toBeUndefined();
  expect(statements.length).toBeGreaterThan(0);
  return { data, statements };
}

/** Buffers touched by the statements, and the tables that were read from end to end. */
async function explain(statements: Statement[]): Promise<{ buffers: number; scanned: string[] }> {
  let buffers = 0;
  const scanned: string[] = [];
  for (const { text, values } of statements) {
    const { rows: answer } = await test.db.query<{ "QUERY PLAN": [{ Plan: Plan }] }>(
      home,
      `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${text}`,
      values,
    );
    const plan = (answer[0] as { "QUERY PLAN": [{ Plan: Plan }] })["QUERY PLAN"][0].Plan;
    buffers += plan["Shared Hit Blocks"] + plan["Shared Read Blocks"];
    const visit = (node: Plan): void => {
      const touched = node["Shared Hit Blocks"] + node["Shared Read Blocks"]; // none: an empty partition
      if (node["Node Type"] === "Seq Scan" && touched > 0) scanned.push(`${node["Relation Name"]}: ${text}`);
      node.Plans?.forEach(visit);
    };
    visit(plan);
  }
  return { buffers, scanned };
}

const uuid = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/** A cursor that names another row. */
function cursorAt(cursor: string, id: string): string {
  const ids = Buffer.from(cursor, "base64").toString().match(uuid) as string[];
  return Buffer.from(
    Buffer.from(cursor, "base64")
      .toString()
      .replace(ids.at(-1) as string, id),
  ).toString("base64");
}

interface List {
  field: string;
  noun: string;
  table: string;
  orders: Record<string, string>;
  filters: { filter: object; where: string }[];
}

const yesterday = new Date(Date.now() - (Date.now() % 86_400_000) - 86_400_000).toISOString();
const day = (n: number): string => new Date(Date.now() - n * 86_400_000).toISOString();
const lists: List[] = [
  {
    field: "securityEvents",
    noun: "SecurityEvent",
    table: "realtime_monitoring",
    orders: { TIME: "time", RECEIVED_AT: "id" },
    filters: [
      { filter: { sourceIp: { eq: "203.0.113.7" } }, where: "source_ip = '203.0.113.7'" },
      { filter: { actorName: { eq: "user7" } }, where: "actor_name = 'user7'" },
      { filter: { time: { gte: yesterday } }, where: `time >= '${yesterday}'` },
    ],
  },
  {
    field: "detections",
    noun: "Detection",
    table: "detections",
    orders: {
      CREATED_AT: "created_at",
      SEVERITY: "severity",
      FIRST_EVENT_AT: "first_event_at",
      LAST_EVENT_AT: "last_event_at",
    },
    filters: [
      { filter: { severity: { eq: "CRITICAL" } }, where: "severity = 'CRITICAL'" },
      { filter: { createdAt: { lt: day(0.1) } }, where: "created_at < now() - interval '2.4 hours'" },
    ],
  },
  {
    field: "incidents",
    noun: "Incident",
    table: "security_incidents",
    orders: {
      CREATED_AT: "created_at",
      NUMBER: "number",
      SEVERITY: "severity",
      THREAT_SCORE: "threat_score",
      OPENED_AT: "opened_at",
      LAST_EVENT_AT: "last_event_at",
      UPDATED_AT: "updated_at",
    },
    filters: [
      { filter: { status: { eq: "OPEN" } }, where: "status = 'OPEN'" },
      { filter: { status: { eq: "CLOSED" } }, where: "status = 'CLOSED'" },
      { filter: { severity: { gte: "HIGH" } }, where: "severity >= 'HIGH'" },
      {
        filter: { and: [{ createdAt: { lte: yesterday, gt: day(2.5) } }] },
        where: `created_at <= '${yesterday}' AND created_at > now() - interval '60 hours'`,
      },
    ],
  },
  {
    field: "alerts",
    noun: "Alert",
    table: "security_alerts",
    orders: { CREATED_AT: "created_at", STATUS: "status" },
    filters: [{ filter: { status: { eq: "FAILED" } }, where: "status = 'FAILED'" }],
  },
];

lists.push({
  field: "entities",
  noun: "Entity",
  table: "entities",
  orders: { RISK: "risk", LAST_SEEN: "last_seen_at", KEY: "key" },
  filters: [{ filter: { risk: { gte: 50 } }, where: "risk >= 50" }],
});

const cases = lists.flatMap((list) => [
  ...Object.entries(list.orders).flatMap(([order, column]) =>
    (["DESC", "ASC"] as const).map((direction) => ({
      title: `${list.field} by ${order} ${direction}`,
      list,
      filter: null as object | null,
      orderBy: [{ field: order, direction }],
      deep: `ORDER BY ${column} ${direction}`,
    })),
  ),
  ...list.filters.map(({ filter, where }) => ({
    title: `${list.field} where ${where}`,
    list,
    filter,
    orderBy: null,
    deep: `AND ${where} ORDER BY ${Object.values(list.orders)[0]} DESC`,
  })),
]);

describe(`on ${rows.toLocaleString("en")} rows of each kind`, () => {
  it.each(cases)(
    "$title: no table is read from end to end, and a page deep in costs no more than twice the first",
    async ({ list, filter, orderBy, deep }) => {
      const query = `query ($after: String, $filter: ${list.noun}Filter, $orderBy: [${list.noun}Order!]) {
      ${list.field}(after: $after, filter: $filter, orderBy: $orderBy) { nodes { id } pageInfo { endCursor } } }`;
      const first = await ask(query, { filter, orderBy });
      const { endCursor } = first.data[list.field].pageInfo;
      const [middle] = await test.asOwner<{ id: string }>(
        `WITH fits AS (SELECT id, row_number() OVER (${deep.replace(/^.*?ORDER/, "ORDER")}) AS n FROM ${list.table} WHERE organization_id = $1 ${deep.replace(/ORDER.*/, "")})
       SELECT id FROM fits WHERE n = (SELECT max(n) / 2 FROM fits)`,
        [home],
      );
      const later = await ask(query, { filter, orderBy, after: cursorAt(endCursor, middle?.id as string) });
      expect(later.data[list.field].nodes).toHaveLength(50);
      const one = await explain(first.statements);
      const two = await explain(later.statements);
      if (process.env.VIGIL_EXPLAIN_ROWS) console.log(`${one.buffers} buffers first, ${two.buffers} deep`);
      expect([...one.scanned, ...two.scanned]).toEqual([]);
      expect(two.buffers).toBeLessThanOrEqual(2 * one.buffers + descent);
    },
  );

  it.each(["detections", "entries", "alerts"])("an incident's own %s are paged as flatly", async (part) => {
    const query = `query ($after: String) { incident(number: 1) { ${part}(after: $after) { nodes { id } pageInfo { endCursor } } } }`;
    const tables = { detections: "detections", entries: "incident_entries", alerts: "security_alerts" };
    const first = await ask(query, {});
    const [middle] = await test.asOwner<{ id: string }>(
      `SELECT id FROM ${tables[part as "alerts"]} WHERE organization_id = $1
         AND incident_id = (SELECT id FROM security_incidents WHERE organization_id = $1 AND number = 1)
       ORDER BY ${part === "entries" ? "at" : "created_at"} OFFSET ${Math.floor(rows / 20)} LIMIT 1`,
      [home],
    );
    const after = cursorAt(first.data.incident[part].pageInfo.endCursor, middle?.id as string);
    const later = await ask(query, { after });
    expect(later.data.incident[part].nodes).toHaveLength(50);
    const one = await explain(first.statements);
    const two = await explain(later.statements);
    expect([...one.scanned, ...two.scanned]).toEqual([]);
    expect(two.buffers).toBeLessThanOrEqual(2 * one.buffers + descent);
  });

  it("a user's events, of whatever name, are read by an index, and a page deep in costs little more", async () => {
    await test.asOwner(
      `UPDATE realtime_monitoring SET actor_name = NULL, actor_email = 'user7@clinic.example'
       WHERE organization_id = $1 AND actor_name = 'user7' AND substr(id::text, 36) = '1'`,
      [home],
    );
    await test.asOwner(
      `INSERT INTO entities (organization_id, kind, key, first_seen_at, last_seen_at, aliases)
       VALUES ($1, 'USER', 'user7', now(), now(), '{user7@clinic.example}')
       ON CONFLICT (organization_id, kind, key) DO UPDATE SET aliases = excluded.aliases`,
      [home],
    );
    await test.asOwner("ANALYZE realtime_monitoring");
    const query = `query ($after: String) { entity(kind: USER, key: "user7") { events(first: 20, after: $after) {
      nodes { id actorName } pageInfo { endCursor } } } }`;
    const first = await ask(query, {});
    const { nodes, pageInfo } = first.data.entity.events;
    expect(nodes).toHaveLength(20);
    const later = await ask(query, { after: pageInfo.endCursor });
    expect(later.data.entity.events.nodes).toHaveLength(20);
    const [one, two] = [await explain(first.statements), await explain(later.statements)];
    if (process.env.VIGIL_EXPLAIN_ROWS) console.log(`${one.buffers} buffers first, ${two.buffers} deep`);
    expect([...one.scanned, ...two.scanned]).toEqual([]);
    expect(two.buffers).toBeLessThanOrEqual(2 * one.buffers + descent);
  });

  it("counts the rows of all pages only where totalCount is asked for, by an index where the filter has one", async () => {
    const without = await ask("{ incidents { nodes { id } } }", {});
    expect(without.statements.filter(({ text }) => text.includes("count("))).toEqual([]);
    const { data, statements } = await ask("{ incidents(filter: {status: {eq: OPEN}}) { totalCount } }", {});
    const [counted] = await test.asOwner<{ n: number }>(
      "SELECT count(*)::int AS n FROM security_incidents WHERE organization_id = $1 AND status = 'OPEN'",
      [home],
    );
    expect(data.incidents.totalCount).toBe(counted?.n);
    expect(statements).toHaveLength(1);
    expect((await explain(statements)).scanned).toEqual([]);
  });

  it("statistics read the rows of their range by an index, and no table from end to end", async () => {
    const hours = (from: number, to: number) => ({
      from: new Date(Date.parse(yesterday) + from * 36e5),
      to: new Date(Date.parse(yesterday) + to * 36e5),
    });
    const whole = rootFields(schema, {})
      .find(({ name }) => name === "statistics")
      ?.document() as string;
    const timed = `query ($range: TimeRangeInput!) { statistics(range: $range) {
      byStatus { status } byRule { name } byChannel { name } trends { now } } }`;
    const statements = [
      ...(await ask(timed, { range: hours(10, 11) })).statements,
      // What goes by whole days, of a day that has few rows: of half of all rows a scan would be right.
      ...(await ask(whole, { range: hours(24, 25), interval: "PT1H" })).statements,
    ];
    const big = /^(security_incidents|security_alerts|detections|incident_entries|realtime_monitoring)/;
    expect((await explain(statements)).scanned.filter((scan) => big.test(scan))).toEqual([]);
  });

  it("the gauges read no table from end to end", async () => {
    said.take();
    const idle = { clients: 0, ingestLagMs: 0, waitingEvents: 0, refusedPerSecond: 0 };
    await createGauges({ db: test.db, now: Date.now, together: async () => idle }).now(home);
    const statements = reads(said.take());
    expect(statements).toHaveLength(1);
    const ofMany = (scan: string): boolean => !scan.startsWith("alert_channels:"); // an organization has a few
    expect((await explain(statements)).scanned.filter(ofMany)).toEqual([]);
  });

  it("the ranks that indexes hold are the places of the values in their enums", async () => {
    const [wrong] = await test.asOwner<{ n: number }>(
      `SELECT count(*)::int AS n FROM (
         SELECT severity_rank + 1 <> array_position(enum_range(severity), severity)
           OR status_rank + 1 <> array_position(enum_range(status), status) FROM security_incidents
         UNION ALL SELECT severity_rank + 1 <> array_position(enum_range(severity), severity) FROM detections
         UNION ALL SELECT status_rank + 1 <> array_position(enum_range(status), status) FROM security_alerts
       ) ranked(wrong) WHERE wrong`,
    );
    expect(wrong?.n).toBe(0);
    const [kinds] = await test.asOwner<{ severities: number; statuses: number; alerts: number }>(
      `SELECT (SELECT count(DISTINCT severity) FROM security_incidents)::int AS severities,
         (SELECT count(DISTINCT status) FROM security_incidents)::int AS statuses,
         (SELECT count(DISTINCT status) FROM security_alerts)::int AS alerts`,
    );
    expect(kinds).toEqual({ severities: 5, statuses: 7, alerts: 7 });
  });
});
