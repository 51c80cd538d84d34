/** The life of an incident over the real API: real log-ins, real people, an injected clock. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureUser } from "../../src/access/users.ts";
import { ask as askServer } from "../audit/asking.ts";
import { type TestServer, testServer } from "../support/server.ts";

let server: TestServer;
let admin: string;
let now = Date.now();
let counter = 0;

// biome-ignore lint/suspicious/noExplicitAny: each test says by its query what comes back
type Data = any;

async function ask(document: string, variables: object = {}, as?: string): Promise<Data> {
  const { data, errors } = await askServer(server, document, variables, { as: as ?? admin });
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}

/** A token that outlives the months this file goes through. */
const signed = (name: string, role: "ADMIN" | "VIEWER"): Promise<string> =>
  server.app.tokens.sign({ organizationId: server.ours, userId: "cli", name, role }, 400 * 86_400);

beforeAll(async () => {
  server = await testServer({ now: () => now });
  admin = await signed("tester", "ADMIN");
  for (const [email, role] of [
    ["ann@clinic.example", "ANALYST"],
    ["vic@clinic.example", "VIEWER"],
  ] as const) {
    await server.app.db.inOrganization(server.ours, (tx) => ensureUser(tx, { email, name: email, role, now }));
  }
});
afterAll(() => server.close());

const fields = `id number title status severity revision detectionCount eventCount resolution resolvedAt containedBy closedBy reopenedAt
  assignee { email } mergedInto { number } merged { number } entries(first: 100) { nodes { kind message html actor } }
  clocks { kind state } tasks { text doneBy assignee { email } } evidence { url note event { action } } related { number }`;

/** An attack that no other of this file has to do with, and the incident it opens. */
async function attack(user = `user-${++counter}`): Promise<Data> {
  await server.failLogins(user, { times: 10 });
  const { incidents } = await ask(
    `query ($words: String!) { incidents(first: 1, filter: { words: { has: $words } }, orderBy: [{ field: NUMBER, direction: DESC }]) { nodes { ${fields} } } }`,
    { words: `user:${user}` },
  );
  return { user, ...incidents.nodes[0] };
}

async function change(
  mutation: string,
  id: string,
  input?: object,
  inputType = `${mutation[0]?.toUpperCase()}${mutation.slice(1)}Input`,
) {
  const data = await ask(
    `mutation ($id: ID!, $input: ${inputType}!) { ${mutation}(id: $id, input: $input) { incident { ${fields} } userErrors { code message path } cursor } }`,
    { id, input: input ?? {} },
  );
  return data[mutation];
}

const lastEntry = ({ incident }: Data) => incident.entries.nodes.at(-1);

describe("an incident's life", () => {
  it("goes from open over investigation and containment to resolved and closed, each step with who and when", async () => {
    const { id } = await attack();
    const investigated = await change("incidentInvestigate", id);
    expect(investigated).toMatchObject({ incident: { status: "INVESTIGATING" }, userErrors: [] });
    expect(investigated.incident.clocks[0]).toEqual({ kind: "ACKNOWLEDGE", state: "MET" });
    const contained = await change("incidentContain", id, { reason: "The address is blocked." });
    expect(contained.incident).toMatchObject({ status: "CONTAINED", containedBy: "tester" });
    expect(lastEntry(contained).message).toBe("tester says that it is contained: The address is blocked.");
    await change("incidentResolve", id, { resolution: "TRUE_POSITIVE", reason: "It was a bot." });
    const closed = await change("incidentClose", id);
    expect(closed.incident).toMatchObject({ status: "CLOSED", closedBy: "tester", resolution: "TRUE_POSITIVE" });
    const again = await change("incidentContain", id, { reason: "Once more." });
    expect(again).toMatchObject({
      incident: { id, status: "CLOSED" },
      userErrors: [{ code: "CONFLICT" }],
      cursor: null,
    });
    expect(again.userErrors[0].message).toContain("CLOSED");
  });

  it("is reopened by a person with a reason, and its clocks to contain and resolve run anew", async () => {
    const { id } = await attack();
    await change("incidentResolve", id, { resolution: "BENIGN", reason: "A test." });
    now += 3_600_000;
    expect((await change("incidentReopen", id, { reason: " " })).userErrors).toMatchObject([
      { code: "BAD_USER_INPUT", path: ["input", "reason"] },
    ]);
    const { incident } = await change("incidentReopen", id, { reason: "It was no test." });
    expect(incident).toMatchObject({ status: "OPEN", resolution: null, resolvedAt: null });
    expect(incident.clocks).toEqual([
      { kind: "ACKNOWLEDGE", state: "MET" },
      { kind: "CONTAIN", state: "RUNNING" },
      { kind: "RESOLVE", state: "RUNNING" },
    ]);
  });

  it("cannot be reopened a month after its resolution, nor while another of its kind is open", async () => {
    const { id, user } = await attack();
    await change("incidentResolve", id, { resolution: "BENIGN", reason: "A test." });
    now += 2 * 3_600_000; // longer than the grace
    const second = await attack(user);
    expect(second.id).not.toBe(id);
    const refused = await change("incidentReopen", id, { reason: "Again." });
    expect(refused.userErrors[0]).toMatchObject({ code: "CONFLICT" });
    expect(refused.userErrors[0].message).toContain(`#${second.number}`);
    await change("incidentResolve", second.id, { resolution: "BENIGN", reason: "A test." });
    await server.database.asOwner(
      "UPDATE security_incidents SET resolved_at = resolved_at - interval '31 days' WHERE title LIKE $1",
      [`%${user}%`],
    );
    expect((await change("incidentReopen", id, { reason: "Again." })).userErrors[0].message).toContain("30 days");
  });

  it("opens again by itself when the same goes on within the grace after its resolution", async () => {
    const { id, user } = await attack();
    await change("incidentResolve", id, { resolution: "FALSE_POSITIVE", reason: "Nothing." });
    now += 10 * 60_000;
    const same = await attack(user);
    expect(same).toMatchObject({ id, status: "OPEN", resolution: null });
    const entry = same.entries.nodes.at(-1);
    expect(entry).toMatchObject({ kind: "REOPENED", actor: "vigil" });
    expect(entry.message).toContain("It goes on after it was resolved.");
  });

  it("keeps what it had when it is closed and the same goes on in another", async () => {
    const { id, number, user } = await attack();
    await change("incidentResolve", id, { resolution: "BENIGN", reason: "A test." });
    await change("incidentClose", id);
    const held = `query ($id: ID!) { incident(id: $id) { status detectionCount eventCount detections(first: 5) { nodes { eventCount explanation } } } }`;
    const before = await ask(held, { id });
    expect(before.incident).toMatchObject({ status: "CLOSED", detections: { nodes: [{ eventCount: 10 }] } });
    for (const eventCount of [13, 16]) {
      now += 60_000;
      await server.failLogins(user, { times: 3 });
      const next = await ask(
        `query ($words: String!) { incidents(first: 1, filter: { words: { has: $words } }, orderBy: [{ field: NUMBER, direction: DESC }]) { nodes { ${fields} } } }`,
        { words: `user:${user}` },
      );
      const [incident] = next.incidents.nodes;
      expect(incident).toMatchObject({ status: "OPEN", detectionCount: 1, eventCount });
      expect(incident.entries.nodes[0].message).toContain(`It began in incident #${number}, which keeps what it had.`);
      expect(await ask(held, { id })).toEqual(before);
    }
  });

  it("a stale view changes nothing, and is told the state the incident is in", async () => {
    const { id, revision } = await attack();
    await change("incidentAcknowledge", id, { expectedRevision: revision });
    const stale = await change("incidentInvestigate", id, { expectedRevision: revision });
    expect(stale.userErrors[0]).toMatchObject({ code: "CONFLICT", path: ["input", "expectedRevision"] });
    expect(stale.userErrors[0].message).toContain("ACKNOWLEDGED");
    expect(stale.incident).toMatchObject({ id, status: "ACKNOWLEDGED", revision: revision + 1 });
  });

  it("keeps the severity that a person gave it while the same goes on, until something worse is found", async () => {
    const { id, user, severity } = await attack();
    expect(severity).toBe("HIGH");
    const look = async () => (await ask(`query ($id: ID!) { incident(id: $id) { ${fields} } }`, { id })).incident;
    await ask(
      "mutation ($ids: [ID!]!, $input: IncidentsUpdateInput!) { incidentsUpdate(ids: $ids, input: $input) { updated } }",
      { ids: [id], input: { severity: "LOW", reason: "A broken printer." } },
    );
    const { eventCount } = await look();
    await server.failLogins(user, { times: 2 });
    expect(await look()).toMatchObject({ severity: "LOW", eventCount: eventCount + 2 });
    await server.app.db.query(
      server.ours,
      "UPDATE detections SET severity = 'MEDIUM' WHERE organization_id = $1 AND incident_id = (SELECT id FROM security_incidents WHERE organization_id = $1 AND subjects @> $2)",
      [server.ours, JSON.stringify([{ kind: "USER", key: user }])],
    );
    now += 3_600_000; // another attack on the same account
    await server.failLogins(user, { times: 10 });
    expect((await look()).severity).toMatch(/^(HIGH|CRITICAL)$/); // the one where the account is watched by then
  });
});

describe("working on an incident", () => {
  it("it is given to somebody who may work on it, and to nobody else", async () => {
    const { id } = await attack();
    const given = await change("incidentAssign", id, { assignee: "ann@clinic.example" });
    expect(given.incident.assignee).toEqual({ email: "ann@clinic.example" });
    for (const [assignee, code] of [
      ["vic@clinic.example", "BAD_USER_INPUT"],
      ["nobody@clinic.example", "NOT_FOUND"],
    ]) {
      expect((await change("incidentAssign", id, { assignee })).userErrors).toMatchObject([{ code }]);
    }
    expect((await change("incidentAssign", id, { assignee: null })).incident.assignee).toBeNull();
    expect((await ask("{ assignees { email } }")).assignees).toEqual([{ email: "ann@clinic.example" }]);
  });

  it("comments are Markdown, and what would be code in a page stays text", async () => {
    const { id } = await attack();
    const body = "**See** [here](javascript:alert(1)) <script>alert(2)</script> ![x](https://tracker.example/x.png)";
    const { incident } = await change("incidentComment", id, { body });
    const { html } = incident.entries.nodes.find(({ kind }: Data) => kind === "COMMENTED");
    expect(html).toContain("<strong>See</strong>");
    expect(html).not.toMatch(/<script|<img|href="javascript/);
    const rows = await server.database.asOwner("SELECT message FROM incident_entries WHERE kind = 'COMMENTED'");
    expect(JSON.stringify(rows)).not.toContain("alert");
  });

  it("tasks are given, and ticked off once", async () => {
    const { id } = await attack();
    const added = await change("incidentTaskAdd", id, { text: "Call the clinic", assignee: "ann@clinic.example" });
    expect(added.incident.tasks).toEqual([
      { text: "Call the clinic", doneBy: null, assignee: { email: "ann@clinic.example" } },
    ]);
    const { incident } = await ask("query ($id: ID!) { incident(id: $id) { tasks { id } } }", { id });
    const finish =
      "mutation ($id: ID!) { incidentTaskFinish(id: $id) { incident { tasks { doneBy } } userErrors { code } } }";
    const once = await ask(finish, { id: incident.tasks[0].id });
    expect(once.incidentTaskFinish.incident.tasks).toEqual([{ doneBy: "tester" }]);
    expect((await ask(finish, { id: incident.tasks[0].id })).incidentTaskFinish.userErrors).toEqual([
      { code: "CONFLICT" },
    ]);
  });

  it("evidence is an event of one's own, a link to the web or a note", async () => {
    const { id } = await attack();
    const { securityEvents } = await ask("{ securityEvents(first: 1) { nodes { id } } }");
    const eventId = securityEvents.nodes[0].id;
    const added = await change("incidentEvidenceAdd", id, { eventId, note: "The first of them." });
    expect(added.incident.evidence).toMatchObject([{ note: "The first of them.", event: { action: "login" } }]);
    expect((await change("incidentEvidenceAdd", id, {})).userErrors[0].code).toBe("BAD_USER_INPUT");
    expect((await change("incidentEvidenceAdd", id, { url: "ftp://x.example/" })).userErrors[0].path).toEqual([
      "input",
      "url",
    ]);
  });

  it("many are changed at once; one that cannot be does not hold up the others", async () => {
    const [first, second, third] = [await attack(), await attack(), await attack()];
    await change("incidentResolve", second.id, { resolution: "BENIGN", reason: "A test." });
    const document = `mutation ($ids: [ID!]!, $input: IncidentsUpdateInput!) { incidentsUpdate(ids: $ids, input: $input) {
      updated results { id incident { status severity assignee { email } } userErrors { code message } } userErrors { message } } }`;
    const input = {
      move: "RESOLVE",
      resolution: "DUPLICATE",
      reason: "All one.",
      severity: "LOW",
      assignee: "ann@clinic.example",
    };
    const { incidentsUpdate } = await ask(document, { ids: [first.id, second.id, third.id], input });
    expect(incidentsUpdate.updated).toBe(2);
    expect(incidentsUpdate.results.map(({ incident }: Data) => incident)).toEqual([
      { status: "RESOLVED", severity: "LOW", assignee: { email: "ann@clinic.example" } },
      null,
      { status: "RESOLVED", severity: "LOW", assignee: { email: "ann@clinic.example" } },
    ]);
    expect(incidentsUpdate.results[1].userErrors[0].code).toBe("CONFLICT");
    const nothing = await ask(document, { ids: [first.id], input: { move: "RESOLVE" } });
    expect(nothing.incidentsUpdate).toMatchObject({
      updated: 0,
      userErrors: [{ message: "RESOLVE needs a resolution." }],
    });
  });

  it("a person opens an incident that no rule has seen, and finds it by its words and subjects", async () => {
    const input = {
      title: "Laptop of the front desk lost",
      severity: "HIGH",
      description: "Left in a taxi.",
      subjects: [{ kind: "DEVICE", key: "front-desk-3" }],
      tags: ["attack.t1078"],
    };
    const created = await ask(
      `mutation ($input: IncidentCreateInput!) { incidentCreate(input: $input) { incident { ${fields} } userErrors { message } } }`,
      { input },
    );
    const { number } = created.incidentCreate.incident;
    const find = async (has: string) =>
      (await ask("query ($has: String!) { incidents(filter: { words: { has: $has } }) { nodes { number } } }", { has }))
        .incidents.nodes;
    expect(await find("LOST laptop")).toEqual([{ number }]);
    expect(await find("front-desk-3")).toEqual([{ number }]);
    expect(await find("laptop found")).toEqual([]);
    const again = await ask(
      `mutation ($input: IncidentCreateInput!) { incidentCreate(input: $input) { incident { related { number } } } }`,
      { input: { ...input, title: "Found again" } },
    );
    expect(again.incidentCreate.incident.related).toEqual([{ number }]);
    const wide = { ...input, subjects: [{ kind: "ADDRESS", key: "2001:0DB8:0:0:0:0:0:7" }] };
    const text = `mutation ($input: IncidentCreateInput!) { incidentCreate(input: $input) { incident { subjects { key } } } }`;
    expect((await ask(text, { input: wide })).incidentCreate.incident.subjects).toEqual([{ key: "2001:db8::7" }]);
  });
});

describe("merging", () => {
  it("moves detections, those to come as well, and can be undone", async () => {
    const [one, other] = [await attack(), await attack()];
    const score = async (id: string) =>
      (await ask("query ($id: ID!) { incident(id: $id) { threatScore } }", { id })).incident.threatScore;
    const alone = await score(other.id);
    const merged = await change("incidentMerge", one.id, { intoId: other.id, reason: "The same bot." });
    expect(merged.incident).toMatchObject({
      status: "MERGED",
      mergedInto: { number: other.number },
      detectionCount: 0,
    });
    const together = await score(other.id);
    expect(together).toBeGreaterThan(alone * 1.2);
    now += 60_000;
    await server.failLogins(one.user, { times: 3 }); // the storm goes on
    const target = await ask(`query ($id: ID!) { incident(id: $id) { ${fields} } }`, { id: other.id });
    expect(target.incident).toMatchObject({ detectionCount: 2, eventCount: 23, merged: [{ number: one.number }] });
    const { incident } = await change("incidentUnmerge", one.id);
    expect(incident).toMatchObject({ status: "OPEN", detectionCount: 1, eventCount: 13, mergedInto: null });
    const left = await ask("query ($id: ID!) { incident(id: $id) { detectionCount eventCount } }", { id: other.id });
    expect(left.incident).toEqual({ detectionCount: 1, eventCount: 10 });
    expect(await score(other.id)).toBeCloseTo(alone, 1);
    const manual = `mutation { incidentCreate(input: { title: "By hand", severity: CRITICAL, description: "Seen." }) { incident { id threatScore } } }`;
    const { incident: byHand } = (await ask(manual)).incidentCreate;
    await change("incidentMerge", one.id, { intoId: byHand.id, reason: "A part of it." });
    expect(await score(byHand.id)).toBeGreaterThan(byHand.threatScore);
  });

  it("of what was merged into is undone from either end", async () => {
    const [a, b, c] = [await attack(), await attack(), await attack()];
    await change("incidentMerge", a.id, { intoId: b.id, reason: "One." });
    await change("incidentMerge", b.id, { intoId: c.id, reason: "One." });
    expect((await change("incidentMerge", c.id, { intoId: b.id, reason: "A ring." })).userErrors[0].code).toBe(
      "CONFLICT",
    );
    const count = async (id: string) =>
      (await ask("query ($id: ID!) { incident(id: $id) { detectionCount } }", { id })).incident.detectionCount;
    expect(await Promise.all([a, b, c].map(({ id }) => count(id)))).toEqual([0, 0, 3]);
    await change("incidentUnmerge", b.id);
    expect(await Promise.all([a, b, c].map(({ id }) => count(id)))).toEqual([0, 2, 1]);
    await change("incidentUnmerge", a.id);
    expect(await Promise.all([a, b, c].map(({ id }) => count(id)))).toEqual([1, 1, 1]);
    // The other order: what was merged first is taken out first, of where it is now.
    await change("incidentMerge", a.id, { intoId: b.id, reason: "One." });
    await change("incidentMerge", b.id, { intoId: c.id, reason: "One." });
    await change("incidentUnmerge", a.id);
    expect(await Promise.all([a, b, c].map(({ id }) => count(id)))).toEqual([1, 0, 2]);
    const { incident } = await ask(`query ($id: ID!) { incident(id: $id) { ${fields} } }`, { id: c.id });
    const said = incident.entries.nodes.map(({ message }: Data) => message);
    expect(said).toContainEqual(expect.stringContaining(`took incident #${a.number} out of this one.`));
    await change("incidentUnmerge", b.id);
    expect(await Promise.all([a, b, c].map(({ id }) => count(id)))).toEqual([1, 1, 1]);
  });

  it("of what was over is undone without what came since, which nobody would see there", async () => {
    const [one, other] = [await attack(), await attack()];
    now += 60_000;
    await change("incidentResolve", one.id, { resolution: "DUPLICATE", reason: "The same bot." });
    await change("incidentMerge", one.id, { intoId: other.id, reason: "The same bot." });
    now += 2 * 3_600_000;
    await attack(one.user);
    const { incident } = await change("incidentUnmerge", one.id);
    expect(incident).toMatchObject({ status: "RESOLVED", detectionCount: 1 });
    const left = await ask("query ($id: ID!) { incident(id: $id) { detectionCount } }", { id: other.id });
    expect(left.incident.detectionCount).toBe(2);
  });

  it("with itself or with what is over is refused", async () => {
    const [one, other] = [await attack(), await attack()];
    expect((await change("incidentMerge", one.id, { intoId: one.id, reason: "x" })).userErrors[0].code).toBe(
      "BAD_USER_INPUT",
    );
    await change("incidentResolve", other.id, { resolution: "BENIGN", reason: "A test." });
    expect((await change("incidentMerge", one.id, { intoId: other.id, reason: "x" })).userErrors[0].message).toContain(
      "RESOLVED",
    );
  });
});

describe("an incident that waits too long", () => {
  it("is marked once for each clock that has run out, on the timeline too", async () => {
    const { id } = await attack();
    now += 5 * 3_600_000; // HIGH: acknowledge in 1 h, contain in 4 h, resolve in 3 days
    await server.app.sweep.clocks();
    await server.app.sweep.clocks();
    const { incident } = await ask(`query ($id: ID!) { incident(id: $id) { ${fields} } }`, { id });
    const breaches = incident.entries.nodes.filter(({ kind }: Data) => kind === "CLOCK_BREACHED");
    expect(breaches.map(({ message }: Data) => message).sort()).toEqual([
      "Not acknowledged within 1 hour, which a HIGH incident may take.",
      "Not contained within 4 hours, which a HIGH incident may take.",
    ]);
    expect(incident.clocks.map(({ state }: Data) => state)).toEqual(["BREACHED", "BREACHED", "RUNNING"]);
  });

  it("waits as long as the organization says", async () => {
    const update = `mutation ($input: OrganizationUpdateInput!) { organizationUpdate(input: $input) {
      organization { responseTimes { severity clock duration } reopenGrace } userErrors { message path } } }`;
    const responseTimes = [{ severity: "HIGH", clock: "ACKNOWLEDGE", duration: "PT10M" }];
    const { organizationUpdate } = await ask(update, { input: { responseTimes, reopenGrace: "PT2H" } });
    expect(organizationUpdate.organization.reopenGrace).toBe("PT7200S");
    expect(organizationUpdate.organization.responseTimes).toContainEqual({
      severity: "HIGH",
      clock: "ACKNOWLEDGE",
      duration: "PT600S",
    });
    const { id } = await attack();
    now += 11 * 60_000;
    const { incident } = await ask("query ($id: ID!) { incident(id: $id) { clocks { kind state } } }", { id });
    expect(incident.clocks[0]).toEqual({ kind: "ACKNOWLEDGE", state: "BREACHED" });
    for (const reopenGrace of ["P31D", "PT0.5S"]) {
      const refused = await ask(update, { input: { reopenGrace } });
      expect(refused.organizationUpdate.userErrors).toMatchObject([{ path: ["reopenGrace"] }]);
    }
  });
});

describe("the report", () => {
  const report = "query ($id: ID!, $format: ReportFormat = MARKDOWN) { incidentReport(id: $id, format: $format) }";

  it("tells the whole story in Markdown and as a page that loads nothing", async () => {
    const { id, number } = await attack();
    await change("incidentComment", id, { body: "Seen <b>before</b>" });
    await change("incidentContain", id, { reason: "Blocked." });
    const { incidentReport: text } = await ask(report, { id, format: "MARKDOWN" });
    expect(text).toContain(`# Incident #${number}`);
    expect(text).toContain("## Timeline");
    expect(text).toContain("Blocked.");
    const { incidentReport: page } = await ask(report, { id, format: "HTML" });
    expect(page).toContain("default-src 'none'");
    expect(page).toContain("Seen &lt;b&gt;before&lt;/b&gt;");
    expect(page).not.toMatch(/<b>before|https?:\/\//);
  });

  it("calls things what people call them, and has all of a long timeline", async () => {
    const { id, number } = await attack();
    const anna = await signed("anna_b", "ADMIN");
    const block = `mutation ($id: ID!) { incidentRespond(id: $id, input: { type: BLOCK_IP, target: "198.51.100.77", reason: "Odd" }) { outcome } }`;
    expect((await ask(block, { id }, anna)).incidentRespond.outcome).toBe("APPLIED");
    await server.app.db.query(
      server.ours,
      `SELECT incident_log(array_agg(gen_random_uuid()), array_agg($1::uuid), array_agg('COUNT_REACHED'::entry_kind),
         array_agg('More'::text), array_agg('vigil'::text), $2) FROM generate_series(1, 220)`,
      [Buffer.from(id, "base64").toString().split(":")[1], new Date(now)],
    );
    const part = await attack();
    await change("incidentMerge", part.id, { intoId: id, reason: "The same bot." });
    now += 1_000;
    const resolve = `mutation ($id: ID!) { incidentResolve(id: $id, input: { resolution: FALSE_POSITIVE, reason: "A test" }) { userErrors { message } } }`;
    expect((await ask(resolve, { id }, anna)).incidentResolve.userErrors).toEqual([]);
    const { incidentReport: text } = await ask(report, { id, format: "MARKDOWN" });
    expect(text).toContain("| **Status** | Resolved, false positive |");
    expect(text).toMatch(/\| \*\*Resolved\*\* \| [\d: -]+ by anna\\_b \|/);
    expect(text).toMatch(/Block of 198\.51\.100\.77: done, until /);
    expect(text).toContain("Resolved: anna\\_b resolved the incident as false positive: A test");
    expect(text).not.toMatch(/FALSE_POSITIVE|BLOCK_IP|APPLIED|COUNT_REACHED|more are not shown/);
    expect(text).toContain(`| **Took in** | \\#${part.number} |`);
    expect((await ask(report, { id, format: "HTML" })).incidentReport).toContain("by anna_b<");
    expect((await ask(report, { id: part.id })).incidentReport).toContain(`| **Lives on in** | \\#${number} |`);
  });

  it("has the clock of 45 CFR 164.404 when events name patients, and withholds from a viewer what a viewer may not see", async () => {
    const user = `snoop-${++counter}`;
    const events = Array.from({ length: 10 }, (_, index) =>
      JSON.stringify({
        action: "login",
        category: "authentication",
        outcome: "failure",
        actor: { name: user },
        source: { ip: `198.51.100.${index + 1}` },
        target: { patientId: `p-${index % 3}` },
      }),
    );
    await server.ingest(events.join("\n"));
    const { incidents } = await ask(
      "query ($has: String!) { incidents(filter: { words: { has: $has } }) { nodes { id breachNotice { patients discoveredAt dueAt } } } }",
      { has: user },
    );
    const [{ id, breachNotice }] = incidents.nodes;
    expect(breachNotice.patients).toBe(3);
    expect(Date.parse(breachNotice.dueAt) - Date.parse(breachNotice.discoveredAt)).toBe(60 * 86_400_000);
    await change("incidentComment", id, { body: "Mrs Secret called" });
    const asViewer = await ask(report, { id, format: "MARKDOWN" }, await signed("vic", "VIEWER"));
    expect(asViewer.incidentReport).toContain("45 CFR 164.404");
    expect(asViewer.incidentReport).not.toContain("Secret");
    expect((await ask(report, { id, format: "MARKDOWN" })).incidentReport).toContain("Mrs Secret called");
  });
});

describe("the clock of 45 CFR 164.404", () => {
  const read = "query ($id: ID!) { incident(id: $id) { breachNotice { patients discoveredAt dueAt } } }";
  const opened = async (subject: string): Promise<string> => {
    const input = { title: "Somebody looked at charts", severity: "HIGH", description: "Told by a nurse." };
    const { incidentCreate } = await ask(
      "mutation ($input: IncidentCreateInput!) { incidentCreate(input: $input) { incident { id } userErrors { message } } }",
      { input: { ...input, subjects: [{ kind: "USER", key: subject }] } },
    );
    return incidentCreate.incident.id;
  };
  /** Adds an event about this patient as evidence. */
  const pin = async (id: string, patientId: string): Promise<void> => {
    const chart = { action: "chart.view", category: "access", outcome: "success", target: { patientId } };
    await server.ingest(JSON.stringify({ ...chart, actor: { name: `reader-${++counter}` } }));
    const { securityEvents } = await ask(
      "query ($name: String!) { securityEvents(first: 1, filter: { actorName: { eq: $name } }) { nodes { id } } }",
      { name: `reader-${counter}` },
    );
    const { userErrors } = await change("incidentEvidenceAdd", id, { eventId: securityEvents.nodes[0].id });
    expect(userErrors).toEqual([]);
  };

  it("runs for patients whom the events name that people added as evidence", async () => {
    const id = await opened("nurse-1");
    expect((await ask(read, { id })).incident.breachNotice).toBeNull();
    const at = new Date(now).toISOString();
    await pin(id, "p-71");
    await pin(id, "p-72");
    await pin(id, "p-71");
    now += 3_600_000;
    expect((await ask(read, { id })).incident.breachNotice).toEqual({
      patients: 2,
      discoveredAt: at,
      dueAt: new Date(Date.parse(at) + 60 * 86_400_000).toISOString(),
    });
  });

  it("does not begin anew when an incident is merged into a later one", async () => {
    const [first, second] = [await opened("nurse-2"), await opened("nurse-3")];
    const discovered = new Date(now).toISOString();
    await pin(second, "p-81");
    now += 3_600_000;
    const late = await opened("nurse-4");
    await pin(late, "p-82");
    const laterStill = await opened("nurse-5");
    // What names no patient says nothing of when a breach was discovered.
    await change("incidentMerge", first, { intoId: late, reason: "One case." });
    const { discoveredAt } = (await ask(read, { id: late })).incident.breachNotice;
    expect(discoveredAt).toBe(new Date(now).toISOString());
    await change("incidentMerge", second, { intoId: late, reason: "One case." });
    await change("incidentMerge", late, { intoId: laterStill, reason: "One case." });
    const { breachNotice } = (await ask(read, { id: laterStill })).incident;
    expect(breachNotice).toMatchObject({ patients: 2, discoveredAt: discovered });
  });
});

describe("a saved filter", () => {
  const save = `mutation ($input: SavedFilterSaveInput!) { savedFilterSave(input: $input) { savedFilter { id name filter shared } userErrors { code message path } } }`;

  it("is checked as the filter of incidents is, kept under its name, and seen by others only when shared", async () => {
    const filter = { severity: { gte: "HIGH" }, status: { in: ["OPEN"] } };
    const saved = await ask(save, { input: { name: "Hot", filter, shared: true } });
    expect(saved.savedFilterSave.savedFilter).toMatchObject({ name: "Hot", filter, shared: true });
    const bad = await ask(save, { input: { name: "Bad", filter: { severity: { gte: "HUGE" } } } });
    expect(bad.savedFilterSave.userErrors[0]).toMatchObject({
      code: "BAD_USER_INPUT",
      path: ["input", "filter", "severity", "gte"],
    });
    await ask(save, { input: { name: "Mine", filter: {} } });
    const viewer = await signed("vic", "VIEWER");
    const seen = await ask("{ savedFilters { id name } }", {}, viewer);
    expect(seen.savedFilters.map(({ name }: Data) => name)).toEqual(["Hot"]);
    const remove = "mutation ($id: ID!) { savedFilterDelete(id: $id) { userErrors { code } } }";
    const foreign = await ask(remove, { id: seen.savedFilters[0].id }, viewer);
    expect(foreign.savedFilterDelete.userErrors).toEqual([{ code: "NOT_FOUND" }]);
    expect((await ask(remove, { id: seen.savedFilters[0].id })).savedFilterDelete.userErrors).toEqual([]);
  });
});
