import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type AuditRecord, audit } from "../../src/access/audit.ts";
import { createSignInLink } from "../../src/access/sign-in.ts";
import { ensureUser } from "../../src/access/users.ts";
import { auditPhiRead, pseudonymOf } from "../../src/audit/phi-read.ts";
import { createReviewPack } from "../../src/audit/review-pack.ts";
import { type TestServer, testServer } from "../support/server.ts";
import { ask, entriesOf, lastSeq } from "./asking.ts";

const day = 86_400_000;
const month = new Date().toISOString().slice(0, 7);
let server: TestServer;
let offset = 0; // ms that the clock is ahead

beforeAll(async () => {
  server = await testServer({ now: () => Date.now() + offset });
  const { app, ours } = server;
  const user = { email: "ada@clinic.example", name: "Ada", role: "ADMIN" as const, now: Date.now() };
  const link = await app.db.inOrganization(ours, async (tx) =>
    createSignInLink(tx, { userId: await ensureUser(tx, user), now: Date.now() }),
  );
  await app.signIn.redeem(link);
  await expect(app.signIn.redeem(link)).rejects.toThrow("already used");
  await server.failLogins("bob", { times: 12, from: "203.0.113.7" });
  const indexOf = await app.patientIndexer(ours);
  for (const [actor, count] of [
    ["nurse1", 3],
    ["nurse2", 4],
    ["nurse3", 5],
    ["snoop", 90],
  ] as const) {
    const patients = new Set(Array.from({ length: count }, (_, n) => `p${n}`));
    await auditPhiRead(
      app.db,
      ours,
      {
        actor,
        patients,
        purpose: undefined,
        address: undefined,
        operation: "query node",
      },
      indexOf,
    );
  }
  await ask(server, "{ auditVerify { ok } }", {}, { as: await server.token("VIEWER") });
});
afterAll(() => server.close());
const pseudonym = async (patientId: string): Promise<string> =>
  pseudonymOf(patientId, await server.app.patientIndexer(server.ours));

describe("H6: the monthly review", () => {
  const create = `mutation Create($input: ReviewPackCreateInput!) {
    reviewPackCreate(input: $input) { reviewPack { id month content contentHash createdBy signedAt isOverdue } userErrors { code message path } } }`;
  const sign = `mutation Sign($id: ID!, $input: ReviewPackSignInput!) {
    reviewPackSign(id: $id, input: $input) { reviewPack { contentHash signedBy signedAt note isOverdue } userErrors { code message } } }`;

  test("is of a month that is over, and of a month", async () => {
    for (const wrong of [month, "2026-13", "soon"]) {
      const { data } = await ask(server, create, { input: { month: wrong } });
      expect(data.reviewPackCreate).toMatchObject({
        reviewPack: null,
        userErrors: [{ code: "BAD_USER_INPUT", path: ["input", "month"] }],
      });
    }
  });

  test("gathers log-ins, failures, privilege changes, outliers of patient data access and open incidents; signed, it joins the chain", async () => {
    // The middle of the next month: its predecessor is overdue, and no other.
    const today = new Date();
    offset = Date.UTC(today.getUTCFullYear(), today.getUTCMonth() + 1, 15) - Date.now();
    const auditor = { as: await server.token("AUDITOR") };
    const overdue = "{ reviewsOverdue }";
    expect((await ask(server, overdue, {}, auditor)).data.reviewsOverdue).toEqual([month]);
    const { reviewPack, userErrors } = (await ask(server, create, { input: { month } }, auditor)).data.reviewPackCreate;
    expect(userErrors).toEqual([]);
    expect(reviewPack).toMatchObject({ month, signedAt: null, isOverdue: true });
    const { content } = reviewPack;
    expect(content.signIns).toEqual([
      { actor: "ada@clinic.example", action: "SIGNED_IN", times: 1 },
      { actor: "ada@clinic.example", action: "SIGN_IN_REFUSED", times: 1 },
    ]);
    expect(content.applicationSignIns).toEqual([{ outcome: "FAILURE", times: 12, actors: 1 }]);
    expect(content.failures).toEqual(
      expect.arrayContaining([expect.objectContaining({ actor: "tester", action: "PERMISSION_REFUSED", times: 1 })]),
    );
    expect(content.privilegeChanges.map(({ action }: { action: string }) => action)).toEqual(
      expect.arrayContaining(["USER_CREATED", "API_KEY_CREATED"]),
    );
    expect(content.patientAccess).toMatchObject({ readers: 4, outliers: [{ actor: "snoop", patients: 90 }] });
    expect(content.openIncidents.length).toBeGreaterThan(0);
    expect(content.openIncidents[0]).toMatchObject({ status: "OPEN" });

    expect(
      (await ask(server, sign, { id: reviewPack.id, input: { note: " " } }, auditor)).data.reviewPackSign.userErrors,
    ).toMatchObject([{ code: "BAD_USER_INPUT" }]);
    expect(
      (
        await ask(
          server,
          sign,
          { id: reviewPack.id, input: { note: "x" } },
          { as: await server.token("ADMIN", server.theirs) },
        )
      ).data.reviewPackSign.userErrors,
    ).toMatchObject([{ code: "NOT_FOUND" }]);
    const signed = (await ask(server, sign, { id: reviewPack.id, input: { note: "snoop was asked; see #3" } }, auditor))
      .data.reviewPackSign;
    expect(signed).toMatchObject({
      userErrors: [],
      reviewPack: { contentHash: reviewPack.contentHash, signedBy: "tester", isOverdue: false },
    });
    const [entry] = (await entriesOf(server)).filter(({ action }) => action === "REVIEW_PACK_SIGNED");
    expect(entry).toMatchObject({
      actor: "tester",
      detail: { month, contentHash: reviewPack.contentHash, noteDigest: expect.stringMatching(/^[0-9a-f]{16}$/) },
    });
    expect((await ask(server, overdue, {}, auditor)).data.reviewsOverdue).toEqual([]);
  });

  test("stays as it was signed, for six years, and whoever has the audit chain can prove it", async () => {
    const again = await ask(server, create, { input: { month } }, { as: await server.token("ADMIN") });
    expect(again.data.reviewPackCreate.userErrors).toMatchObject([{ code: "CONFLICT" }]);
    for (const change of ["content = '{}'", "sealed_note = NULL", "signed_by = 'eve'"]) {
      const changed = server.app.db.query(server.ours, `UPDATE review_packs SET ${change}`);
      await expect(changed).rejects.toThrow("review_packs is final");
    }
    await expect(server.app.db.query(server.ours, "DELETE FROM review_packs")).rejects.toThrow("permission denied");
    offset = 6 * 365 * day;
    const packs = "{ reviewPacks { totalCount nodes { id month contentHash signedBy } } auditVerify { ok } }";
    const { data } = await ask(server, packs, {}, { as: await server.token("AUDITOR") });
    expect(data).toMatchObject({
      reviewPacks: { totalCount: 1, nodes: [{ month, signedBy: "tester" }] },
      auditVerify: { ok: true },
    });
    const [stored] = await server.database.asOwner<{ content: string }>(
      "SELECT content::text AS content FROM review_packs",
    );
    const hash = createHash("sha256")
      .update(stored?.content ?? "")
      .digest("hex");
    const [entry] = (await entriesOf(server)).filter(({ action }) => action === "REVIEW_PACK_SIGNED");
    expect(hash).toBe(entry?.detail.contentHash);
    expect((await ask(server, packs, {}, { as: await server.token("VIEWER") })).errors?.[0]?.extensions.code).toBe(
      "FORBIDDEN",
    );
    offset = 0;
  });

  test("lists whoever got rights, whatever else strangers and mailed links leave in the log, and counts what it leaves out", async () => {
    const { app, theirs } = server;
    const write = (entry: Pick<AuditRecord, "actor" | "action" | "entityId">) =>
      app.db.inOrganization(theirs, (tx) => audit(tx, { ...entry, entityKind: "User" }));
    await app.db.inOrganization(theirs, async (tx) => {
      for (let n = 0; n < 1_001; n++) {
        const unknown = { actor: "unknown", entityKind: "User", entityId: `nobody-${n}@x.example` };
        await audit(tx, { ...unknown, action: n % 2 ? "SIGN_IN_LINK_REFUSED" : "SIGN_IN_LINK_CREATED" });
        await audit(tx, { ...unknown, action: "SIGN_IN_REFUSED" });
      }
    });
    await write({ actor: "cli", action: "TOKEN_CREATED", entityId: "cli" });
    await write({ actor: "eve@clinic.example", action: "SECOND_FACTOR_REMOVED", entityId: "u1" });
    await write({ actor: "eve@clinic.example", action: "SECOND_FACTOR_REFUSED", entityId: "u2" });
    const first = new Date(`${month}-01T00:00:00Z`);
    await app.db.inOrganization(theirs, (tx) => createReviewPack(tx, { month: first, actor: "ann", now: Date.now() }));
    const { rows } = await app.db.query<{ content: Record<string, { action: string; actor: string }[]> }>(
      theirs,
      "SELECT content FROM review_packs WHERE organization_id = $1",
      [theirs],
    );
    const { privilegeChanges = [], privilegeChangeCount, failures = [], failureCount } = rows[0]?.content ?? {};
    expect(privilegeChanges.filter(({ actor }) => actor !== "vigil").map(({ action }) => action)).toEqual(
      expect.arrayContaining(["TOKEN_CREATED", "SECOND_FACTOR_REMOVED"]),
    );
    expect(privilegeChanges.filter(({ actor }) => actor === "unknown")).toEqual([]);
    expect(privilegeChangeCount).toBe(privilegeChanges.length);
    expect(failures).toHaveLength(1_000);
    expect(failures).toContainEqual({
      actor: "eve@clinic.example",
      action: "SECOND_FACTOR_REFUSED",
      what: "u2",
      times: 1,
    });
    expect(failureCount).toBeGreaterThan(1_500);
  });
});

describe("the register of disclosures", () => {
  const record = `mutation Record($input: DisclosureRecordInput!) {
    disclosureRecord(input: $input) { disclosure { id patientId recipient } userErrors { code path } } }`;
  const query = `query Register($patientId: String, $range: AuditRangeInput) {
    disclosures(patientId: $patientId, range: $range) { totalCount nodes { patientId disclosedAt recipient recipientAddress description purpose recordedBy } } }`;
  const input = {
    patientId: "p1",
    disclosedAt: "2026-01-05T10:00:00Z",
    recipient: "County health office",
    description: "Vaccination record",
    purpose: "Required by law",
  };

  test("keeps what was disclosed, of whom, to whom and why; a patient's accounting is one query, and audited", async () => {
    expect((await ask(server, record, { input })).data.disclosureRecord).toMatchObject({
      disclosure: { patientId: "p1" },
      userErrors: [],
    });
    await ask(server, record, {
      input: { ...input, patientId: "p2", recipientAddress: "1 Main St", disclosedAt: "2026-02-05T10:00:00Z" },
    });
    const before = await lastSeq(server);
    const auditor = { as: await server.token("AUDITOR"), headers: { "x-vigil-purpose": "accounting" } };
    const { data } = await ask(server, query, { patientId: "p1" }, auditor);
    expect(data.disclosures).toEqual({
      totalCount: 1,
      nodes: [{ ...input, disclosedAt: "2026-01-05T10:00:00.000Z", recipientAddress: null, recordedBy: "tester" }],
    });
    const all = (await ask(server, query, { range: { from: "2026-02-01T00:00:00Z" } }, auditor)).data.disclosures;
    expect(all.nodes).toMatchObject([{ patientId: "p2", recipientAddress: "1 Main St" }]);
    expect(
      (await entriesOf(server, { after: before })).map(({ action, detail }) => [
        action,
        detail.patients,
        detail.purpose,
      ]),
    ).toEqual([
      ["PHI_READ", [await pseudonym("p1")], "accounting"],
      ["PHI_READ", [await pseudonym("p2")], "accounting"],
    ]);
    expect((await ask(server, query, {}, { as: server.outsider })).data.disclosures.totalCount).toBe(0);
  });

  test("refuses what is empty, too long or yet to come, and names the place; nothing in it can be changed", async () => {
    for (const [name, value] of [
      ["patientId", " "],
      ["recipient", ""],
      ["purpose", "x".repeat(2_001)],
      ["disclosedAt", "2999-01-01T00:00:00Z"],
    ] as const) {
      const { data } = await ask(server, record, { input: { ...input, [name]: value } });
      expect(data.disclosureRecord).toEqual({
        disclosure: null,
        userErrors: [{ code: "BAD_USER_INPUT", path: ["input", name] }],
      });
    }
    expect(
      (await ask(server, record, { input }, { as: await server.token("RESPONDER") })).errors?.[0]?.extensions.code,
    ).toBe("FORBIDDEN");
    for (const text of ["UPDATE disclosures SET recipient = 'x'", "DELETE FROM disclosures"]) {
      await expect(server.app.db.query(server.ours, text)).rejects.toThrow("permission denied");
    }
  });
});

describe("the lists of compliance", () => {
  test("go from page to page without a row twice or missing", async () => {
    const record =
      "mutation ($input: DisclosureRecordInput!) { disclosureRecord(input: $input) { userErrors { message } } }";
    for (let day = 1; day <= 5; day++) {
      const input = { patientId: "p-paged", recipient: `r${day}`, description: "d", purpose: "p" };
      const disclosedAt = `2025-03-0${Math.ceil(day / 2)}T00:00:00Z`; // two of one moment
      await ask(server, record, { input: { ...input, disclosedAt } }, { as: await server.token("AUDITOR") });
    }
    const pages = `query ($after: String, $before: String, $first: Int, $last: Int) {
      disclosures(patientId: "p-paged", first: $first, after: $after, last: $last, before: $before) {
        pageInfo { endCursor startCursor hasNextPage } nodes { recipient disclosedAt } } }`;
    const seen: string[] = [];
    let after: string | null = null;
    for (let page = 0; page < 3; page++) {
      const { data } = await ask(server, pages, { first: 2, after });
      seen.push(...data.disclosures.nodes.map(({ recipient }: { recipient: string }) => recipient));
      after = data.disclosures.pageInfo.endCursor;
      expect(data.disclosures.pageInfo.hasNextPage).toBe(page < 2);
    }
    expect(seen).toHaveLength(5);
    expect([...seen].sort()).toEqual(["r1", "r2", "r3", "r4", "r5"]);
    expect(seen[0]).toBe("r5");
    const { data } = await ask(server, pages, { last: 2, before: after });
    expect(data.disclosures.nodes.map(({ recipient }: { recipient: string }) => recipient)).toEqual(seen.slice(2, 4));
  });
});
