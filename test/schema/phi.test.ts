import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ndjson, type TestServer, testServer } from "../support/server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await testServer({});
  const read = (patientId: string, name: string) => ({
    action: "record.read",
    actor: { name: "nurse" },
    target: { type: "record", id: `r-${patientId}`, name, patientId },
    http: { method: "GET", path: `/patients/${patientId}`, query: "tab=notes" },
    message: `opened the record of ${name}`,
    attributes: { note: "allergic" },
  });
  await server.ingest(
    ndjson([read("p-1", "Jane Roe"), read("p-2", "John Doe"), { action: "login", message: "plain" }]),
  );
});
afterAll(() => server.close());

// biome-ignore lint/suspicious/noExplicitAny: each test says by its query what comes back
const ask = (query: string, variables: object = {}, as?: string): Promise<any> =>
  server.query(query as never, variables, as);
const events = `query Events($filter: SecurityEventFilter) { securityEvents(filter: $filter, orderBy: [{field: TIME, direction: ASC}]) {
  totalCount nodes { action targetName patientId message attributes sealedFields } } }`;
const withPhi = `query Events($filter: SecurityEventFilter) { securityEvents(filter: $filter, orderBy: [{field: TIME, direction: ASC}]) {
  nodes { id phi { patientId targetId targetName httpPath httpQuery httpReferrer message attributes } } } }`;
const phiReads = () =>
  server.database.asOwner<{ actor: string; detail: { patients: string[] } }>(
    "SELECT * FROM security_audit_log WHERE action = 'PHI_READ' ORDER BY seq",
  );
const of = (patientId: object) => ({ filter: { patientId } });

describe("H3 sealed fields of events", () => {
  it("are null for everybody, and named", async () => {
    const { data } = await ask(events, {}, await server.token("VIEWER"));
    const [sealed, , plain] = data.securityEvents.nodes;
    expect(sealed).toMatchObject({ targetName: null, patientId: null, message: null, attributes: {} });
    expect(sealed.sealedFields).toContain("target.patientId");
    expect(plain).toMatchObject({ action: "login", message: "plain", sealedFields: [] });
  });

  it("open for those who may read PHI, with one audit entry for the whole page before it leaves", async () => {
    const { data } = await ask(withPhi, of({ in: ["p-1", "p-2"] }));
    expect(data.securityEvents.nodes.map((node: { phi: object }) => node.phi)).toMatchObject([
      { patientId: "p-1", targetId: "r-p-1", targetName: "Jane Roe", httpPath: "/patients/p-1", httpReferrer: null },
      { message: "opened the record of John Doe", attributes: { note: "allergic" } },
    ]);
    const reads = await phiReads();
    expect(reads).toMatchObject([
      {
        actor: "tester",
        detail: { count: 2, patients: [/^patient-/, /^patient-/].map((one) => expect.stringMatching(one)) },
      },
    ]);
    expect(JSON.stringify(reads)).not.toMatch(/jane|p-1/i);
  });

  it("do not open for others, of whom nothing is written as a reading", async () => {
    const before = (await phiReads()).length;
    for (const role of ["VIEWER"] as const) {
      const { data, errors } = await ask(withPhi, {}, await server.token(role));
      expect(errors[0].extensions.code).toBe("FORBIDDEN");
      expect(JSON.stringify(data)).not.toContain("Jane");
    }
    expect(await phiReads()).toHaveLength(before);
  });

  it("C8 are found by patient id: equal ones only, in one's own organization, by those who may read PHI", async () => {
    const count = async (patientId: object, as?: string) =>
      (await ask(events, of(patientId), as)).data.securityEvents.totalCount;
    expect(await count({ eq: "p-1" })).toBe(1);
    expect(await count({ in: ["p-1", "p-2", "p-3"] })).toBe(2);
    expect(await count({ neq: "p-1" })).toBe(1);
    expect(await count({ eq: "p" })).toBe(0);
    expect(await count({ contains: "p" })).toBe(0);
    expect(await count({ eq: null })).toBe(1);
    expect(await count({ neq: null })).toBe(2);
    expect(await count({ eq: "p-1" }, await server.token("VIEWER"))).toBe(0);
    expect(await count({ eq: "p-1" }, server.outsider)).toBe(0);
    const nested = { filter: { not: { or: [{ patientId: { eq: "p-1" } }, { action: { eq: "login" } }] } } };
    expect((await ask(events, nested)).data.securityEvents.nodes).toHaveLength(1);
  });
});

describe("organizationPrivacyUpdate", () => {
  const update = `mutation U($input: OrganizationPrivacyUpdateInput!) { organizationPrivacyUpdate(input: $input) {
    organization { unknownFields phiFields allowedAttributes } userErrors { code path } } }`;

  it("takes effect with the next batch, keeps what is not given, and is audited", async () => {
    const before = { unknownFields: "KEEP", phiFields: "PATIENT", allowedAttributes: [] };
    expect(
      (await ask("{ viewer { organization { unknownFields phiFields allowedAttributes } } }")).data.viewer,
    ).toEqual({
      organization: before,
    });
    const input = { unknownFields: "DROP", allowedAttributes: ["room"] };
    expect((await ask(update, { input })).data.organizationPrivacyUpdate).toEqual({
      organization: { unknownFields: "DROP", phiFields: "PATIENT", allowedAttributes: ["room"] },
      userErrors: [],
    });
    await server.ingest(ndjson([{ action: "dropped", attributes: { room: "3", note: "x" } }]));
    const dropped = await ask(events, { filter: { action: { eq: "dropped" } } });
    expect(dropped.data.securityEvents.nodes).toMatchObject([{ attributes: { room: "3" }, sealedFields: [] }]);
    const [entry] = await server.database.asOwner(
      "SELECT * FROM security_audit_log WHERE action = 'ORGANIZATION_PRIVACY_UPDATED'",
    );
    expect(entry).toMatchObject({ actor: "tester", detail: input });
  });

  it("is for administrators, and names what is wrong with a list", async () => {
    const { errors } = await ask(update, { input: { phiFields: "KEEP" } }, await server.token("ANALYST"));
    expect(errors[0].extensions.code).toBe("FORBIDDEN");
    const refused = await ask(update, { input: { allowedAttributes: [""] } });
    expect(refused.data.organizationPrivacyUpdate).toEqual({
      organization: null,
      userErrors: [{ code: "BAD_USER_INPUT", path: ["input", "allowedAttributes"] }],
    });
  });
});
describe("incidents and detections about a patient", () => {
  const lists = `query Lists($filter: IncidentFilter) {
    incidents(first: 5, filter: $filter) { totalCount nodes { title subjects { kind key } detections { nodes { explanation subjects { key } } } } }
  }`;
  const fieldByField = (query: string) => query.replaceAll("nodes {", "nodes @include(if: true) {");
  let viewer: string;

  const insert = async (organizationId: string, number: number, subjects: object[], title: string) => {
    const [incident] = await server.database.asOwner<{ id: string }>(
      `INSERT INTO security_incidents (organization_id, id, number, title, severity, fingerprint, threat_score, subjects, tags,
         detection_count, event_count, first_event_at, last_event_at, opened_at)
       VALUES ($1, gen_random_uuid(), $2, $3, 'HIGH', 'f' || $2::int, 50, $4, '{}', 1, 1, now(), now(), now()) RETURNING id`,
      [organizationId, number, title, JSON.stringify(subjects)],
    );
    await server.database.asOwner(
      `INSERT INTO detections (organization_id, id, rule_id, rule_revision, mode, severity, fingerprint, subjects, explanation,
         first_event_at, last_event_at, event_count, event_ids, incident_id)
       SELECT $1, gen_random_uuid(), id, 1, 'ACTIVE', 'HIGH', 'f' || $2::int, $3, $4, now(), now(), 1, '{}', $5
       FROM alert_rules WHERE organization_id = $1 LIMIT 1`,
      [organizationId, number, JSON.stringify(subjects), `Five people read ${title}`, incident?.id],
    );
  };

  beforeAll(async () => {
    viewer = await server.token("VIEWER");
    await insert(server.ours, 9001, [{ kind: "PATIENT", key: "p-7000" }], "Snooping: p-7000");
    await insert(server.ours, 9002, [{ kind: "USER", key: "patient-portal" }], "Guessing: patient-portal");
  });

  it("name nobody to whoever may not read PHI, whether a page is read by one statement or field by field", async () => {
    const filter = { number: { gt: 9000 } };
    const { data, errors } = await ask(lists, { filter }, viewer);
    expect(errors).toBeUndefined();
    expect(data.incidents.nodes).toMatchObject([
      { title: "Guessing: patient-portal", subjects: [{ key: "patient-portal" }] },
      {
        title: "Snooping: [withheld]",
        subjects: [{ kind: "PATIENT", key: "[withheld]" }],
        detections: {
          nodes: [{ explanation: "Five people read Snooping: [withheld]", subjects: [{ key: "[withheld]" }] }],
        },
      },
    ]);
    expect((await ask(fieldByField(lists), { filter }, viewer)).data).toEqual(data);
    const detections = "{ detections(first: 50) { nodes { explanation subjects { key } incident { title } } } }";
    const found = await ask(detections, {}, viewer);
    expect(found.data.detections.nodes).toHaveLength(2);
    expect(JSON.stringify(found)).not.toContain("p-7000");
  });

  it("name them to those who may, with an entry in the audit log", async () => {
    const before = (await phiReads()).length;
    const one = await ask(lists, { filter: { number: { eq: 9002 } } });
    expect(one.data.incidents.nodes).toMatchObject([{ title: "Guessing: patient-portal" }]);
    expect(await phiReads()).toHaveLength(before);
    const other = await ask(lists, { filter: { number: { eq: 9001 } } });
    expect(other.data.incidents.nodes).toMatchObject([{ title: "Snooping: p-7000", subjects: [{ key: "p-7000" }] }]);
    expect(await phiReads()).toHaveLength(before + 1);
  });

  it("are not found by their title by whoever may not read PHI, however it is asked for", async () => {
    const numbers = async (filter: object, as?: string): Promise<number> =>
      (await ask(lists, { filter }, as)).data.incidents.totalCount;
    const named = { title: { contains: "p-7000" } };
    expect(await numbers(named)).toBe(1);
    expect(await numbers(named, viewer)).toBe(0);
    for (const like of ["Snooping: p-7", "Snooping: p-8"])
      for (const filter of [
        { title: { startsWith: like } },
        { not: { title: { startsWith: like } } },
        { or: [{ title: { eq: like } }] },
      ])
        expect(await numbers({ and: [{ number: { eq: 9001 } }, filter] }, viewer)).toBe("not" in filter ? 1 : 0);
    expect(await numbers({ title: { contains: "patient-portal" } }, viewer)).toBe(1);
  });

  it("show no fingerprint to whoever may not read PHI, and are not found by it: it can be guessed", async () => {
    const query = `query Prints($print: String) { incidents(filter: { fingerprint: { eq: $print } }) { totalCount nodes { fingerprint } }
      detections(filter: { fingerprint: { eq: $print } }) { totalCount nodes { fingerprint } } }`;
    const prints = async (print: string, as?: string) => (await ask(query, { print }, as)).data;
    const shown = { totalCount: 1, nodes: [{ fingerprint: "f9001" }] };
    expect(await prints("f9001")).toEqual({ incidents: shown, detections: shown });
    const nothing = { totalCount: 0, nodes: [] };
    expect(await prints("f9001", viewer)).toEqual({ incidents: nothing, detections: nothing });
    const other = { totalCount: 1, nodes: [{ fingerprint: "f9002" }] };
    expect(await prints("f9002", viewer)).toEqual({ incidents: other, detections: other });
    const all = await ask("{ detections { nodes { fingerprint } } incidents { nodes { fingerprint } } }", {}, viewer);
    expect(all.data.detections.nodes).toContainEqual({ fingerprint: "[withheld]" });
    expect(JSON.stringify(all)).not.toContain("f9001");
  });

  it("are read by whoever asks for a patient by words, also where only their number is asked for", async () => {
    const before = (await phiReads()).length;
    const count = "query Words($words: String!) { incidents(filter: { words: { has: $words } }) { totalCount } }";
    expect((await ask(count, { words: "snooping patient:p-7000" })).data.incidents.totalCount).toBe(1);
    expect((await ask(count, { words: "user:patient:p-7000" })).data.incidents.totalCount).toBe(0);
    const reads = (await phiReads()).slice(before);
    expect(reads).toMatchObject([{ detail: { count: 1, patients: [expect.stringMatching(/^patient-/)] } }]);
  });

  it("are not found by the preview of a silence by whoever may not read PHI, whatever tells of their subjects", async () => {
    const query = "query ($matchers: [MatcherInput!]!) { silencePreview(matchers: $matchers) { matchingIncidents } }";
    const matching = async (field: string, operator: string, value: string, as?: string): Promise<number> =>
      (await ask(query, { matchers: [{ field, operator, value }] }, as)).data.silencePreview.matchingIncidents;
    const before = (await phiReads()).length;
    for (const [field, operator, value] of [
      ["SUBJECT", "EQUALS", "p-7000"],
      ["TITLE", "CONTAINS", "p-7000"],
      ["FINGERPRINT", "EQUALS", "f9001"],
    ] as const)
      expect([await matching(field, operator, value), await matching(field, operator, value, viewer)]).toEqual([1, 0]);
    expect((await phiReads()).slice(before)).toMatchObject([{ detail: { count: 1 } }]); // of the patient asked for
    const others = (value: string) => matching("SUBJECT", "NOT_EQUALS", value, viewer);
    expect(await others("p-7000")).toBe(await others("p-9999"));
    expect(await matching("SUBJECT", "EQUALS", "patient-portal", viewer)).toBe(1);
    const all = ["SEVERITY", "AT_LEAST", "INFO"] as const;
    expect(await matching(...all, viewer)).toBe(await matching(...all));
  });

  it("are worded by the preview of a template for whoever may read PHI only, and then count as read", async () => {
    const query = `query ($id: ID, $body: String!) {
      alertTemplatePreview(body: $body, incidentId: $id, coveredByBaa: true) { text userErrors { message } } }`;
    const { id } = (await ask("{ incident(number: 9001) { id } }")).data.incident;
    const text = async (variables: { body: string; id?: string }, as?: string): Promise<string> =>
      (await ask(query, variables, as)).data.alertTemplatePreview.text;
    const before = (await phiReads()).length;
    const body = "{{ incident.title }}; {{ incident.explanation }}";
    expect(await text({ body, id }, viewer)).toBe("[withheld]; [withheld]");
    expect(await text({ body }, viewer)).toContain("203.0.113.7"); // the example names nobody
    expect(await text({ body: "{{ incident.number }}", id })).toBe("9001");
    expect(await phiReads()).toHaveLength(before);
    expect(await text({ body, id })).toBe("Snooping: p-7000; Five people read Snooping: p-7000");
    expect((await phiReads()).slice(before)).toMatchObject([{ detail: { count: 1 } }]);
  });

  it("are top subjects by name for whoever may read PHI; for others each has a mark of its own", async () => {
    await insert(server.ours, 9003, [{ kind: "PATIENT", key: "p-7100" }], "Snooping: p-7100");
    const query = `query ($range: TimeRangeInput!) { statistics(range: $range, interval: "PT1H") {
      topSubjects(kind: "PATIENT") { key } } }`;
    const range = { from: new Date(Date.now() - 3_600_000), to: new Date() };
    const keys = async (as?: string): Promise<string[]> =>
      (await ask(query, { range }, as)).data.statistics.topSubjects.map(({ key }: { key: string }) => key);
    const before = (await phiReads()).length;
    const hidden = await keys(viewer);
    expect(hidden.length).toBeGreaterThan(1);
    expect(hidden).toEqual(hidden.map((_key, index) => `[withheld] ${index + 1}`));
    expect(await phiReads()).toHaveLength(before);
    expect(await keys()).toEqual(expect.arrayContaining(["p-7000", "p-7100"]));
    expect((await phiReads()).slice(before)).toMatchObject([{ detail: { count: hidden.length } }]);
  });

  it("hold what stands for a patient where a person opens one for a patient whose data is sealed", async () => {
    const open = `mutation ($key: String!) { incidentCreate(input: { title: "Asked for a copy", severity: LOW, description: "By phone.",
      subjects: [{ kind: PATIENT, key: $key }, { kind: USER, key: "p-8000" }] }) { incident { subjects { kind key } } userErrors { message } } }`;
    const subjectsOf = async (key: string) => (await ask(open, { key })).data.incidentCreate.incident.subjects;
    const [sealed, user] = await subjectsOf(" p-8000 ");
    expect(sealed).toEqual({ kind: "PATIENT", key: expect.stringMatching(/^sealed-[0-9a-f]+$/) });
    expect(user).toEqual({ kind: "USER", key: "p-8000" });
    expect(await subjectsOf(sealed.key)).toEqual([sealed, user]);
  });
});
