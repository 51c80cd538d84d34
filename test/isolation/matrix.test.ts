import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isObjectType } from "graphql";
import pg from "pg";
import { v7 as uuidv7 } from "uuid";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { schema } from "../../src/schema/schema.ts";
import { type TestServer, testServer } from "../support/server.ts";
import { canaryOf, type Population, populate, tenantTables } from "./populate.ts";
import { type RootField, rootFields } from "./requests.ts";

/** The table of each model, by the model's name, which is the type's. */
const nodeTables = Object.fromEntries(
  [
    ...readFileSync(join(import.meta.dirname, "../../prisma/schema.prisma"), "utf8").matchAll(
      /^model (\w+) \{.*?@@map\("(\w+)"\)/gms,
    ),
  ].map(([, model, table]) => [model, table]),
);
const nodeTypes = schema.getPossibleTypes(schema.getType("Node") as never).map(({ name }) => name);

/** Where the types of the arguments do not say all that is needed. */
const fields = rootFields(schema, {
  incident: (_, id) => (id === undefined ? { number: 900_000 } : { id }),
  dashboardUpdate: (variables) => ({ ...variables, input: { name: "Changed" } }),
  widgetUpdate: (variables) => ({ ...variables, input: { title: "Changed" } }),
  widgetCreate: (_, id) => ({ input: { dashboardId: id ?? "x", kind: "LINE", title: "Made" } }),
  dashboardLayoutUpdate: (_, id) => ({ id: id ?? "x", places: [] }),
  incidentsUpdate: (_, id) => ({ ids: [id ?? "x"], input: { move: "ACKNOWLEDGE" } }),
  incidentMerge: (_, id) => {
    const intoId = Buffer.from(`Incident:${uuidv7()}`).toString("base64");
    return { id: id ?? "x", input: { intoId, reason: "One." } };
  },
  incidentEvidenceAdd: (_, id) => ({ id: id ?? "x", input: { note: "Made" } }),
  alertRuleBackfill: (_, id) => ({
    input: { ruleId: id ?? "x", range: { from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z" } },
  }),
  alertRouteCreate: (_, id) => ({ input: { name: uuidv7(), parentId: id ?? null } }),
  alertRouteUpdate: (_, id) => ({ id: id ?? "x", input: { name: uuidv7() } }),
  escalationPolicyCreate: (_, id) => ({
    input: { name: uuidv7(), steps: [{ delaySeconds: 60, tell: [{ channelId: id ?? "x" }] }] },
  }),
  escalationPolicyUpdate: (_, id) => ({ id: id ?? "x", input: { name: uuidv7() } }),
  onCallScheduleCreate: (_, id) => ({
    input: {
      name: uuidv7(),
      timeZone: "UTC",
      layers: [{ name: "Layer", userIds: [id ?? "x"], startsOn: "2026-01-01" }],
    },
  }),
  onCallScheduleUpdate: (_, id) => ({ id: id ?? "x", input: { name: uuidv7() } }),
  onCallOverrideCreate: (_, id) => {
    const times = { startsAt: new Date().toISOString(), endsAt: new Date(Date.now() + 3_600_000).toISOString() };
    return { input: { scheduleId: id ?? "x", userId: idOf(server.ours, "User"), ...times } };
  },
  alertsRetry: (_, id) => ({ input: { ids: [id ?? "x"] } }),
  silencePreview: () => ({ matchers: [{ field: "SEVERITY", operator: "AT_LEAST", value: "INFO" }] }),
  alertRulesImport: () => ({ input: { yaml: "x", mode: "ACTIVE", dryRun: true } }),
});
// What removes comes last, so that the others still find their own; what removes others with it, behind those.
const lateness = ({ name }: RootField): number =>
  Number(name.endsWith("Delete")) + Number(name === "onCallScheduleDelete");
fields.sort((a, b) => lateness(a) - lateness(b) || b.name.localeCompare(a.name));
const [queries, mutations, subscriptions] = (["query", "mutation", "subscription"] as const).map((operation) =>
  fields.filter((field) => field.operation === operation),
) as [RootField[], RootField[], RootField[]];

/** An id of the type's kind that belongs to nobody. */
const randomId = (type: string): string =>
  globalId(type, type === "AuditEntry" ? String(5_000_000 + Math.floor(Math.random() * 1_000_000)) : uuidv7());
const globalId = (type: string, id: string): string => Buffer.from(`${type}:${id}`).toString("base64");
/** One of these stands in every global id of the row, whatever its type: base64 takes three bytes at a time. */
const withinGlobalIds = (id: string): string[] =>
  [0, 1, 2].map((ahead) => Buffer.from(id.slice(ahead, id.length - ((id.length - ahead) % 3))).toString("base64"));

let server: TestServer;
let owner: pg.Client;
let tables: Awaited<ReturnType<typeof tenantTables>>;
/** A token of our organization's user whom the population made, an administrator. */
let token: string;
let population: Population;
/** What all rows of theirs came to before anything was asked. */
let theirs: Record<string, string>;
/** Whatever may never be said to our organization: their canary, ids and slug. */
let theirSecrets: string[];

beforeAll(async () => {
  server = await testServer({});
  owner = new pg.Client({ connectionString: server.database.ownerUrl });
  await owner.connect();
  await owner.query("SET plan_cache_mode = force_generic_plan"); // planning takes longer than what it plans
  population = await populate(owner, server.database.organizations);
  tables = await tenantTables(owner);
  const userId = population.get(server.ours)?.get("users")?.id as string;
  token = await server.app.tokens.sign({ organizationId: server.ours, userId, name: "matrix", role: "ADMIN" }, 600);
  const rows = [...(population.get(server.theirs)?.values() ?? [])];
  const ids = rows.flatMap((row) => (typeof row.id === "string" ? [row.id] : []));
  theirs = await fingerprint(server.theirs);
  theirSecrets = [canaryOf("other"), server.theirs, ...ids, ...ids.flatMap(withinGlobalIds)];
});
afterAll(async () => {
  await owner?.end();
  await server.close();
});

const idOf = (organizationId: string, type: string): string => {
  const row = population.get(organizationId)?.get(nodeTables[type] as string);
  return globalId(type, String(row?.id ?? row?.seq));
};

interface Answered {
  status: number;
  text: string;
}

async function ask(field: RootField, id?: string, nodeType?: string, choice?: number): Promise<Answered> {
  const answer = await fetch(`${server.url}/graphql`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ query: field.document(nodeType), variables: field.variables(id, choice) }),
  });
  return { status: answer.status, text: await answer.text() };
}

const leaks = (text: string): string[] => theirSecrets.filter((secret) => text.includes(secret));

/** The answer without the id that was asked for, moments and what is left of the budget, which differ from call to call. */
const shape = ({ status, text }: Answered, id: string): string =>
  `${status} ${text
    .replaceAll(id, "<id>")
    .replaceAll(Buffer.from(id, "base64").toString().split(":")[1] as string, "<id>")
    .replaceAll(/"(remaining|resetSeconds)":\d+/g, '"$1":"<left>"')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "<time>")}`;

/**
 * The node types to ask with: where the field says which it takes, those and one other, each field another one, since the
 * server refuses them all alike; else every one, those first after which the field is named: the sooner one of ours is
 * known, the less is asked.
 */
function typesFor({ name, idTypes }: RootField, at: number): { taken: string[]; others: string[] } {
  if (idTypes.size > 0) {
    const others = nodeTypes.filter((type) => !idTypes.has(type));
    return { taken: [...idTypes], others: [others[at % others.length] as string] };
  }
  const named = (type: string): boolean => name.toLowerCase().startsWith(type.toLowerCase());
  return { taken: [...nodeTypes.filter(named), ...nodeTypes.filter((type) => !named(type))], others: [] };
}

/** Fields that take whatever has an id. */
const takesAny = ["nodes", "node"];

/** A hash of every row of an organization, by table, in one statement. */
async function fingerprint(organizationId: string): Promise<Record<string, string>> {
  const hashes = tables.map(
    ({ name }) => `SELECT '${name}' AS name, md5(string_agg(t::text, '|' ORDER BY t::text)) AS hash
      FROM ${name} t WHERE organization_id = $1`,
  );
  const { rows } = await owner.query<{ name: string; hash: string | null }>({
    name: "fingerprint",
    text: hashes.join(" UNION ALL "),
    values: [organizationId],
  });
  return Object.fromEntries(rows.map(({ name, hash }) => [name, hash ?? ""]));
}

describe("the isolation matrix", () => {
  it("knows a row of every node type of the schema", () => {
    expect(nodeTypes.filter((type) => !nodeTables[type])).toEqual([]);
    for (const type of nodeTypes) expect(isObjectType(schema.getType(type))).toBe(true);
    for (const type of nodeTypes) expect(population.get(server.theirs)?.get(nodeTables[type] as string)).toBeDefined();
  });

  it.each(queries.map((field) => [field.name, field] as const))(
    "T5: query %s says nothing of another organization when no id is given",
    async (_, field) => {
      const { text } = await ask(field);
      expect(leaks(text)).toEqual([]);
      // What the server could not answer would prove nothing.
      expect(text).not.toMatch(/"code":"(?:INTERNAL|GRAPHQL_VALIDATION_FAILED|COMPLEXITY_LIMIT)"/);
    },
  );

  const takingIds = [...queries, ...mutations].filter(({ takesIds }) => takesIds);
  it("knows of every field that takes ids which types they are of", () => {
    expect(takingIds.filter(({ idTypes }) => idTypes.size === 0).map(({ name }) => name)).toEqual(takesAny);
  });

  it.each(takingIds.map((field, at) => [field.name, field, at] as const))(
    "T5, T9: %s answers a foreign id as it answers one that nobody has, changes nothing of theirs, and knows our own",
    async (_, field, at) => {
      const { taken, others } = typesFor(field, at);
      /** What ids that nobody has were answered, so that a type answered like another is not asked for again. */
      const nobodys = new Set<string>();
      let known = false;
      for (const type of [...taken, ...others]) {
        for (let choice = 0; choice < field.choices; choice++) {
          const answered = async (id: string) => {
            const answer = await ask(field, id, type, choice);
            return { ...answer, shape: shape(answer, id).replaceAll(type, "<type>") };
          };
          const foreign = idOf(server.theirs, type);
          const answer = await answered(foreign);
          expect(leaks(answer.text.replaceAll(foreign, ""))).toEqual([]);
          expect(answer.text).not.toMatch(/INTERNAL|GRAPHQL_VALIDATION_FAILED|COMPLEXITY_LIMIT/);
          if (!nobodys.has(answer.shape)) {
            const random = await answered(randomId(type));
            expect(answer.shape).toBe(random.shape);
            nobodys.add(random.shape);
          }
          if (others.includes(type)) {
            expect(answer.text).toMatch(/is not of type|is compared with the id of/);
            continue;
          }
          known ||= !nobodys.has((await answered(idOf(server.ours, type))).shape);
        }
      }
      if (field.operation === "mutation") expect(await fingerprint(server.theirs)).toEqual(theirs);
      expect(known).toBe(true);
    },
  );

  it("T5: every subscription delivers our organization's things and nothing of theirs", async () => {
    const heard = new Map<string, string>();
    const end = new AbortController();
    const readers = subscriptions.map(async (field) => {
      const answer = await fetch(`${server.url}/graphql`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${token}`,
          "content-type": "application/json",
          accept: "text/event-stream",
        },
        body: JSON.stringify({ query: field.document(), variables: field.variables() }),
        signal: end.signal,
      });
      heard.set(field.name, "");
      const decoder = new TextDecoder();
      try {
        for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) {
          heard.set(field.name, heard.get(field.name) + decoder.decode(chunk, { stream: true }));
        }
      } catch (error) {
        if (!end.signal.aborted) throw error;
      }
    });
    const until = async (done: () => boolean): Promise<void> => {
      while (!done()) await new Promise((resolve) => setTimeout(resolve, 20));
    };
    await until(() => heard.size === subscriptions.length);
    const their = await server.failLogins(`${canaryOf("other")}eve`, { times: 10, as: server.otherKey });
    const our = await server.failLogins(`${canaryOf("demo")}eve`, { times: 10 });
    expect([their.accepted, our.accepted]).toEqual([10, 10]);
    await until(() => heard.get("incidentEvents")?.includes(`${canaryOf("demo")}eve`) ?? false);
    end.abort();
    await Promise.all(readers);
    for (const [name, text] of heard) expect([name, leaks(text)]).toEqual([name, []]);
  });

  it("T5: refuses every field to a token of an organization that does not exist, without saying that it does not", async () => {
    const nobody = await server.token("ADMIN", uuidv7());
    for (const field of queries) {
      const answer = await fetch(`${server.url}/graphql`, {
        method: "POST",
        headers: { authorization: `Bearer ${nobody}`, "content-type": "application/json" },
        body: JSON.stringify({ query: field.document(), variables: field.variables(undefined) }),
      });
      expect([field.name, leaks(await answer.text())]).toEqual([field.name, []]);
    }
  });
});
