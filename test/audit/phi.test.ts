import { createClient } from "graphql-ws";
import { v7 } from "uuid";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import WebSocket from "ws";
import { ensureUser } from "../../src/access/users.ts";
import type { PeopleRole, Viewer } from "../../src/access/viewer.ts";
import { pseudonymOf } from "../../src/audit/phi-read.ts";
import { recordChanges } from "../../src/publish/change.ts";
import { brokenGlass } from "../../src/respond/second-person.ts";
import { pseudonymBy } from "../../src/secrets/pseudonym.ts";
import { indexedColumns } from "../../src/secrets/sealed-columns.ts";
import { ndjson, type TestServer, testServer } from "../support/server.ts";
import { ask, entriesOf, lastSeq } from "./asking.ts";

let server: TestServer;
let offset = 0; // ms that the clock is ahead
const people: Record<string, string> = {};

async function person(email: string, role: PeopleRole): Promise<string> {
  const userId = await server.app.db.inOrganization(server.ours, (tx) =>
    ensureUser(tx, { email, name: email, role, now: Date.now() }),
  );
  return server.app.tokens.sign({ organizationId: server.ours, userId, name: email, role }, 86_400);
}

/** Stores an incident, and answers its row's id. */
async function incidentOf(number: number, subjects: object[]): Promise<string> {
  const id = v7();
  await server.app.db.inOrganization(server.ours, (tx) =>
    tx.query(
      `INSERT INTO security_incidents (organization_id, id, number, title, severity, status, fingerprint, threat_score,
         subjects, tags, detection_count, event_count, first_event_at, last_event_at, opened_at, created_at, updated_at)
       VALUES ($1, $2, $3, 'i', 'HIGH', 'OPEN', 'f' || $3::int, 0, $4, '{}', 1, 1, now(), now(), now(), now(), now())`,
      [server.ours, id, number, JSON.stringify(subjects)],
    ),
  );
  return id;
}
const globalIdOf = (incident: string): string => Buffer.from(`Incident:${incident}`).toString("base64");

beforeAll(async () => {
  server = await testServer({ now: () => Date.now() + offset });
  // Stored in clear, so that every field is tried; sealed ones have test/schema/phi.test.ts.
  await server.database.asOwner("UPDATE organizations SET phi_fields = 'KEEP'");
  for (const role of ["ADMIN", "ANALYST", "VIEWER", "AUDITOR"] as const)
    people[role] = await person(`${role.toLowerCase()}@clinic.example`, role);
  const read = (patientId: string, n: number) => ({
    action: "record.read",
    category: "access",
    outcome: "success",
    actor: { name: `nurse${n}` },
    target: { type: "chart", id: `chart-${patientId}`, name: `Chart of ${patientId}`, patientId },
    message: `chart of ${patientId} opened`,
    attributes: { allergy: `secret-${patientId}` },
  });
  await server.ingest(
    ndjson([read("p1", 1), read("p2", 1), read("p2", 2), { action: "ping", message: "nothing of anybody" }]),
  );
});
afterAll(() => server.close());

const events =
  "query Events($filter: SecurityEventFilter) { securityEvents(filter: $filter) { nodes { id action patientId targetId message attributes isWithheld } } }";
/** What the audit log calls patients, in its order. */
const pseudonyms = async (...patients: string[]): Promise<string[]> => {
  const indexOf = await server.app.patientIndexer(server.ours);
  return patients.map((patient) => pseudonymOf(patient, indexOf)).sort();
};
const phiReads = async (after: number) =>
  (await entriesOf(server, { after })).filter(({ action }) => action === "PHI_READ");

describe("H3: reads of patients' data", () => {
  test("are audited before the answer leaves: who, whose, why, when, from where; one entry an operation", async () => {
    const before = await lastSeq(server);
    const { data } = await ask(
      server,
      events,
      {},
      { as: people.ANALYST as string, headers: { "x-vigil-purpose": "incident 12" } },
    );
    expect(data.securityEvents.nodes).toHaveLength(4);
    const entries = await entriesOf(server, { after: before });
    expect(entries).toMatchObject([
      {
        actor: "analyst@clinic.example",
        action: "PHI_READ",
        entity_id: "query securityEvents",
        detail: { patients: await pseudonyms("p1", "p2"), count: 2, purpose: "incident 12", address: "127.0.0.1" },
      },
    ]);
  });

  test("are audited by one event, by node, and as the evidence of a detection alike", async () => {
    const { data } = await ask(server, '{ securityEvents(filter: {patientId: {eq: "p1"}}) { nodes { id } } }');
    const { id } = data.securityEvents.nodes[0];
    const before = await lastSeq(server);
    await ask(server, "query ($id: ID!) { securityEvent(id: $id) { message } }", { id });
    await ask(server, "query ($id: ID!) { node(id: $id) { ... on SecurityEvent { attributes } } }", { id });
    expect(await phiReads(before)).toMatchObject([
      { entity_id: "query securityEvent", detail: { patients: await pseudonyms("p1"), purpose: null } },
      { entity_id: "query node", detail: { patients: await pseudonyms("p1") } },
    ]);
  });

  test("are audited also where only the filter names the patient", async () => {
    const before = await lastSeq(server);
    await ask(server, events, {
      filter: { or: [{ patientId: { in: ["p7", "p8"] } }, { not: { action: { neq: "none" } } }] },
    });
    expect(await phiReads(before)).toMatchObject([{ detail: { patients: await pseudonyms("p7", "p8") } }]);
  });

  test("are not claimed where no patient's data was in the answer", async () => {
    const before = await lastSeq(server);
    await ask(server, "{ securityEvents { nodes { id action time outcome } } }");
    await ask(server, events, { filter: { action: { eq: "ping" } } });
    expect(await phiReads(before)).toEqual([]);
  });

  test("are audited over a WebSocket too", async () => {
    const before = await lastSeq(server);
    const client = createClient({
      url: `${server.url.replace("http", "ws")}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { authorization: `Bearer ${people.ADMIN}`, purpose: "on call" },
    });
    const results = client.iterate<{ securityEvents: { nodes: unknown[] } }>({
      query: "{ securityEvents { nodes { message } } }",
    });
    expect((await results.next()).value.data.securityEvents.nodes).toHaveLength(4);
    expect(await phiReads(before)).toMatchObject([
      {
        actor: "admin@clinic.example",
        detail: { count: 2, purpose: "on call", address: expect.stringContaining("127.0.0.1") },
      },
    ]);
    await client.dispose();
  });

  test("do not happen where they cannot be audited", async () => {
    await server.database.asOwner("REVOKE INSERT ON audit_patients FROM vigil_app");
    try {
      const answer = await ask(server, events);
      expect(answer.data ?? null).toBeNull();
      expect(answer.errors?.[0]?.extensions.code).toBe("UNAVAILABLE");
      expect(JSON.stringify(answer)).not.toContain("secret-p1");
    } finally {
      await server.database.asOwner("GRANT INSERT ON audit_patients TO vigil_app");
    }
  });

  test("are one query to report, per person and per patient, and the report is audited itself", async () => {
    const query = `query Report($actor: String, $patientId: String, $range: AuditRangeInput) {
      accessReport(actor: $actor, patientId: $patientId, range: $range) {
        count actorCount reads { seq at actor patients patientCount purpose address operation } } }`;
    const auditor = { as: people.AUDITOR as string };
    const mine = (await ask(server, query, { actor: "analyst@clinic.example" }, auditor)).data.accessReport;
    expect(mine).toMatchObject({
      count: 1,
      actorCount: 1,
      reads: [{ patients: await pseudonyms("p1", "p2"), purpose: "incident 12" }],
    });
    const theirs = (await ask(server, query, { patientId: "p2" }, auditor)).data.accessReport;
    expect(new Set(theirs.reads.map(({ actor }: { actor: string }) => actor))).toEqual(
      new Set(["analyst@clinic.example", "admin@clinic.example"]),
    );
    expect((await ask(server, query, { patientId: "p7" }, auditor)).data.accessReport).toMatchObject({ count: 1 });
    const past = { patientId: "p2", range: { to: "2020-01-01T00:00:00Z" } };
    expect((await ask(server, query, past, auditor)).data.accessReport).toMatchObject({ count: 0, reads: [] });
    expect((await entriesOf(server)).at(-1)).toMatchObject({
      action: "ACCESS_REPORT_READ",
      entity_kind: "Patient",
      entity_id: (await pseudonyms("p2"))[0],
    });
    expect((await ask(server, query, {}, auditor)).errors?.[0]?.extensions.code).toBe("BAD_USER_INPUT");
    expect(
      (await ask(server, query, { patientId: "p2" }, { as: people.VIEWER as string })).errors?.[0]?.extensions.code,
    ).toBe("FORBIDDEN");
    expect((await ask(server, query, { patientId: "p2" }, { as: server.outsider })).data.accessReport.count).toBe(0);
  });

  test("are reported of a patient also where incidents name them by a pseudonym, each operation once", async () => {
    const { db, vault } = server.app;
    const indexOf = await db.inOrganization(server.ours, (tx) => vault.indexer(tx, indexedColumns.subject));
    const id = globalIdOf(await incidentOf(7002, [{ kind: "PATIENT", key: pseudonymBy(indexOf)("p-sealed") }]));
    await ask(server, "query ($id: ID!) { incident(id: $id) { title } }", { id });
    const both = `query ($id: ID!) { incident(id: $id) { title } securityEvents(filter: {patientId: {eq: "p-sealed"}}) { totalCount } }`;
    await ask(server, both, { id });
    const report = '{ accessReport(patientId: "p-sealed") { count reads { operation } } }';
    expect((await ask(server, report)).data.accessReport).toEqual({
      count: 2,
      reads: [{ operation: "query incident, securityEvents" }, { operation: "query incident" }],
    });
  });

  test("show no patient keys in the audit log's own answers", async () => {
    const { data } = await ask(server, '{ auditLog(filter: {action: {eq: "PHI_READ"}}) { nodes { detail } } }');
    expect(data.auditLog.nodes.length).toBeGreaterThan(3);
    for (const { detail } of data.auditLog.nodes) expect(detail).not.toHaveProperty("patients");
  });
});

describe("H4: break-glass", () => {
  const start = `mutation Start($input: BreakGlassStartInput!) {
    breakGlassStart(input: $input) { breakGlassUse { id actor isOpen startedAt expiresAt incident { id number title severity status } } userErrors { code path } } }`;
  const review = `mutation Review($id: ID!, $input: BreakGlassReviewInput!) {
    breakGlassReview(id: $id, input: $input) { breakGlassUse { isOpen outcome reviewedBy reviewNote } userErrors { code message } } }`;
  const input = { reason: "Ambulance asks for allergies of p1", minutes: 30 };
  const viewer = () => ({ as: people.VIEWER as string });

  test("without it, whoever may not read patients' data gets none, and cannot find it out by filters", async () => {
    const before = await lastSeq(server);
    const { data } = await ask(server, events, {}, viewer());
    const ofPatients = data.securityEvents.nodes.filter(({ action }: { action: string }) => action === "record.read");
    expect(ofPatients).toHaveLength(3);
    for (const node of ofPatients)
      expect(node).toMatchObject({ patientId: null, targetId: null, message: null, attributes: {}, isWithheld: true });
    expect(data.securityEvents.nodes.find(({ action }: { action: string }) => action === "ping")).toMatchObject({
      message: "nothing of anybody",
      isWithheld: false,
    });
    for (const filter of [
      { patientId: { eq: "p1" } },
      { message: { contains: "p1" } },
      { or: [{ targetId: { startsWith: "chart" } }] },
    ]) {
      expect((await ask(server, events, { filter }, viewer())).data.securityEvents.nodes).toEqual([]);
    }
    expect(await phiReads(before)).toEqual([]);
  });

  test("needs a reason and ends after at most 60 minutes; programs and nobody in particular have none", async () => {
    for (const [wrong, path] of [
      [{ ...input, reason: "  " }, "reason"],
      [{ ...input, minutes: 61 }, "minutes"],
      [{ ...input, minutes: 0 }, "minutes"],
    ] as const) {
      const { data } = await ask(server, start, { input: wrong }, viewer());
      expect(data.breakGlassStart).toMatchObject({
        breakGlassUse: null,
        userErrors: [{ code: "BAD_USER_INPUT", path: ["input", path] }],
      });
    }
    expect((await ask(server, start, { input })).data.breakGlassStart.userErrors).toHaveLength(1); // a command line token
    expect((await ask(server, start, { input }, { as: server.key })).errors?.[0]?.extensions.code).toBe("FORBIDDEN");
  });

  test("gives leave at once and for its time only, opens an incident, is audited, and waits for another's review", async () => {
    const before = await lastSeq(server);
    const { breakGlassUse } = (await ask(server, start, { input }, viewer())).data.breakGlassStart;
    expect(breakGlassUse).toMatchObject({
      actor: "viewer@clinic.example",
      isOpen: true,
      incident: { title: "Break-glass used: viewer@clinic.example", severity: "HIGH", status: "OPEN" },
    });
    expect(Date.parse(breakGlassUse.expiresAt) - Date.parse(breakGlassUse.startedAt)).toBe(30 * 60_000);
    const seen = (await ask(server, events, { filter: { patientId: { eq: "p1" } } }, viewer())).data.securityEvents
      .nodes;
    expect(seen).toMatchObject([{ patientId: "p1", attributes: { allergy: "secret-p1" }, isWithheld: false }]);
    const entries = await entriesOf(server, { after: before });
    expect(entries.map(({ action }) => action)).toEqual(["BREAK_GLASS_STARTED", "PHI_READ"]);
    expect(entries[0]).toMatchObject({
      detail: { reasonDigest: expect.stringMatching(/^[0-9a-f]{16}$/), minutes: 30, address: "127.0.0.1" },
    });
    expect(entries[1]?.detail.breakGlassId).toBe(entries[0]?.entity_id);

    offset = 30 * 60_000;
    const later = (await ask(server, events, {}, viewer())).data.securityEvents.nodes;
    const shown = later.map(({ id: _, ...rest }: { id: string }) => rest); // an opaque id may spell anything
    expect(JSON.stringify(shown)).not.toContain("p1");
    offset = 0;

    const open = "{ breakGlassUses(isOpen: true) { totalCount nodes { id isOpen } } }";
    expect((await ask(server, open)).data.breakGlassUses).toMatchObject({
      totalCount: 1,
      nodes: [{ id: breakGlassUse.id }],
    });
    expect((await ask(server, open, {}, viewer())).errors?.[0]?.extensions.code).toBe("FORBIDDEN");

    const found = { id: breakGlassUse.id, input: { outcome: "JUSTIFIED", note: "The call is in the log." } };
    const own = await person("viewer@clinic.example", "ADMIN"); // the same person, grown mighty
    offset = 31 * 60_000; // roles are looked up anew after 5 seconds
    expect((await ask(server, review, found, { as: own })).data.breakGlassReview.userErrors).toMatchObject([
      { code: "CONFLICT" },
    ]);
    offset = 0;
    const foreign = await ask(server, review, found, { as: server.outsider });
    expect(foreign.data.breakGlassReview.userErrors).toMatchObject([{ code: "NOT_FOUND" }]);
    const reviewed = (await ask(server, review, found, { as: people.AUDITOR as string })).data.breakGlassReview;
    expect(reviewed).toMatchObject({
      userErrors: [],
      breakGlassUse: { isOpen: false, outcome: "JUSTIFIED", reviewedBy: "auditor@clinic.example" },
    });
    expect((await ask(server, open)).data.breakGlassUses.totalCount).toBe(0);
    const twice = await ask(
      server,
      review,
      { ...found, input: { outcome: "UNJUSTIFIED", note: "No!" } },
      { as: people.ADMIN as string },
    );
    expect(twice.data.breakGlassReview.userErrors).toMatchObject([{ code: "CONFLICT" }]);
    expect((await entriesOf(server)).filter(({ action }) => action === "BREAK_GLASS_REVIEWED")).toHaveLength(1);
  });

  /** Somebody who has just begun to use it, and how another finds that there was no emergency. */
  async function hasty(email: string) {
    const as = await person(email, "VIEWER");
    const { id } = (await ask(server, start, { input }, { as })).data.breakGlassStart.breakGlassUse;
    const unjustified = { id, input: { outcome: "UNJUSTIFIED", note: "There was no ambulance." } };
    return {
      as,
      async refute() {
        const { data } = await ask(server, review, unjustified, { as: people.AUDITOR as string });
        expect(data.breakGlassReview.userErrors).toEqual([]);
      },
    };
  }

  test("ends where a reviewer finds no emergency: for reading, and for doing alone what takes two", async () => {
    const { as, refute } = await hasty("hasty@clinic.example");
    const filter = { patientId: { eq: "p1" } };
    const found = async () => (await ask(server, events, { filter }, { as })).data.securityEvents.nodes.length;
    const [use] = await server.database.asOwner<{ user_id: string }>(
      "SELECT user_id FROM break_glass_uses WHERE actor = 'hasty@clinic.example'",
    );
    const viewer = { id: use?.user_id } as Viewer;
    const alone = () => server.app.db.inOrganization(server.ours, (tx) => brokenGlass(tx, { viewer, now: Date.now() }));
    expect([await found(), await alone()]).toEqual([1, { incidentId: expect.any(String) }]);
    await refute();
    expect([await found(), await alone()]).toEqual([0, undefined]);
  });

  test("ends a live tail of a patient too, each page of which is a reading", async () => {
    const { as, refute } = await hasty("live@clinic.example");
    const before = await lastSeq(server);
    const tail = server.subscribe<{ securityEventStream: { events: object[] } }, object>(
      'subscription { securityEventStream(filter: {patientId: {eq: "p-live"}}) { events { action } } }' as never,
      {},
      as,
    );
    let sent = 0;
    const send = () => server.ingest(ndjson([{ action: `live ${++sent}`, target: { patientId: "p-live" } }]));
    const first = tail.next();
    await expect.poll(() => server.app.connections.count(server.ours)).toBeGreaterThan(0);
    await expect.poll(async () => (await send()) && Promise.race([first, undefined])).toBeDefined();
    const second = tail.next();
    await send();
    await second;
    const reads = await phiReads(before);
    expect(reads.length).toBeGreaterThan(1);
    for (const { detail } of reads) expect(detail).toMatchObject({ patients: await pseudonyms("p-live") });
    await refute();
    await send();
    await expect(tail.next().then(() => tail.next())).rejects.toThrow(/break-glass use is over/);
    await tail.close();
  });

  test("ends in a stream of incidents that is open, too, two seconds later at most", async () => {
    const { as, refute } = await hasty("stream@clinic.example");
    const entityId = await incidentOf(7003, [{ kind: "PATIENT", key: "p-7003" }]);
    const after = await server.app.feed.cursor(server.ours);
    const stream = server.subscribe<{ incidentEvents: { incident: { number: number; subjects: object[] } } }, object>(
      "subscription ($after: String) { incidentEvents(after: $after) { incident { number subjects { key } } } }" as never,
      { after },
      as,
    );
    const subjects = async (): Promise<object[]> => {
      const change = { topic: "incident", kind: "GROWN", entityId } as const;
      await server.app.change(server.ours, (tx) => recordChanges(tx, [change]));
      for (;;) {
        const { incident } = (await stream.next()).incidentEvents;
        if (incident.number === 7003) return incident.subjects;
      }
    };
    expect(await subjects()).toEqual([{ key: "p-7003" }]);
    await refute();
    offset = 2_000;
    try {
      expect(await subjects()).toEqual([{ key: "[withheld]" }]);
    } finally {
      offset = 0;
      await stream.close();
    }
  });
});

test("A1: what is refused for want of a permission is audited, the permission named", async () => {
  const before = await lastSeq(server);
  const curious = await person("curious@clinic.example", "VIEWER"); // the same again by one person is only counted
  await ask(server, "{ auditVerify { ok } viewer { name } }", {}, { as: curious });
  expect((await entriesOf(server, { after: before })).filter(({ action }) => action !== "USER_CREATED")).toMatchObject([
    {
      actor: "curious@clinic.example",
      action: "PERMISSION_REFUSED",
      detail: { permission: "audit.read" },
    },
  ]);
});

describe("H2: a line of a timeline that names a patient", () => {
  const timeline = "query ($id: ID!) { incident(id: $id) { entries { nodes { message } } } }";
  let id: string;

  beforeAll(async () => {
    const incident = await incidentOf(7000, [{ kind: "patient.id", key: "p-7000" }]);
    await server.app.db.inOrganization(server.ours, (tx) =>
      tx.query(
        `INSERT INTO incident_entries (organization_id, id, incident_id, kind, message, actor, at)
         VALUES ($1, $2, $3, 'OPENED', 'Opened for p-7000, and p-7000 again.', 'vigil', now())`,
        [server.ours, v7(), incident],
      ),
    );
    id = globalIdOf(incident);
  });

  test("does so without the name for whoever may not read patients' data, of whom no reading is written", async () => {
    const as = await person("reader@clinic.example", "VIEWER"); // without a break-glass use
    const before = await lastSeq(server);
    const { data } = await ask(server, timeline, { id }, { as });
    expect(data.incident.entries.nodes).toEqual([{ message: "Opened for [withheld], and [withheld] again." }]);
    expect((await entriesOf(server, { after: before })).filter(({ action }) => action === "PHI_READ")).toEqual([]);
  });

  test("is shown to whoever may, and the reading is written down", async () => {
    const before = await lastSeq(server);
    const { data } = await ask(server, timeline, { id }, { as: people.ANALYST as string });
    expect(data.incident.entries.nodes).toEqual([{ message: "Opened for p-7000, and p-7000 again." }]);
    const entries = (await entriesOf(server, { after: before })).filter(({ action }) => action === "PHI_READ");
    expect(entries).toMatchObject([{ actor: "analyst@clinic.example", detail: { count: 1 } }]);
    expect(JSON.stringify(entries)).not.toContain("p-7000");
  });

  test("may be a person's own words, whose reading is written down by their key, whomever the incident is about", async () => {
    const about = globalIdOf(await incidentOf(7001, []));
    const comment =
      'mutation ($id: ID!) { incidentComment(id: $id, input: {body: "Call Jane"}) { userErrors { code } } }';
    expect((await ask(server, comment, { id: about })).data.incidentComment.userErrors).toEqual([]);
    const words = "query ($id: ID!) { incident(id: $id) { entries { nodes { id html } } } }";
    const before = await lastSeq(server);
    const as = await person("reader@clinic.example", "VIEWER");
    const hidden = (await ask(server, words, { id: about }, { as })).data.incident.entries.nodes;
    expect(hidden).toMatchObject([{ html: expect.stringContaining("[withheld]") }]);
    expect(await phiReads(before)).toEqual([]);
    const shown = (await ask(server, words, { id: about }, { as: people.ANALYST as string })).data.incident.entries
      .nodes;
    expect(shown).toMatchObject([{ html: expect.stringContaining("Call Jane") }]);
    const [, row] = Buffer.from(shown[0].id, "base64").toString().split(":");
    expect(await phiReads(before)).toMatchObject([
      { actor: "analyst@clinic.example", detail: { patients: [`words:entry:${row}`], count: 1 } },
    ]);
  });
});
