import { v7 as uuidv7 } from "uuid";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ensureUser } from "../../src/access/users.ts";
import { readSurroundings } from "../../src/respond/surroundings.ts";
import fc from "../support/property.ts";
import { type TestServer, testServer } from "../support/server.ts";
import { actionsOf, attack, attackRules, decisionsInForce, noRules, respondBy, timeline } from "./incidents.ts";

let server: TestServer;
let ada: string;
let bob: string;
let incident: { id: string; raw: string };
let address = 1;

beforeAll(async () => {
  server = await testServer({});
  await attackRules(server, ["critical"]);
  ada = await person("ada@clinic.example", "RESPONDER");
  bob = await person("bob@clinic.example", "RESPONDER");
});
afterAll(() => server.close());

beforeEach(async () => {
  await noRules(server);
  await attack(server, [{ ip: `198.51.100.${address++}` }]);
  const { incidents } = await ask("{ incidents(first: 1) { nodes { id } } }");
  const { id } = incidents.nodes[0];
  incident = { id, raw: Buffer.from(id, "base64").toString().split(":")[1] as string };
});

async function person(email: string, role: "ADMIN" | "RESPONDER" | "ANALYST"): Promise<string> {
  const user = { email, name: email, role, now: Date.now() };
  const userId = await server.app.db.inOrganization(server.ours, (tx) => ensureUser(tx, user));
  return server.app.tokens.sign({ organizationId: server.ours, userId, name: email, role }, 600);
}

// biome-ignore lint/suspicious/noExplicitAny: each test says by its query what comes back
async function ask(text: string, variables: object = {}, as = ada): Promise<any> {
  const { data, errors } = await server.query(text as never, variables as never, as);
  if (errors) throw new Error(errors.map(({ message }) => message).join("; "));
  return data;
}

const respondText = `mutation ($id: ID!, $input: IncidentRespondInput!) { incidentRespond(id: $id, input: $input) {
  action { id status target reason actor expiresAt endedReason decisions { value inForce } } outcome refusal userErrors { message path } } }`;
const respond = async (input: object, as = ada) =>
  (await ask(respondText, { id: incident.id, input: { reason: "It attacks us", ...input } }, as)).incidentRespond;
const act = async (what: "Approve" | "Reject" | "Revert", id: string, as = bob) => {
  const [declared, given] = what === "Approve" ? ["", ""] : [", $input: IncidentActionReasonInput!", ", input: $input"];
  const text = `mutation ($id: ID!${declared}) { incidentAction${what}(id: $id${given}) { action { status approvedBy } userErrors { code message } } }`;
  const variables = what === "Approve" ? { id } : { id, input: { reason: "Because" } };
  return (await ask(text, variables, as))[`incidentAction${what}`];
};
const blocked = async () => (await decisionsInForce(server)).map(({ type, value }) => `${type} ${value}`);

describe("somebody who responds", () => {
  it("has an address blocked at once, for the time they say, and takes it back", async () => {
    const { action, userErrors } = await respond({ type: "BLOCK_IP", target: "203.0.113.77", ttl: "PT2H" });
    expect(userErrors).toEqual([]);
    expect(action).toMatchObject({ status: "APPLIED", actor: "ada@clinic.example", decisions: [{ inForce: true }] });
    expect(await blocked()).toContain("BLOCK_IP 203.0.113.77");
    expect(await act("Revert", action.id)).toMatchObject({ action: { status: "REVERTED" } });
    expect(await act("Revert", action.id)).toMatchObject({ action: { status: "REVERTED" }, userErrors: [] });
    expect(await blocked()).not.toContain("BLOCK_IP 203.0.113.77");
    expect((await timeline(server, incident.raw)).slice(-2)).toEqual([
      expect.stringMatching(/^ACTION_APPLIED The block of 203.0.113.77 until/),
      "ACTION_REVERTED bob@clinic.example took back the block of 203.0.113.77: Because",
    ]);
  });

  it("sees which action took the place of another, and has the former back when that is taken back", async () => {
    const target = "203.0.113.78";
    const first = (await respond({ type: "BLOCK_IP", target, ttl: "PT3H" })).action;
    const second = (await respond({ type: "BLOCK_IP", target, ttl: "PT1H" })).action;
    const read = async () =>
      (
        await ask("query ($id: ID!) { node(id: $id) { ... on IncidentAction { status endedReason endedAt } } }", {
          id: first.id,
        })
      ).node;
    expect(await read()).toMatchObject({
      status: "SUPERSEDED",
      endedReason: expect.stringContaining("took its place"),
    });
    expect((await act("Revert", first.id)).userErrors).toMatchObject([{ code: "CONFLICT" }]);
    expect(await act("Revert", second.id)).toMatchObject({ action: { status: "REVERTED" } });
    expect(await read()).toEqual({ status: "APPLIED", endedReason: null, endedAt: null });
    expect((await blocked()).filter((one) => one.endsWith(target))).toHaveLength(1);
    expect(await act("Revert", first.id)).toMatchObject({ action: { status: "REVERTED" } });
    expect((await blocked()).filter((one) => one.endsWith(target))).toEqual([]);
  });

  it("hears of a dry run what would become of it, and nothing is done", async () => {
    expect(await respond({ type: "SUSPEND_USER", target: "mallory", dryRun: true })).toMatchObject({
      action: null,
      outcome: "AWAITING_APPROVAL",
    });
    expect(await respond({ type: "BLOCK_IP", target: "127.0.0.1", dryRun: true })).toMatchObject({
      outcome: "REFUSED",
      refusal: "127.0.0.1 reaches into the loopback range (127.0.0.0/8).",
    });
    expect(
      await actionsOf(server).then((all) => all.filter(({ incident_id }) => incident_id === incident.raw)),
    ).toEqual([]);
  });

  it.each([
    ["BLOCK_IP", "0.0.0.0/0"],
    ["BLOCK_IP", "::/0"],
    ["BLOCK_IP", "::ffff:10.0.0.1"],
    ["BLOCK_IP", "169.254.169.254"],
    ["SUSPEND_USER", "ada@clinic.example"],
  ])("R1 is refused %s of %s, and the timeline says why", async (type, target) => {
    const { action } = await respond({ type, target });
    expect(action).toMatchObject({ status: "REFUSED", endedReason: expect.stringMatching(/./) });
    expect((await timeline(server, incident.raw)).at(-1)).toContain("was refused");
  });

  it("R1 is refused to suspend an administrator by what the application calls them", async () => {
    const amy = await person("amy@clinic.example", "ADMIN");
    const { usersImport } = await ask(
      'mutation { usersImport(input: { rows: [{ name: "al-17", aliases: ["Amy@clinic.example"] }, { name: "al-18", aliases: ["eve@clinic.example"] }] }) { userErrors { message } } }',
      {},
      amy,
    );
    expect(usersImport.userErrors).toEqual([]);
    const { action } = await respond({ type: "SUSPEND_USER", target: "al-17" });
    expect(action).toMatchObject({ status: "REFUSED", endedReason: "al-17 is an administrator of this organization." });
    expect(await respond({ type: "SUSPEND_USER", target: "al-18", dryRun: true })).toMatchObject({ refusal: null });
    // Nor anybody else who is protected under another of their names, nor themselves.
    const rows = [
      { name: "al-19", aliases: ["the-owner"] },
      { name: "al-20", aliases: ["ada@clinic.example"] },
    ];
    await ask(
      "mutation ($rows: [UserImportRow!]!) { usersImport(input: { rows: $rows }) { userErrors { message } } }",
      { rows },
      amy,
    );
    await ask(
      'mutation { organizationUpdate(input: { protectedTargets: ["The-Owner"] }) { userErrors { message } } }',
      {},
      amy,
    );
    for (const target of ["al-19", "al-20"])
      expect(await respond({ type: "SUSPEND_USER", target, dryRun: true })).toMatchObject({
        refusal: `${target} is protected.`,
      });
  });

  it("is told what is wrong with a target or a time", async () => {
    expect(await respond({ type: "BLOCK_IP", target: "nowhere" })).toMatchObject({
      userErrors: [{ path: ["input", "target"] }],
    });
    expect(await respond({ type: "BLOCK_IP", target: "203.0.113.1", ttl: "P8D" })).toMatchObject({
      userErrors: [{ path: ["input", "ttl"] }],
    });
  });

  it("has a session watched by what sessions are called everywhere, not a user of that name", async () => {
    const { action } = await respond({ type: "INCREASE_MONITORING", target: "session:s-9" });
    expect(action).toMatchObject({ status: "APPLIED", target: "s-9" });
  });

  it("R6 needs a second person for what is destructive: not themselves, in any session", async () => {
    for (const input of [
      { type: "SUSPEND_USER", target: "mallory" },
      { type: "BLOCK_IP", target: "203.0.113.0/25" },
    ]) {
      const { action } = await respond(input);
      expect(action.status).toBe("AWAITING_APPROVAL");
      expect(await act("Approve", action.id, ada)).toMatchObject({
        action: null,
        userErrors: [{ code: "BAD_USER_INPUT" }],
      });
      expect(await act("Approve", action.id)).toMatchObject({
        action: { status: "APPLIED", approvedBy: "bob@clinic.example" },
      });
      expect(await act("Approve", action.id)).toMatchObject({ userErrors: [{ code: "CONFLICT" }] });
    }
  });

  it("is shown what they may do now, which is what the mutations then say", async () => {
    const { action } = await respond({ type: "SUSPEND_USER", target: "oscar" });
    const text = `query ($incident: ID!, $action: ID!) {
      incident(id: $incident) { viewerCanUpdate viewerCanMove viewerCanRespond }
      node(id: $action) { ... on IncidentAction { viewerCanApprove viewerCanRevert } } }`;
    const shown = async (as: string) => ask(text, { incident: incident.id, action: action.id }, as);
    const moves = ["ACKNOWLEDGE", "INVESTIGATE", "CONTAIN", "RESOLVE", "MERGE"];
    const responder = { viewerCanUpdate: true, viewerCanMove: moves, viewerCanRespond: true };
    expect(await shown(ada)).toEqual({
      incident: responder,
      node: { viewerCanApprove: false, viewerCanRevert: true }, // a second person has to
    });
    expect((await shown(bob)).node).toEqual({ viewerCanApprove: true, viewerCanRevert: true });
    const analyst = await person("analyst@clinic.example", "ANALYST");
    expect(await shown(analyst)).toEqual({
      incident: { ...responder, viewerCanRespond: false },
      node: { viewerCanApprove: false, viewerCanRevert: false },
    });
    await act("Approve", action.id);
    await server.database.asOwner("UPDATE security_incidents SET status = 'CLOSED' WHERE id = $1", [incident.raw]);
    expect(await shown(await server.token("AUDITOR"))).toMatchObject({
      incident: { viewerCanUpdate: false, viewerCanMove: [] },
    });
    expect(await shown(bob)).toMatchObject({
      incident: { viewerCanMove: ["REOPEN"] },
      node: { viewerCanApprove: false, viewerCanRevert: true },
    });
    await server.database.asOwner("UPDATE security_incidents SET status = 'RESOLVED' WHERE id = $1", [incident.raw]);
  });

  it("R6 is refused the same session under another name, a late approval, and an approval by who may not", async () => {
    const { action } = await respond({ type: "SUSPEND_USER", target: "trudy" });
    const analyst = await person("analyst@clinic.example", "ANALYST");
    await expect(act("Approve", action.id, analyst)).rejects.toThrow();
    const raw = Buffer.from(action.id, "base64").toString().split(":")[1];
    await server.database.asOwner("UPDATE incident_actions SET due_at = now() - interval '1 second' WHERE id = $1", [
      raw,
    ]);
    expect(await act("Approve", action.id)).toMatchObject({
      userErrors: [{ message: expect.stringContaining("over") }],
    });
  });

  it("R6 may approve their own in an emergency by break-glass, which every administrator hears of", async () => {
    const { action } = await respond({ type: "SUSPEND_USER", target: "oscar" });
    await person("chief@clinic.example", "ADMIN");
    await ask(
      'mutation { breakGlassStart(input: { reason: "An emergency at night", minutes: 5 }) { userErrors { message } } }',
    );
    expect(await act("Approve", action.id, ada)).toMatchObject({ action: { status: "APPLIED" }, userErrors: [] });
    const told = await server.database.asOwner(
      "SELECT title FROM security_notifications WHERE kind = 'incident.break-glass'",
    );
    expect(told[0]?.["title"]).toMatch(/^The suspension of a user was approved by who asked for it, by break-glass: /);
    await server.database.asOwner("UPDATE break_glass_uses SET expires_at = started_at + interval '1 ms'");
  });

  it("spares who answers for an emergency, until their use is judged unjustified", async () => {
    const given = { actor: "chief", automatic: false, ownAddresses: [] };
    const isSpared = async () =>
      (await server.app.db.inOrganization(server.ours, (tx) => readSurroundings(tx, given))).protectedUsers.has(
        "bob@clinic.example",
      );
    expect(await isSpared()).toBe(false);
    const start =
      'mutation { breakGlassStart(input: { reason: "An emergency at night", minutes: 5 }) { userErrors { message } } }';
    await ask(start, {}, bob);
    expect(await isSpared()).toBe(true);
    await server.database.asOwner("UPDATE break_glass_uses SET outcome = 'UNJUSTIFIED' WHERE expires_at > now()");
    expect(await isSpared()).toBe(false);
    await server.database.asOwner("UPDATE break_glass_uses SET expires_at = started_at + interval '1 ms'");
  });

  it("R6 cannot go around the second person by a decision of their own, but by break-glass, which is loud as well", async () => {
    const text = `mutation ($input: DecisionCreateInput!) { decisionCreate(input: $input) {
      decision { value } userErrors { code message path } } }`;
    const decide = async (input: object) =>
      (await ask(text, { input: { reason: "It attacks us", ...input } })).decisionCreate;
    const suspend = { type: "SUSPEND_USER", scope: "USER", value: "dr.lee" };
    for (const [input, field] of [
      [suspend, "type"],
      [{ type: "SUSPEND_USER", scope: "SESSION", value: "s-9" }, "type"],
      [{ type: "BLOCK_IP", scope: "RANGE", value: "203.0.113.0/25" }, "scope"],
    ] as const) {
      expect(await decide(input)).toMatchObject({
        decision: null,
        userErrors: [
          { code: "BAD_USER_INPUT", path: ["input", field], message: expect.stringContaining("incidentRespond") },
        ],
      });
    }
    expect(await blocked()).not.toContain("SUSPEND_USER dr.lee");
    expect((await decide({ type: "BLOCK_IP", scope: "IP", value: "203.0.113.91" })).userErrors).toEqual([]);
    await ask(
      'mutation { breakGlassStart(input: { reason: "An emergency at night", minutes: 5 }) { userErrors { message } } }',
    );
    expect(await decide(suspend)).toMatchObject({ decision: { value: "dr.lee" }, userErrors: [] });
    const told = await server.database.asOwner(
      "SELECT body FROM security_notifications WHERE kind = 'incident.break-glass' AND body LIKE '%dr.lee%'",
    );
    expect(told.length).toBeGreaterThan(0);
    const audited = await server.database.asOwner(
      "SELECT FROM security_audit_log WHERE action = 'DECISION_BREAK_GLASS' AND entity_kind = 'Decision'",
    );
    expect(audited).toHaveLength(1);
    await server.database.asOwner("UPDATE break_glass_uses SET expires_at = started_at + interval '1 ms'");
  });

  it("never shortens what is in force by approving what lasts less, and has it back as it was", async () => {
    const lasting = async (target: string) => {
      const now = Date.now();
      const [one] = (await decisionsInForce(server, now)).filter(({ value }) => value === target) as never as {
        until: string;
      }[];
      return Math.round((Number(one?.until) - now / 1000) / 3600);
    };
    const target = "mallory.long";
    const ids: string[] = [];
    for (const ttl of ["P7D", "PT1H"]) {
      const { action } = await respond({ type: "SUSPEND_USER", target, ttl });
      await act("Approve", action.id);
      ids.push(action.id);
      expect(await lasting(target)).toBe(7 * 24);
    }
    const { node } = await ask("query ($id: ID!) { node(id: $id) { ... on IncidentAction { expiresAt } } }", {
      id: ids[1],
    });
    expect((Date.parse(node.expiresAt) - Date.now()) / 3_600_000).toBeCloseTo(7 * 24, 0);
    await act("Revert", ids[1] as string);
    expect(await lasting(target)).toBe(7 * 24);
    await act("Revert", ids[0] as string);
    expect(await blocked()).not.toContain(`SUSPEND_USER ${target}`);
  });

  it("may say no", async () => {
    const { action } = await respond({ type: "SUSPEND_USER", target: "victor" });
    expect(await act("Reject", action.id)).toMatchObject({ action: { status: "REFUSED" } });
    expect(await blocked()).not.toContain("SUSPEND_USER victor");
  });
});

describe("taking back", () => {
  it("is what revoking the decision does to the action that it comes of, once and with a line", async () => {
    const value = "203.0.113.201";
    const { action } = await respond({ type: "BLOCK_IP", target: value });
    const { rows } = await server.app.db.query<{ id: string }>(
      server.ours,
      "SELECT id FROM decisions WHERE organization_id = $1 AND value = $2",
      [server.ours, value],
    );
    const text =
      'mutation ($id: ID!) { decisionRevoke(id: $id, input: { reason: "Our own" }) { userErrors { code message } } }';
    const id = Buffer.from(`Decision:${rows[0]?.id}`).toString("base64");
    expect((await ask(text, { id }, bob)).decisionRevoke.userErrors).toEqual([]);
    expect(await blocked()).not.toContain(`BLOCK_IP ${value}`);
    const lines = (await timeline(server, incident.raw)).filter((line) => line.includes(value));
    expect(lines.at(-1)).toBe(`ACTION_REVERTED bob@clinic.example took back the block of ${value}: Our own`);
    expect(await act("Revert", action.id)).toMatchObject({ action: { status: "REVERTED" }, userErrors: [] });
    expect((await ask(text, { id }, bob)).decisionRevoke.userErrors).toMatchObject([{ code: "CONFLICT" }]);
  });

  it("R7 brings back what was before, however often things are done and taken back", async () => {
    const value = "203.0.113.200";
    const steps = fc.array(fc.constantFrom("apply", "revert", "revert again"), { minLength: 2, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(steps, async (list) => {
        const inForce: string[] = []; // what was applied and not taken back, the last one counts
        const all: string[] = [];
        for (const step of list) {
          if (step === "apply") {
            const { action } = await respond({ type: "BLOCK_IP", target: value, reason: `n${all.length}` });
            inForce.push(action.id);
            all.push(action.id);
          } else if (step === "revert" && inForce.length > 0) await act("Revert", inForce.pop() as string);
          else if (all.length > 0) {
            const over = all.filter((id) => !inForce.includes(id)).at(-1);
            if (over) await act("Revert", over);
          }
          const now = (await decisionsInForce(server)).filter((one) => one.value === value) as { reason?: string }[];
          const last = inForce.at(-1);
          expect(now.map(({ reason }) => reason)).toEqual(last ? [`n${all.indexOf(last)}`] : []);
        }
        for (const id of [...inForce].reverse()) await act("Revert", id);
        expect((await decisionsInForce(server)).filter((one) => one.value === value)).toEqual([]);
      }),
      { numRuns: 8, examples: [[["apply", "apply", "apply", "revert", "revert"]]] },
    );
  });

  it("R8 before it was done, or done twice at once, ends right", async () => {
    const { action } = await respond({ type: "SUSPEND_USER", target: "peggy" });
    const both = await Promise.all([act("Revert", action.id), act("Approve", action.id)]);
    const states = both.map(({ action: one }) => one?.status);
    const later = await act("Revert", action.id);
    expect(later.action.status).toBe("REVERTED");
    expect(await blocked()).not.toContain("SUSPEND_USER peggy");
    expect(states).toContain("REVERTED");
  });
});

describe("the preview", () => {
  it("R11 counts the users, sessions and requests that would have been hit, as the stored events say", async () => {
    const time = new Date(Date.now() - 3_600_000).toISOString();
    const event = (ip: string, user: string, sessionId: string) => ({
      action: "view",
      time,
      source: { ip },
      actor: { name: user },
      sessionId,
    });
    const sent = [
      event("192.0.2.65", "carol", "s1"),
      event("192.0.2.66", "carol", "s2"),
      event("192.0.2.66", "dave", "s3"),
      event("192.0.2.130", "erin", "s4"),
    ];
    await server.ingest(sent.map((one) => JSON.stringify(one)).join("\n"));
    const preview = async (type: string, target: string) =>
      (
        await ask(
          "query ($input: ResponsePreviewInput!) { responsePreview(input: $input) { target users sessions requests needsApproval refusal } }",
          { input: { type, target } },
        )
      ).responsePreview;
    expect(await preview("BLOCK_IP", "192.0.2.66")).toMatchObject({
      users: 2,
      sessions: 2,
      requests: 2,
      needsApproval: false,
    });
    expect(await preview("BLOCK_IP", "192.0.2.64/26")).toMatchObject({
      users: 2,
      sessions: 3,
      requests: 3,
      needsApproval: true,
    });
    expect(await preview("SUSPEND_USER", "carol")).toMatchObject({ users: 1, sessions: 2, requests: 2 });
    const imported =
      'mutation { usersImport(input: { rows: [{ name: "erin", aliases: ["erin@clinic.example"] }] }) { userErrors { message } } }';
    expect((await ask(imported, {}, await person("amy@clinic.example", "ADMIN"))).usersImport.userErrors).toEqual([]);
    // By another of her names: what is decided of one is about each.
    expect(await preview("SUSPEND_USER", "erin@clinic.example")).toMatchObject({ users: 1, sessions: 1, requests: 1 });
    expect(await preview("SUSPEND_USER", "session:s4")).toMatchObject({ users: 1, sessions: 1, requests: 1 });
    expect(await preview("BLOCK_IP", "10.0.0.1")).toMatchObject({
      requests: 0,
      refusal: expect.stringContaining("private range"),
    });
  });

  it("says of an incident what every rule would do now, and what not and why", async () => {
    await respondBy(server, { conditions: { severityAtMost: "LOW" }, actions: [{ type: "BLOCK_IP" }] });
    await respondBy(server, { actions: [{ type: "FORCE_MFA" }, { type: "NOTIFY_ADMIN" }] });
    const text = "query ($id: ID!) { incident(id: $id) { response { chosen type target code reason } } }";
    const { incident: found } = await ask(text, { id: incident.id });
    expect(
      found.response.map(({ chosen, type, code }: { chosen: boolean; type: string; code: string }) => [
        chosen,
        type,
        code,
      ]),
    ).toEqual([
      [true, "NOTIFY_ADMIN", null],
      [false, null, "SEVERITY_DIFFERS"],
      [false, "FORCE_MFA", "NO_TARGET"],
    ]);
  });
});

describe("response rules", () => {
  it("R4 are on trial unless told, are checked, changed by revision, and removed", async () => {
    const create = `mutation ($input: ResponseRuleCreateInput!) { responseRuleCreate(input: $input) {
      responseRule { id mode revision conditions actions { type ttl approval target } coolDown } userErrors { message path } } }`;
    const input = {
      name: `Mine ${uuidv7()}`,
      conditions: { severityAtLeast: "HIGH", times: { days: ["MON"], from: "22:00", to: "06:00" } },
      actions: [{ type: "BLOCK_IP", ttl: "PT10M" }],
      coolDown: "PT1H",
    };
    const { responseRule, userErrors } = (await ask(create, { input })).responseRuleCreate;
    expect(userErrors).toEqual([]);
    expect(responseRule).toMatchObject({
      mode: "MONITOR",
      revision: 1,
      conditions: input.conditions,
      actions: [{ type: "BLOCK_IP", ttl: "PT600S", approval: false, target: null }],
      coolDown: "PT3600S",
    });
    expect((await ask(create, { input })).responseRuleCreate.userErrors).toHaveLength(1);
    const bad = { ...input, name: "Bad", actions: [{ type: "BLOCK_IP", target: "USER" }] };
    expect((await ask(create, { input: bad })).responseRuleCreate.userErrors).toMatchObject([
      { path: ["input", "actions", "0", "target"] },
    ]);
    const update = `mutation ($id: ID!, $input: ResponseRuleUpdateInput!) { responseRuleUpdate(id: $id, input: $input) {
      responseRule { mode revision } userErrors { code } } }`;
    const promote = { id: responseRule.id, input: { mode: "ACTIVE", expectedRevision: 1 } };
    expect((await ask(update, promote)).responseRuleUpdate.responseRule).toEqual({ mode: "ACTIVE", revision: 2 });
    const restore = `mutation ($id: ID!, $r: Int!) { responseRuleRestore(id: $id, revision: $r) { responseRule { mode revision
      revisions { revision mode author actions coolDown } } userErrors { code path } } }`;
    const { responseRule: restored } = (await ask(restore, { id: responseRule.id, r: 1 }, bob)).responseRuleRestore;
    expect(restored).toMatchObject({ mode: "MONITOR", revision: 3 });
    expect(restored.revisions).toMatchObject([
      { revision: 3, mode: "MONITOR", author: "bob@clinic.example", actions: [{ type: "BLOCK_IP", ttlS: 600 }] },
      { revision: 2, mode: "ACTIVE", author: "ada@clinic.example" },
      { revision: 1, mode: "MONITOR", author: "ada@clinic.example", coolDown: "PT3600S" },
    ]);
    expect((await ask(restore, { id: responseRule.id, r: 9 })).responseRuleRestore.userErrors).toEqual([
      { code: "NOT_FOUND", path: ["revision"] },
    ]);
    expect((await ask(update, promote)).responseRuleUpdate.userErrors).toEqual([{ code: "CONFLICT" }]);
    await ask("mutation ($id: ID!) { responseRuleDelete(id: $id) { userErrors { code } } }", { id: responseRule.id });
    expect((await ask("{ responseRules { id } }")).responseRules).toEqual([]);
  });
});
