import { afterAll, beforeAll, expect, it } from "vitest";
import { maker } from "../alert/made.ts";
import { type TestDatabase, testDatabase } from "../support/database.ts";
import { asker } from "./ask.ts";

let test: TestDatabase;
let ask: ReturnType<typeof asker>;
let them: { organizationId: string };

beforeAll(async () => {
  test = await testDatabase();
  ask = asker(test);
  them = { organizationId: test.organizations[1]?.id as string };
});
afterAll(() => test.close());

const create = `mutation ($input: SilenceCreateInput!) { silenceCreate(input: $input) {
  silence { id author reason state matchers { field operator value } } userErrors { code message path } } }`;
const expire =
  "mutation ($id: ID!) { silenceExpire(id: $id) { silence { state expiredBy } userErrors { code message path } } }";
const preview = `query ($matchers: [MatcherInput!]!) { silencePreview(matchers: $matchers) {
  openIncidents matchingIncidents incidents { title } } }`;
const ann = [{ field: "SUBJECT", operator: "EQUALS", value: "ann" }];
const soon = (): string => new Date(Date.now() + 3_600_000).toISOString();

it("a silence is made, listed and ended, with author and reason, each time with an audit entry", async () => {
  const input = { matchers: ann, reason: " Ann tests the alarm ", endsAt: soon() };
  const { silence, userErrors } = (await ask(create, { input })).data.silenceCreate;
  expect(userErrors).toEqual([]);
  expect(silence).toMatchObject({
    author: "ada@demo.example",
    reason: "Ann tests the alarm",
    state: "ACTIVE",
    matchers: ann,
  });
  const listed = "{ silences(orderBy: [{field: ENDS_AT, direction: ASC}]) { totalCount nodes { id } } }";
  expect((await ask(listed)).data.silences).toEqual({ totalCount: 1, nodes: [{ id: silence.id }] });
  expect((await ask(listed, {}, them)).data.silences.totalCount).toBe(0);

  const ended = (await ask(expire, { id: silence.id })).data.silenceExpire;
  expect(ended.silence).toEqual({ state: "EXPIRED", expiredBy: "ada@demo.example" });
  const again = (await ask(expire, { id: silence.id })).data.silenceExpire;
  expect(again).toMatchObject({ silence: null, userErrors: [{ code: "CONFLICT", path: ["id"] }] });
  const foreign = (await ask(expire, { id: silence.id }, them)).data.silenceExpire;
  expect(foreign.userErrors).toMatchObject([{ code: "NOT_FOUND" }]);

  const entries = await test.asOwner<{ action: string; actor: string; detail: { reason?: string } }>(
    "SELECT action, actor, detail FROM security_audit_log WHERE entity_kind = 'Silence' ORDER BY seq",
  );
  expect(entries).toMatchObject([
    { action: "SILENCE_CREATED", actor: "ada@demo.example", detail: { matchers: ann } },
    { action: "SILENCE_EXPIRED", actor: "ada@demo.example" },
  ]);
});

it("a silence that has not started never does once it is ended", async () => {
  const startsAt = new Date(Date.now() + 1_800_000).toISOString();
  const input = { matchers: ann, reason: "Later", startsAt, endsAt: soon() };
  const { silence } = (await ask(create, { input })).data.silenceCreate;
  expect(silence.state).toBe("PENDING");
  expect((await ask(expire, { id: silence.id })).data.silenceExpire.silence.state).toBe("EXPIRED");
});

it("a silence without a matcher is refused, and says where", async () => {
  const input = { matchers: [], reason: "All of it", endsAt: soon() };
  const { silence, userErrors } = (await ask(create, { input })).data.silenceCreate;
  expect(silence).toBeNull();
  expect(userErrors).toMatchObject([{ code: "BAD_USER_INPUT", path: ["input", "matchers"] }]);
});

it("only who may answer alerts silences them", async () => {
  const input = { matchers: ann, reason: "Quiet", endsAt: soon() };
  for (const role of ["VIEWER", "ANALYST", "AUDITOR"] as const) {
    const { errors } = await ask(create, { input }, { role });
    expect(errors[0].extensions.code).toBe("FORBIDDEN");
  }
  expect((await ask(create, { input }, { role: "RESPONDER" })).data.silenceCreate.userErrors).toEqual([]);
});

it("whom a silence names is withheld from a responder who owes a second factor, also in a mutation's answer", async () => {
  const tag = { field: "TAG", operator: "EQUALS", value: "attack.t1110" };
  const input = { matchers: [...ann, tag], reason: "Quiet", endsAt: soon() };
  const owing = { role: "RESPONDER", secondFactor: "MISSING" } as const;
  const { silence, userErrors } = (await ask(create, { input }, owing)).data.silenceCreate;
  expect(userErrors).toEqual([]);
  expect(silence.matchers).toEqual([{ ...ann[0], value: "[withheld]" }, tag]);
  const again = (await ask(create, { input: { ...input, matchers: silence.matchers } }, owing)).data.silenceCreate;
  expect(again).toMatchObject({ silence: null, userErrors: [{ path: ["input", "matchers", "0", "value"] }] });
});

it("a preview counts the open incidents that a silence would be about", async () => {
  const made = maker(test, test.organizations[0]?.id as string);
  const theirs = maker(test, them.organizationId);
  for (let number = 1; number <= 12; number++) await made.incident({ number, title: `of ann ${number}` });
  await made.incident({ number: 13, subject: "bob" });
  await made.incident({ number: 14, isOpen: false });
  await theirs.incident({ number: 1 });
  const found = (await ask(preview, { matchers: ann })).data.silencePreview;
  expect(found).toMatchObject({ openIncidents: 13, matchingIncidents: 12 });
  expect(found.incidents.map(({ title }: { title: string }) => title)).toEqual(
    Array.from({ length: 10 }, (_, n) => `of ann ${12 - n}`),
  );
  expect((await ask(preview, { matchers: ann }, them)).data.silencePreview.matchingIncidents).toBe(1);
  const { errors } = await ask(preview, { matchers: [{ field: "SEVERITY", operator: "EQUALS", value: "x" }] });
  expect(errors[0]).toMatchObject({ extensions: { code: "BAD_USER_INPUT" } });
});
