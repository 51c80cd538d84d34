/** What people set up and keep may name a patient, as matchers and filters do; so may that incidents are related. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TestServer, testServer } from "../support/server.ts";

let server: TestServer;
let viewer: string;

/** Somebody of that name: all tokens of the test server have one. */
const signed = (name: string, role: "ANALYST" | "VIEWER"): Promise<string> =>
  server.app.tokens.sign({ organizationId: server.ours, userId: "cli", name, role }, 600);

// biome-ignore lint/suspicious/noExplicitAny: each test says by its query what comes back
type Data = any;

async function ask(query: string, variables: object = {}, as?: string): Promise<Data> {
  const { data, errors } = await server.query<Data, object>(query as never, variables, as);
  expect(errors).toBeUndefined();
  return data;
}

const phiReads = () =>
  server.database.asOwner<{ actor: string; detail: { patients: string[]; count: number } }>(
    "SELECT actor, detail FROM security_audit_log WHERE action = 'PHI_READ' ORDER BY seq",
  );
const rowOf = (id: string): string => Buffer.from(id, "base64").toString().split(":")[1] as string;

/** Stores an incident; answers its id. */
async function incident(number: number, subjects: object[]): Promise<string> {
  const [row] = await server.database.asOwner<{ id: string }>(
    `INSERT INTO security_incidents (organization_id, id, number, title, severity, fingerprint, threat_score, subjects, tags,
       detection_count, event_count, first_event_at, last_event_at, opened_at)
     VALUES ($1, gen_random_uuid(), $2, 'i', 'HIGH', 'f' || $2::int, 50, $3, '{}', 1, 1, now(), now(), now()) RETURNING id`,
    [server.ours, number, JSON.stringify(subjects)],
  );
  return Buffer.from(`Incident:${row?.id}`).toString("base64");
}

beforeAll(async () => {
  server = await testServer({});
  viewer = await signed("vic", "VIEWER");
});
afterAll(() => server.close());

describe("matchers of silences, routes and inhibitions", () => {
  const naming = [
    { field: "SUBJECT", operator: "EQUALS", value: "p-7000" },
    { field: "TITLE", operator: "CONTAINS", value: "Jane Roe" },
    { field: "FINGERPRINT", operator: "EQUALS", value: "f9001" },
  ];
  const others = [
    { field: "SEVERITY", operator: "AT_LEAST", value: "INFO" },
    { field: "RULE", operator: "EQUALS", value: "vip-snooping" },
    { field: "TAG", operator: "STARTS_WITH", value: "attack." },
  ];
  const matchers = [...naming, ...others];
  const hidden = [...naming.map((matcher) => ({ ...matcher, value: "[withheld]" })), ...others];
  const fields = "{ field operator value }";
  const all = `{ silences(first: 5) { nodes { id matchers ${fields} } } alertRoutes { id name matchers ${fields} }
    alertInhibitions { id source ${fields} target ${fields} } }`;
  let ids: string[];

  beforeAll(async () => {
    const endsAt = new Date(Date.now() + 3_600_000).toISOString();
    const make = async (name: string, type: string, noun: string, input: object): Promise<string> => {
      const answer = `{ ${noun} { id } userErrors { message } }`;
      const document = `mutation ($input: ${type}!) { ${name}(input: $input) ${answer} }`;
      const { [name]: made } = await ask(document, { input });
      expect(made.userErrors).toEqual([]);
      return made[noun].id;
    };
    ids = [
      await make("alertInhibitionCreate", "AlertInhibitionInput", "alertInhibition", {
        name: "Quiet",
        source: matchers,
        target: matchers,
      }),
      await make("alertRouteCreate", "AlertRouteInput", "alertRoute", { name: "One", matchers }),
      await make("silenceCreate", "SilenceCreateInput", "silence", { matchers, reason: "Known", endsAt }),
    ];
    const low = [{ field: "SEVERITY", operator: "EQUALS", value: "LOW" }];
    await make("alertRouteCreate", "AlertRouteInput", "alertRoute", { name: "Low", matchers: low });
  });

  const read = async (as?: string) => {
    const { silences, alertRoutes, alertInhibitions } = await ask(all, {}, as);
    const [route] = alertRoutes.filter(({ name }: Data) => name === "One");
    return [silences.nodes[0].matchers, route.matchers, alertInhibitions[0].source, alertInhibitions[0].target];
  };

  it("are there for whoever may not read PHI, without the values that may name a patient", async () => {
    const before = (await phiReads()).length;
    expect(await read(viewer)).toEqual([hidden, hidden, hidden, hidden]);
    const [inhibition, route, silence] = ids;
    const node = (id: string | undefined, asked: string) =>
      ask(`query ($id: ID!) { node(id: $id) { ... on ${asked} } }`, { id }, viewer);
    expect(await node(inhibition, `AlertInhibition { source ${fields} }`)).toEqual({ node: { source: hidden } });
    expect(await node(route, `AlertRoute { matchers ${fields} }`)).toEqual({ node: { matchers: hidden } });
    expect(await node(silence, `Silence { matchers ${fields} }`)).toEqual({ node: { matchers: hidden } });
    expect(await phiReads()).toHaveLength(before);
  });

  it("are read in full by whoever may, and by their rows that is in the audit log", async () => {
    const before = (await phiReads()).length;
    expect(await read()).toEqual([matchers, matchers, matchers, matchers]);
    const [inhibition, route, silence] = ids.map(rowOf);
    const patients = [`words:inhibition:${inhibition}`, `words:route:${route}`, `words:silence:${silence}`];
    expect((await phiReads()).slice(before)).toMatchObject([{ actor: "tester", detail: { patients, count: 3 } }]);
  });

  it("are no reading of PHI where nothing that may name a patient is asked for", async () => {
    const before = (await phiReads()).length;
    await ask("{ silences { nodes { matchers { field operator } } } }");
    await ask("query ($id: ID!) { node(id: $id) { ... on AlertRoute { name } } }", { id: ids[1] });
    expect(await phiReads()).toHaveLength(before);
  });

  it("are not told by the preview of routes, which says why one does not tell", async () => {
    const incidentId = await incident(9100, [{ kind: "USER", key: "ann" }]);
    const preview = "query ($id: ID!) { alertRoutePreview(incidentId: $id) { routes { name verdict reason } } }";
    const reasons = async (as?: string): Promise<Record<string, string>> => {
      const { routes } = (await ask(preview, { id: incidentId }, as)).alertRoutePreview;
      return Object.fromEntries(routes.map(({ name, reason }: Data) => [name, reason]));
    };
    const low = "SEVERITY EQUALS LOW does not hold.";
    expect(await reasons()).toMatchObject({ One: "SUBJECT EQUALS p-7000 does not hold.", Low: low });
    expect(await reasons(viewer)).toMatchObject({ One: "SUBJECT EQUALS [withheld] does not hold.", Low: low });
  });
});

describe("saved filters", () => {
  const save = `mutation ($input: SavedFilterSaveInput!) { savedFilterSave(input: $input) {
    savedFilter { id filter } userErrors { message } } }`;
  const filters = async (as?: string): Promise<Record<string, object>> => {
    const { savedFilters } = await ask("{ savedFilters { name filter } }", {}, as);
    return Object.fromEntries(savedFilters.map(({ name, filter }: Data) => [name, filter]));
  };
  const open = { status: { in: ["OPEN"] } };
  const about = (name: string, words: string, prints: string[]) => ({
    and: [{ title: { contains: name, neq: null } }, { not: { words: { has: words } } }],
    or: [{ fingerprint: { in: prints } }, { severity: { gte: "HIGH" } }],
  });
  const shared = about("Jane Roe", "patient:p-7000", ["f9001", "f9002"]);
  let id: string;

  beforeAll(async () => {
    const analyst = await signed("ann", "ANALYST");
    for (const [name, filter] of [
      ["Open", open],
      ["Jane", shared],
    ] as const) {
      const { savedFilterSave } = await ask(save, { input: { name, filter, shared: true } }, analyst);
      expect(savedFilterSave).toMatchObject({ savedFilter: { filter }, userErrors: [] });
      id = savedFilterSave.savedFilter.id;
    }
  });

  it("that others share show what they ask for to whoever may not read PHI, but none of the words", async () => {
    const before = (await phiReads()).length;
    const hidden = about("[withheld]", "[withheld]", ["[withheld]", "[withheld]"]);
    expect(await filters(viewer)).toEqual({ Open: open, Jane: hidden });
    const node = "query ($id: ID!) { node(id: $id) { ... on SavedFilter { filter } } }";
    expect(await ask(node, { id }, viewer)).toEqual({ node: { filter: hidden } });
    expect(await phiReads()).toHaveLength(before);
  });

  it("are shown to their own writer as they were written", async () => {
    const own = { title: { startsWith: "Roe" } };
    const { savedFilterSave } = await ask(save, { input: { name: "Own", filter: own } }, viewer);
    expect(savedFilterSave).toMatchObject({ savedFilter: { filter: own }, userErrors: [] });
    expect((await filters(viewer)).Own).toEqual(own);
  });

  it("are read in full by whoever may, which is in the audit log unless they wrote them", async () => {
    const before = (await phiReads()).length;
    expect(await filters(await signed("ann", "ANALYST"))).toEqual({ Open: open, Jane: shared });
    expect(await phiReads()).toHaveLength(before);
    expect(await filters(await signed("bob", "ANALYST"))).toEqual({ Open: open, Jane: shared });
    const reading = { actor: "bob", detail: { patients: [`words:savedFilter:${rowOf(id)}`], count: 1 } };
    expect((await phiReads()).slice(before)).toMatchObject([reading]);
  });
});

describe("related incidents", () => {
  it("are those about the same user, and about the same patient for whoever may read PHI only", async () => {
    await incident(9201, [
      { kind: "PATIENT", key: "p-7200" },
      { kind: "USER", key: "nurse" },
    ]);
    await incident(9202, [{ kind: "PATIENT", key: "p-7200" }]);
    await incident(9203, [{ kind: "USER", key: "nurse" }]);
    const related = async (number: number, as?: string): Promise<number[]> => {
      const query = "query ($number: Int!) { incident(number: $number) { related { number } } }";
      const found: { number: number }[] = (await ask(query, { number }, as)).incident.related;
      return found.map((one) => one.number).sort();
    };
    expect([await related(9201), await related(9202)]).toEqual([[9202, 9203], [9201]]);
    expect([await related(9201, viewer), await related(9202, viewer)]).toEqual([[9203], []]);
  });
});
