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
