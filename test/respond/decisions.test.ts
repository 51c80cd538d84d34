/** Decisions from a person's word to an enforcer and back, over the real server. */
import { createHash, createPublicKey, verify } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { createApiKey } from "../../src/access/api-keys.ts";
import { createLists, readList } from "../../src/respond/list.ts";
import { ask as askServer } from "../audit/asking.ts";
import { type TestServer, testServer } from "../support/server.ts";

let server: TestServer;
let key: string;
let now = Date.now();

// biome-ignore lint/suspicious/noExplicitAny: each test says by its query what comes back
type Data = any;

beforeAll(async () => {
  const proxies = "192.0.2.128/30, 0.0.0.0/0";
  const env = { VIGIL_OWN_ADDRESSES: "192.0.2.53, 192.0.2.64/28", VIGIL_TRUSTED_PROXIES: proxies };
  server = await testServer({ now: () => now, env });
  key = await enforcerKey();
});
afterAll(() => server.close());

async function enforcerKey(organizationId = server.ours): Promise<string> {
  const input = { name: "app", role: "ENFORCER" as const, actor: "tester", now };
  return (await server.app.db.inOrganization(organizationId, (tx) => createApiKey(tx, input))).secret;
}

async function ask(document: string, variables: object = {}): Promise<Data> {
  const { data, errors } = await askServer(server, document, variables);
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}

async function decide(input: object): Promise<Data> {
  const document = `mutation ($input: DecisionCreateInput!) { decisionCreate(input: $input) {
    decision { id version value inForce expiresAt } userErrors { code message path } cursor } }`;
  return (await ask(document, { input: { type: "BLOCK_IP", scope: "IP", reason: "A test", ...input } })).decisionCreate;
}

const revoke = async (id: string): Promise<Data> =>
  (
    await ask(
      'mutation ($id: ID!) { decisionRevoke(id: $id, input: { reason: "Over" }) { decision { inForce } userErrors { code } } }',
      { id },
    )
  ).decisionRevoke;

async function poll(query: string, as = key): Promise<{ status: number; body: Data }> {
  const answer = await fetch(`${server.url}/enforce/decisions?enforcer=web-1&program=test/1${query}`, {
    headers: { authorization: `Bearer ${as}` },
  });
  return { status: answer.status, body: await answer.json() };
}

const rowId = (id: string): string => Buffer.from(id, "base64").toString().split(":")[1] as string;
const line = ({ id, type, scope, value, version, expiresAt }: Data): string =>
  [id, type, scope, value, version, expiresAt].join(" ");

describe("the list of decisions", () => {
  it("is not read again for an enforcer that has it, until something of it changes or ends", async () => {
    const asked: string[] = [];
    const lists = createLists({
      query: ((organizationId: string, text: { name: string; text: string }, values?: unknown[]) => {
        asked.push(text.name);
        return server.app.db.query(organizationId, text, values);
      }) as never,
    });
    const { decision } = await decide({ value: "203.0.113.8", ttl: "PT10M" });
    const first = await lists(server.ours, { now });
    const get = async (after: number, at = now) => {
      asked.length = 0;
      const list = await lists(server.ours, { after, now: at });
      expect(list.hash).toBe((await readList(server.app.db, server.ours, { after, now: at })).hash);
      return [list.version, list.decisions.length, list.issuedAt, ...asked];
    };
    const { version } = first;
    expect(await get(version)).toEqual([version, 0, now, "decision_list_version"]);
    expect(await get(version, now + 599_000)).toEqual([version, 0, now + 599_000, "decision_list_version"]);
    expect(await get(version - 1)).toEqual([version, 1, now, "decision_list"]); // it lacks something
    expect(await get(version, now + 600_000)).toEqual([version, 0, now + 600_000, "decision_list"]); // one has ended
    expect(await get(version)).toEqual([version, 0, now, "decision_list"]); // a clock that went back
    await revoke(decision.id);
    expect(await get(version)).toEqual([version + 1, 0, now, "decision_list_version", "decision_list"]);
    expect(await get(version + 1)).toEqual([version + 1, 0, now, "decision_list_version"]);
    expect((await lists(server.theirs, { after: version + 1, now })).organization).toBe(server.theirs);
  });

  it("is whole at first, then what is new, and its hash is that of the whole list", async () => {
    const first = await decide({ value: "203.0.113.7" });
    expect(first.userErrors).toEqual([]);
    const { body: full } = await poll("");
    expect(full).toMatchObject({ organization: server.ours, full: true, removed: [] });
    expect(full.decisions.map(({ id }: Data) => id)).toContain(rowId(first.decision.id));
    const second = await decide({ value: "203.0.113.8" });
    const { body: more } = await poll(`&after=${full.version}`);
    expect(more).toMatchObject({ full: false, version: full.version + 1, removed: [] });
    expect(more.decisions.map(({ value }: Data) => value)).toEqual(["203.0.113.8"]);
    const whole = [...full.decisions, ...more.decisions].map(line).sort().join("\n");
    expect(more.hash).toBe(createHash("sha256").update(whole).digest("hex"));
    await revoke(first.decision.id);
    const { body: less } = await poll(`&after=${more.version}`);
    expect(less).toMatchObject({ full: false, decisions: [], removed: [rowId(first.decision.id)] });
    await revoke(second.decision.id);
  });

  it("R10: is signed for its organization, version and moment", async () => {
    const { body } = await poll("");
    const text = ["vigil-decisions-v1", body.organization, body.version, body.hash, body.issuedAt].join("\n");
    const x = Buffer.from(body.publicKey, "base64").toString("base64url");
    const publicKey = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
    const signature = Buffer.from(body.signature, "base64");
    expect(verify(null, Buffer.from(text), publicKey, signature)).toBe(true);
    expect(verify(null, Buffer.from(text.replace(body.organization, server.theirs)), publicKey, signature)).toBe(false);
  });

  it("is held back until there is a change, when it is asked to wait", async () => {
    const { body } = await poll("");
    const waiting = poll(`&after=${body.version}&wait=20`);
    const made = await decide({ value: "203.0.113.9" });
    const { body: told } = await waiting;
    expect(told.decisions.map(({ value }: Data) => value)).toEqual(["203.0.113.9"]);
    await revoke(made.decision.id);
  });

  it("does not wait for an older transaction of its organization, as a batch of events that is being stored", async () => {
    const { body } = await poll("");
    let made: Data;
    await server.app.db.inOrganization(server.ours, async (tx) => {
      await tx.query("SELECT pg_current_xact_id()"); // it writes, and ends after all of this
      const waiting = poll(`&after=${body.version}&wait=20`);
      made = await decide({ value: "203.0.113.11" });
      const { body: told } = await waiting;
      expect(told.decisions.map(({ value }: Data) => value)).toEqual(["203.0.113.11"]);
    });
    await revoke(made.decision.id);
  });

  it("has a decision about a user once for each name that the application may know the user by, and takes all back", async () => {
    const rows = [
      { name: "lee", aliases: ["17", "Lee@clinic.example"] },
      { name: "other", aliases: ["18"] },
    ];
    await ask(
      "mutation ($rows: [UserImportRow!]!) { usersImport(input: { rows: $rows }) { userErrors { message } } }",
      {
        rows,
      },
    );
    const { body: before } = await poll("");
    const made = await decide({ type: "FORCE_MFA", scope: "USER", value: "lee" });
    const { body: more } = await poll(`&after=${before.version}`);
    expect(more.decisions.map(({ value }: Data) => value)).toEqual(["lee", "17", "lee@clinic.example"]);
    const ids: string[] = more.decisions.map(({ id }: Data) => id);
    expect(new Set(ids).size).toBe(3);
    expect(ids[0]).toBe(rowId(made.decision.id));
    const { body: full } = await poll("");
    expect(full.decisions).toEqual(expect.arrayContaining(more.decisions)); // the ids stay the same
    const hash = createHash("sha256").update(full.decisions.map(line).sort().join("\n")).digest("hex");
    expect([full.hash, more.hash]).toEqual([hash, hash]);
    // It is one decision: applied where its own row is, and shown once.
    const acknowledged = await fetch(`${server.url}/enforce/acknowledge`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({ enforcer: "web-1", program: "test/1", version: full.version, applied: ids }),
    });
    expect(acknowledged.status).toBe(204);
    const { decisions } = await ask(
      "{ decisions(filter: { type: { eq: FORCE_MFA } }) { nodes { value appliedBy { enforcer { name } } } } }",
    );
    expect(decisions.nodes).toEqual([{ value: "lee", appliedBy: [{ enforcer: { name: "web-1" } }] }]);
    await revoke(made.decision.id);
    const { body: less } = await poll(`&after=${full.version}`);
    expect([...less.removed].sort()).toEqual([...ids].sort());
    expect(less.hash).toBe(before.hash);
    const alias = await decide({ type: "FORCE_MFA", scope: "USER", value: "lee@clinic.example" });
    const { body: again } = await poll(`&after=${less.version}`);
    expect(again.decisions.map(({ value }: Data) => value)).toEqual(["lee@clinic.example", "17", "lee"]);
    await revoke(alias.decision.id);
  });

  it("of a version that was never given is sent whole", async () => {
    expect((await poll("&after=999999")).body.full).toBe(true);
  });

  it("holds nothing of another organization, and is for enforcers only", async () => {
    const made = await decide({ value: "203.0.113.10" });
    const theirs = await poll("", await enforcerKey(server.theirs));
    expect(theirs.body).toMatchObject({ organization: server.theirs, decisions: [] });
    expect((await poll("", server.key)).status).toBe(403);
    expect((await poll("", server.admin)).status).toBe(403);
    expect((await poll("&after=x")).status).toBe(400);
    await revoke(made.decision.id);
  });
});

describe("a decision", () => {
  it("R8: about the same target replaces the one in force, with the next version", async () => {
    const one = await decide({ value: "203.0.113.20", ttl: "PT1H" });
    now += 1_000;
    const two = await decide({ value: "::ffff:203.0.113.20", ttl: "PT2H" });
    expect([one.decision.version, two.decision.version]).toEqual([1, 2]);
    const { decisions } = await ask(
      '{ decisions(filter: { value: { eq: "203.0.113.20" } }) { nodes { version inForce revokedBy } } }',
    );
    expect(decisions.nodes).toEqual([
      { version: 2, inForce: true, revokedBy: null },
      { version: 1, inForce: false, revokedBy: "replaced" },
    ]);
    const three = await decide({ value: "203.0.113.20", ttl: "PT5M" }); // a person's own word may shorten it
    expect(Date.parse(three.decision.expiresAt) - now).toBe(300_000);
    two.decision.id = three.decision.id;
    expect((await revoke(two.decision.id)).decision).toEqual({ inForce: false });
    expect((await revoke(two.decision.id)).userErrors).toEqual([{ code: "CONFLICT" }]);
  });

  it("R3: ends by itself, and cannot be made for longer than a week", async () => {
    const made = await decide({ value: "203.0.113.21", ttl: "PT10S" });
    now += 11_000;
    expect((await poll("")).body.decisions.map(({ id }: Data) => id)).not.toContain(rowId(made.decision.id));
    for (const ttl of ["PT9S", "P8D"])
      expect((await decide({ value: "203.0.113.21", ttl })).userErrors[0].path).toEqual(["input", "ttl"]);
  });

  it("R1: is refused about what is protected, with the reason", async () => {
    const update =
      "mutation ($input: OrganizationUpdateInput!) { organizationUpdate(input: $input) { userErrors { message } } }";
    await ask(update, { input: { protectedTargets: ["198.51.100.0/24", "the-owner"] } });
    for (const [input, reason] of [
      [{ value: "127.0.0.1" }, "loopback"],
      [{ value: "192.0.2.66" }, "Vigil"],
      [{ value: "192.0.2.129" }, "proxies"],
      [{ value: "198.51.100.9" }, "protected"],
      [{ type: "SUSPEND_USER", scope: "USER", value: "The-Owner" }, "protected"],
      [{ type: "FORCE_MFA", scope: "USER", value: "tester" }, "asks for it"],
    ] as const) {
      const { userErrors, decision } = await decide(input);
      expect(decision).toBeNull();
      expect(userErrors[0].message).toContain(reason);
    }
    for (const input of [
      { value: "nowhere" },
      { value: "203.0.113.0/24" },
      { type: "NOTIFY_ADMIN", value: "203.0.113.1" },
      { scope: "USER", value: "eve" },
    ]) {
      expect((await decide(input)).userErrors[0].code).toBe("BAD_USER_INPUT");
    }
  });

  it("is announced in the order of changes, and one can go on from a cursor", async () => {
    // All of it while an older transaction is open: its end decides when the changes may be told, not whether.
    const events = await server.app.db.inOrganization(server.ours, async (tx) => {
      await tx.query("SELECT pg_current_xact_id()");
      const { realtime } = await ask("{ realtime { cursor } }");
      const made = await decide({ value: "203.0.113.30" });
      await revoke(made.decision.id);
      const subscribed = server.subscribe<Data, { after: string }>(
        "subscription D($after: String) { decisionEvents(after: $after) { kind decision { value inForce } } }" as never,
        { after: realtime.cursor },
      );
      await vi.waitFor(() => expect(server.streams().streams).toBe(1), 10_000);
      await server.app.feed.cursor(server.ours);
      return subscribed;
    });
    const heard = [await events.next(), await events.next()].map(({ decisionEvents }) => decisionEvents);
    await events.close();
    expect(heard.map(({ kind }) => kind)).toEqual(["CREATED", "REVOKED"]);
    expect(heard[1].decision).toEqual({ value: "203.0.113.30", inForce: false });
  });
});

describe("an enforcer", () => {
  it("says what it applies, and one sees where a decision is applied and who is behind", async () => {
    const made = await decide({ value: "203.0.113.40" });
    const { body } = await poll("");
    const acknowledge = (more: object, as = key): Promise<Response> =>
      fetch(`${server.url}/enforce/acknowledge`, {
        method: "POST",
        headers: { authorization: `Bearer ${as}`, "content-type": "application/json" },
        body: JSON.stringify({ enforcer: "web-1", program: "test/1", version: body.version, ...more }),
      });
    expect((await acknowledge({ applied: [rowId(made.decision.id)] })).status).toBe(204);
    expect((await acknowledge({ applied: [rowId(made.decision.id)] })).status).toBe(204);
    const seen = await ask(
      "query ($id: ID!) { node(id: $id) { ... on Decision { appliedBy { enforcer { name isOnline behind } liftedAt } } } }",
      { id: made.decision.id },
    );
    expect(seen.node.appliedBy).toEqual([{ enforcer: { name: "web-1", isOnline: true, behind: 0 }, liftedAt: null }]);
    await revoke(made.decision.id);
    expect((await ask("{ enforcers { nodes { name behind } } }")).enforcers.nodes).toEqual([
      { name: "web-1", behind: 1 },
    ]);
    expect((await acknowledge({ lifted: [rowId(made.decision.id)] })).status).toBe(204);
    expect((await acknowledge({ applied: ["x"] })).status).toBe(400);
    expect((await acknowledge({ version: -1 })).status).toBe(400);
    expect((await acknowledge({ enforcer: "" })).status).toBe(400);
    expect((await acknowledge({}, await enforcerKey())).status).toBe(409);
  });
});
