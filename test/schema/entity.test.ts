import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ask as asking } from "../audit/asking.ts";
import { type TestServer, testServer } from "../support/server.ts";

let server: TestServer;
const rule = (title: string, action: string, level: string): string =>
  `title: ${title}\nlogsource:\n  product: clinic\ndetection:\n  s:\n    event.action: ${action}\n  condition: s\nlevel: ${level}\n`;
const addresses: Record<string, string> = {
  ann: "203.0.113.9",
  bob: "203.0.113.10",
  cid: "203.0.113.11",
  dan: "203.0.113.12",
  eve: "203.0.113.13",
  fay: "203.0.113.14",
  gil: "203.0.113.15",
  hal: "203.0.113.16",
  ida: "203.0.113.17",
};
const event = (action: string, user: string, more: object = {}) => ({
  action,
  outcome: "success",
  logsource: { product: "clinic" },
  actor: { name: user, roles: ["nurse"] },
  source: { ip: addresses[user], country: "NO", city: "Oslo", lat: 59.9, lon: 10.7 },
  ...more,
});
const send = async (...events: object[]): Promise<void> => {
  const answer = await server.ingest(events.map((one) => JSON.stringify(one)).join("\n"));
  expect(answer.status).toBe(200);
};
let admin: string;
// biome-ignore lint/suspicious/noExplicitAny: each test says by its query what comes back
async function ask(document: string, variables: object = {}, as = admin): Promise<any> {
  return asking(server, document, variables as never, { as });
}
const entity = (fields: string, key = "ann", kind = "USER") => `{ entity(kind: ${kind}, key: "${key}") { ${fields} } }`;

beforeAll(async () => {
  server = await testServer({});
  admin = server.admin;
  const yaml = [rule("Bad", "bad", "high"), rule("Odd", "odd", "medium")].join("---\n");
  const { data } = await ask(
    "mutation ($yaml: String!) { alertRulesImport(input: { yaml: $yaml, mode: ACTIVE }) { imported userErrors { message } } }",
    { yaml },
  );
  expect(data.alertRulesImport.imported).toBe(2);
  await send(
    event("bad", "ann"),
    event("odd", "ann"),
    event("odd", "bob"),
    event("login", "cid", { category: "authentication" }),
  );
});
afterAll(() => server.close());

describe("an entity", () => {
  it("has an exact threat score, the parts that add up to it, and how it came about in words", async () => {
    const { data } = await ask(
      entity(
        "kind key risk criticality roles contributions { weight now points reason rule { name } detection { id } } riskChanges { points told }",
      ),
    );
    const { risk, contributions, riskChanges } = data.entity;
    expect(contributions.map(({ reason, weight }: { reason: string; weight: number }) => [reason, weight])).toEqual([
      ["Bad", 73],
      ["Odd", 47],
    ]);
    expect(contributions.reduce((sum: number, { points }: { points: number }) => sum + points, 0)).toBeCloseTo(risk, 1);
    expect(risk).toBeCloseTo((73 + 47 / 2 ** 1.5) / 2.612, 1);
    expect(riskChanges.map(({ told }: { told: string }) => told.replace(/[\d<]+/, "n"))).toContain("+n: Bad, just now");
  });

  it("is an IPv6 network, too, where many of its addresses do one thing: with the events of all of them", async () => {
    const failed = (n: number) => ({
      action: "login",
      category: "authentication",
      outcome: "failure",
      actor: { name: `guess ${n}` },
      source: { ip: `2001:db8:9:9::${n}` },
    });
    await send(...Array.from({ length: 8 }, (_, n) => failed(n + 1)), {
      ...failed(9),
      source: { ip: "2001:db8:9:a::1" },
    });
    const key = "2001:db8:9:9::/64";
    const fields =
      "risk events(first: 3) { totalCount nodes { sourceIp } } detections(first: 9) { nodes { rule { name } } }";
    const { data } = await ask(entity(fields, key, "ADDRESS"));
    expect(data.entity.risk).toBeGreaterThan(0);
    expect(data.entity.detections.nodes).toEqual([
      { rule: { name: "Failed log-ins from many addresses of one IPv6 network" } },
    ]);
    expect(data.entity.events.totalCount).toBe(8);
    expect(data.entity.events.nodes.map(({ sourceIp }: { sourceIp: string }) => sourceIp)).toEqual(
      [8, 7, 6].map((n) => `2001:db8:9:9::${n}`),
    );
  });

  it("leads to its detections, incidents and events, and to what is usual for it", async () => {
    const { data } = await ask(
      entity(
        "detections { totalCount nodes { id } } incidents { totalCount nodes { title } } events { nodes { action } } profile { facet told }",
      ),
    );
    expect(data.entity.detections.totalCount).toBe(2);
    expect(data.entity.incidents.nodes.map(({ title }: { title: string }) => title).sort()).toEqual([
      "Bad: 203.0.113.9, ann",
      "Odd: 203.0.113.9, ann",
    ]);
    expect(data.entity.events.nodes.map(({ action }: { action: string }) => action).sort()).toEqual(["bad", "odd"]);
  });

  it("is listed by risk, found by kind, key, risk, role and department, and known by its id", async () => {
    const { data } = await ask("{ entities(filter: { kind: { eq: USER } }) { totalCount nodes { id key risk } } }");
    expect(data.entities.nodes.map(({ key }: { key: string }) => key)).toEqual(["ann", "bob", "cid"]);
    const found = async (filter: string) =>
      (
        await ask(`{ entities(filter: ${filter}, orderBy: [{ field: KEY, direction: ASC }]) { nodes { key } } }`)
      ).data.entities.nodes.map(({ key }: { key: string }) => key);
    expect(await found('{ key: { contains: "AN" }, kind: { eq: USER } }')).toEqual(["ann"]);
    expect(await found("{ risk: { gte: 20 }, kind: { eq: USER } }")).toEqual(["ann"]);
    expect(await found('{ risk: { gt: 1e-300, lt: 1e300, notIn: [-1e300] }, key: { eq: "ann" } }')).toEqual(["ann"]);
    expect(await found("{ or: [{ risk: { gt: 1e300 } }, { criticality: { in: [1e300, 1e-300] } }] }")).toEqual([]);
    const [{ id }] = data.entities.nodes;
    const again = await ask("query ($id: ID!) { node(id: $id) { ... on Entity { key } } }", { id });
    expect(again.data.node).toEqual({ key: "ann" });
    expect((await ask("{ organization { risk riskThresholds { high critical } } }")).data.organization).toMatchObject({
      risk: expect.any(Number),
      riskThresholds: { high: 70, critical: 90 },
    });
  });

  it("of a patient is shown to nobody", async () => {
    const made = await server.database.asOwner<{ id: string }>(
      `INSERT INTO entities (organization_id, kind, key, first_seen_at, last_seen_at, risk)
       VALUES ('${server.ours}', 'PATIENT', 'pseudonym', now(), now(), 50) RETURNING id`,
    );
    const { data } = await ask('{ entities(filter: { key: { eq: "pseudonym" } }) { totalCount nodes { key } } }');
    expect(data.entities).toEqual({ totalCount: 0, nodes: [] });
    const id = Buffer.from(`Entity:${made[0]?.id}`).toString("base64");
    expect((await ask("query ($id: ID!) { node(id: $id) { id } }", { id })).data.node).toBeNull();
  });

  it("scores in the odds of its criticality, which is audited; nonsense is refused", async () => {
    const before = (await ask(entity("risk"))).data.entity.risk / 100;
    const update = (input: string, key = "ann") =>
      ask(
        `mutation { entityUpdate(kind: USER, key: "${key}", input: ${input}) { entity { risk department roles criticality } userErrors { code message path } } }`,
      );
    const { data } = await update('{ criticality: 2, department: "Surgery", roles: ["nurse", "lead"] }');
    const { risk, ...rest } = data.entityUpdate.entity;
    expect(rest).toEqual({ department: "Surgery", roles: ["nurse", "lead"], criticality: 2 });
    expect(risk).toBeCloseTo((100 * 2 * before) / (1 - before + 2 * before), 1);
    expect(
      await server.database.asOwner("SELECT FROM security_audit_log WHERE action = 'ENTITY_UPDATED'"),
    ).toHaveLength(1);
    const found = await ask(
      '{ entities(filter: { role: { eq: "lead" }, department: { eq: "Surgery" } }) { nodes { key } } }',
    );
    expect(found.data.entities.nodes).toEqual([{ key: "ann" }]);
    expect((await update("{ criticality: 3 }")).data.entityUpdate.userErrors[0]).toEqual({
      code: "BAD_USER_INPUT",
      message: "A criticality is 0.5, 1, 1.5, 2.",
      path: ["input", "criticality"],
    });
    expect((await update("{ criticality: 1 }", "nobody")).data.entityUpdate.userErrors[0].code).toBe("NOT_FOUND");
    const cleared = await update("{ criticality: 1, department: null }");
    expect(cleared.data.entityUpdate.entity).toMatchObject({ department: null, roles: ["nurse", "lead"] });
  });

  it("the thresholds are the organization's own, and nonsense is refused", async () => {
    const set = (high: number, critical: number) =>
      ask(
        `mutation { organizationUpdate(input: { riskThresholds: { high: ${high}, critical: ${critical} } }) { organization { riskThresholds { high critical } } userErrors { path } } }`,
      );
    expect((await set(60, 80)).data.organizationUpdate.organization.riskThresholds).toEqual({ high: 60, critical: 80 });
    expect((await set(80, 60)).data.organizationUpdate.userErrors).toEqual([{ path: ["riskThresholds"] }]);
    await set(70, 90);
  });

  it("an administrator who says that much depends on somebody may raise their incidents by it", async () => {
    await ask(
      "mutation { organizationUpdate(input: { riskThresholds: { high: 25, critical: 99 } }) { userErrors { path } } }",
    );
    await ask('mutation { entityUpdate(kind: USER, key: "bob", input: { criticality: 2 }) { userErrors { path } } }');
    const { data } = await ask(
      entity("riskLevel incidents { nodes { severity entries { nodes { kind message } } } }", "bob"),
    );
    expect(data.entity.riskLevel).toBe("HIGH");
    expect(data.entity.incidents.nodes[0].severity).toBe("HIGH");
    expect(data.entity.incidents.nodes[0].entries.nodes.at(-1).message).toMatch(
      /score of user bob is 3\d, past the threshold of 25 for HIGH: 3\d Odd/,
    );
    await ask(
      "mutation { organizationUpdate(input: { riskThresholds: { high: 70, critical: 90 } }) { userErrors { path } } }",
    );
  });

  it("a viewer sees scores but no habits, and changes nothing", async () => {
    const viewer = await server.token("VIEWER");
    expect((await ask(entity("risk"), {}, viewer)).data.entity.risk).toBeGreaterThan(0);
    const refused = (answer: { errors?: { extensions: { code: string } }[] }) => answer.errors?.[0]?.extensions.code;
    expect(refused(await ask(entity("profile { told }"), {}, viewer))).toBe("FORBIDDEN");
    const change =
      'mutation { entityUpdate(kind: USER, key: "ann", input: { criticality: 2 }) { userErrors { code } } }';
    expect(refused(await ask(change, {}, viewer))).toBe("FORBIDDEN");
  });

  it("of a user leads to events that tell an e-mail address or an id alone, also from before somebody said whose these are", async () => {
    const by = (actor: object, action: string) => event(action, "", { actor, source: undefined });
    await send(
      by({ email: "kim@clinic.example", id: "k-1" }, "mailed"),
      by({ id: "k-1" }, "numbered"),
      by({ name: "kim" }, "named"),
      by({ name: "lea", email: "kim@clinic.example" }, "another's"),
    );
    const actions = async (key: string, page = "") => {
      const { data } = await ask(
        `{ entity(kind: USER, key: "${key}") { key events(${page || "first: 100"}) { totalCount nodes { action } pageInfo { endCursor } } } }`,
      );
      const { events, ...of } = data.entity;
      return {
        ...{ ...of, total: events.totalCount, cursor: events.pageInfo.endCursor },
        actions: events.nodes.map((node: { action: string }) => node.action),
      };
    };
    expect(await actions("kim@clinic.example")).toMatchObject({ key: "kim@clinic.example", actions: ["mailed"] });
    expect(await actions("k-1")).toMatchObject({ actions: ["numbered"] });
    expect(await actions("kim")).toMatchObject({ actions: ["named"] });
    await ask(
      'mutation { usersImport(input: { rows: [{ name: "kim", aliases: ["kim@clinic.example", "k-1"] }] }) { userErrors { message } } }',
    );
    await send(by({ id: "k-1" }, "later"));
    const all = await actions("k-1");
    expect(all).toMatchObject({ key: "kim", total: 4 });
    expect([...all.actions].sort()).toEqual(["later", "mailed", "named", "numbered"]);
    const first = await actions("kim", "first: 2");
    const rest = await actions("kim", `first: 100, after: "${first.cursor}"`);
    expect([...first.actions, ...rest.actions]).toEqual(all.actions);
  });
});

describe("feedback", () => {
  const incidentOf = async (title: string) =>
    (await ask(`{ incidents(filter: { title: { startsWith: "${title}" } }) { nodes { id title status } } }`)).data
      .incidents.nodes[0];
  const known = async () =>
    (
      await server.database.asOwner<{ known: object | null }>(
        "SELECT learned -> 'known' AS known FROM entities WHERE kind = 'USER' AND key = 'dan'",
      )
    )[0]?.known as Record<string, unknown[]> | null;

  it("of a false positive makes its place and device the user's own and takes it out of the score, with audit entries; it can be undone", async () => {
    await send(
      event("login", "dan", { category: "authentication" }),
      event("bad", "dan", { category: "authentication" }),
    );
    const risk = async () => (await ask(entity("risk", "dan"))).data.entity.risk;
    const before = await risk();
    expect(before).toBeGreaterThan(20);
    const { id } = await incidentOf("Bad: 203.0.113.12, dan");
    const resolve = await ask(
      'mutation ($id: ID!) { incidentResolve(id: $id, input: { resolution: FALSE_POSITIVE, reason: "It was dan" }) { incident { status } userErrors { message } } }',
      { id },
    );
    expect(resolve.data.incidentResolve).toEqual({ incident: { status: "RESOLVED" }, userErrors: [] });
    expect(await risk()).toBe(0);
    expect(await known()).toMatchObject({ countries: ["NO"], places: [{ lat: 59.9, lon: 10.7 }] });
    const { data } = await ask(
      entity(
        "feedback { nodes { id resolution taught withdrawn by undoneAt incident { id } } } profile { facet told }",
        "dan",
      ),
    );
    const [feedback] = data.entity.feedback.nodes;
    expect(feedback).toMatchObject({ resolution: "FALSE_POSITIVE", withdrawn: 1, undoneAt: null, incident: { id } });
    expect(feedback.taught).toContain("countries: NO");
    expect(data.entity.profile).toContainEqual({
      facet: "known",
      told: expect.stringContaining("confirmed by a person: NO"),
    });

    // The next batch goes on from what was taught, not from what this process knew before.
    await send(event("login", "dan", { category: "authentication" }));
    expect(await known()).toMatchObject({ countries: ["NO"] });

    const undo = await ask(
      "mutation ($id: ID!) { feedbackUndo(id: $id) { feedback { undoneAt undoneBy } userErrors { code } } }",
      {
        id: feedback.id,
      },
    );
    expect(undo.data.feedbackUndo.feedback.undoneAt).not.toBeNull();
    expect(await known()).toMatchObject({ countries: [], places: [] });
    expect(await risk()).toBeCloseTo(before, 1);
    const twice = await ask("mutation ($id: ID!) { feedbackUndo(id: $id) { userErrors { code } } }", {
      id: feedback.id,
    });
    expect(twice.data.feedbackUndo.userErrors).toEqual([{ code: "CONFLICT" }]);
    const actions = await server.database.asOwner<{ action: string }>(
      `SELECT action FROM security_audit_log WHERE entity_id = '${Buffer.from(feedback.id, "base64").toString().slice(9)}' ORDER BY seq`,
    );
    expect(actions.map(({ action }) => action)).toEqual(["FEEDBACK_GIVEN", "FEEDBACK_UNDONE"]);
  });

  it("is taken back when the incident is opened again; a benign one teaches nothing", async () => {
    await send(event("odd", "eve", { category: "authentication" }));
    const { id } = await incidentOf("Odd: 203.0.113.13, eve");
    const resolve = (resolution: string) =>
      ask(
        `mutation ($id: ID!) { incidentResolve(id: $id, input: { resolution: ${resolution}, reason: "so" }) { userErrors { message } } }`,
        { id },
      );
    const reopen = () =>
      ask('mutation ($id: ID!) { incidentReopen(id: $id, input: { reason: "not so" }) { userErrors { message } } }', {
        id,
      });
    const seen = async () => (await ask(entity("risk feedback { nodes { undoneAt } }", "eve"))).data.entity;
    expect((await resolve("BENIGN")).data.incidentResolve.userErrors).toEqual([]);
    expect((await seen()).feedback.nodes).toEqual([]);
    await reopen();
    await resolve("USER_CONFIRMED");
    expect(await seen()).toEqual({ risk: 0, feedback: { nodes: [{ undoneAt: null }] } });
    await reopen();
    const after = await seen();
    expect(after.risk).toBeGreaterThan(10);
    expect(after.feedback.nodes[0].undoneAt).not.toBeNull();
  });

  const resolveAs = (ids: string[], resolution: string) =>
    ask(
      `mutation ($ids: [ID!]!) { incidentsUpdate(ids: $ids, input: { move: RESOLVE, resolution: ${resolution}, reason: "so" }) { updated userErrors { message } } }`,
      { ids },
    );
  const feedbackOf = async (user: string) =>
    (await ask(entity("risk feedback { nodes { id resolution withdrawn undoneBy } }", user))).data.entity;
  const scoreOf = async (id: string) =>
    (await ask("query ($id: ID!) { incident(id: $id) { threatScore severity status } }", { id })).data.incident;

  it("is given for several incidents at once, each for its own user", async () => {
    await send(event("odd", "hal"), event("odd", "ida"));
    const ids = [(await incidentOf("Odd: 203.0.113.16, hal")).id, (await incidentOf("Odd: 203.0.113.17, ida")).id];
    expect((await resolveAs(ids, "FALSE_POSITIVE")).data.incidentsUpdate).toEqual({ updated: 2, userErrors: [] });
    for (const user of ["hal", "ida"])
      expect(await feedbackOf(user)).toMatchObject({
        risk: 0,
        feedback: { nodes: [{ resolution: "FALSE_POSITIVE", withdrawn: 1, undoneBy: null }] },
      });
    expect((await scoreOf(ids[0] as string)).threatScore).toBe(0);
  });

  it("is taken back when the incident goes on after it was resolved, with an audit entry", async () => {
    await send(event("bad", "fay", { category: "authentication" }));
    const { id } = await incidentOf("Bad: 203.0.113.14, fay");
    const before = (await scoreOf(id)).threatScore;
    expect(before).toBeGreaterThan(20);
    await resolveAs([id], "FALSE_POSITIVE");
    expect(await scoreOf(id)).toMatchObject({ status: "RESOLVED", threatScore: 0 });
    await send(event("bad", "fay", { category: "authentication" }), event("login", "fay"));
    const again = await scoreOf(id);
    expect(again.status).toBe("OPEN");
    expect(again.threatScore).toBeCloseTo(before, 1);
    const { risk, feedback } = await feedbackOf("fay");
    expect(risk).toBeCloseTo(73 / 2.612, 1); // of both events: the one detection grew
    expect(feedback.nodes).toMatchObject([{ withdrawn: 1, undoneBy: "vigil" }]);
    const [row] = await server.database.asOwner<{ known: object }>(
      "SELECT learned -> 'known' AS known FROM entities WHERE kind = 'USER' AND key = 'fay'",
    );
    expect(row?.known).toMatchObject({ countries: [], places: [] });
    const raw = Buffer.from(feedback.nodes[0].id, "base64").toString().slice(9);
    const entries = await server.database.asOwner(
      `SELECT actor, action FROM security_audit_log WHERE entity_id = '${raw}' ORDER BY seq`,
    );
    expect(entries).toMatchObject([{ action: "FEEDBACK_GIVEN" }, { actor: "vigil", action: "FEEDBACK_UNDONE" }]);
  });

  it("is given of a weak sign, which no incident gathers: it can be confirmed, denied, taken back, and counts for its rule", async () => {
    const yaml =
      "title: Leap\nname: leap\nlevel: high\nbehaviour: { detector: impossible_travel, parameters: { learningLogins: 1 } }\n";
    await ask(
      "mutation ($yaml: String!) { alertRulesImport(input: { yaml: $yaml, mode: ACTIVE }) { imported userErrors { message } } }",
      { yaml },
    );
    const from = (user: string, city: string, lat: number, lon: number) =>
      event("login", user, { category: "authentication", source: { country: "NO", city, lat, lon } });
    const sign = async (user: string) =>
      (
        await ask(
          `{ entity(kind: USER, key: "${user}") { risk feedback { nodes { withdrawn taught undoneBy incident { id } detection { id } } }
             detections { nodes { id weak resolution resolvedBy viewerCanJudge eventCount incident { id } } } } }`,
        )
      ).data.entity;
    const judge = async (id: string, resolution: string) =>
      (
        await ask(
          `mutation ($id: ID!) { detectionJudge(id: $id, input: { resolution: ${resolution} }) { detection { resolution } userErrors { code message } } }`,
          { id },
        )
      ).data.detectionJudge;
    const undo = async (id: string) =>
      (
        await ask(
          "mutation ($id: ID!) { detectionJudgeUndo(id: $id) { detection { resolution } userErrors { code } } }",
          { id },
        )
      ).data.detectionJudgeUndo;
    const quality = async () =>
      (
        await ask(
          '{ alertRules(filter: { name: { eq: "Leap" } }) { nodes { quality { truePositives falsePositives benign precision } } } }',
        )
      ).data.alertRules.nodes[0].quality;
    await send(from("jon", "Oslo", 59.9, 10.7), from("jon", "Bergen", 60.4, 5.3));
    const before = await sign("jon");
    expect(before.risk).toBeGreaterThan(20);
    expect(before.detections.nodes).toMatchObject([
      { weak: true, resolution: null, viewerCanJudge: true, eventCount: 1, incident: null },
    ]);
    const [{ id }] = before.detections.nodes;
    expect((await judge(id, "DUPLICATE")).userErrors).toMatchObject([{ code: "BAD_USER_INPUT" }]);
    expect(await judge(id, "USER_CONFIRMED")).toEqual({ detection: { resolution: "USER_CONFIRMED" }, userErrors: [] });
    expect((await judge(id, "BENIGN")).userErrors[0].message).toMatch(/judged before: USER_CONFIRMED/);
    const confirmed = await sign("jon");
    expect(confirmed).toMatchObject({
      risk: 0,
      feedback: { nodes: [{ withdrawn: 1, undoneBy: null, incident: null, detection: { id } }] },
      detections: { nodes: [{ resolution: "USER_CONFIRMED", resolvedBy: expect.any(String), viewerCanJudge: false }] },
    });
    expect(await quality()).toEqual({ truePositives: 0, falsePositives: 0, benign: 1, precision: 0 });

    // The place is known now; another one is not, and what goes on was not nothing.
    await send(from("jon", "Bergen", 60.4, 5.3), from("jon", "Oslo", 59.9, 10.7));
    expect((await sign("jon")).detections.nodes).toMatchObject([{ eventCount: 1, resolution: "USER_CONFIRMED" }]);
    await send(from("jon", "Trondheim", 63.4, 10.4));
    const grown = await sign("jon");
    expect(grown).toMatchObject({
      feedback: { nodes: [{ undoneBy: "vigil" }] },
      detections: { nodes: [{ eventCount: 2, resolution: null }] },
    });
    expect(grown.risk).toBeGreaterThan(20);

    expect((await judge(id, "TRUE_POSITIVE")).userErrors).toEqual([]);
    expect((await sign("jon")).risk).toBeGreaterThan(20);
    expect(await quality()).toEqual({ truePositives: 1, falsePositives: 0, benign: 0, precision: 1 });
    expect(await undo(id)).toEqual({ detection: { resolution: null }, userErrors: [] });
    expect((await undo(id)).userErrors).toEqual([{ code: "CONFLICT" }]);
    await judge(id, "FALSE_POSITIVE");
    expect((await sign("jon")).risk).toBe(0);
    await undo(id);
    const after = await sign("jon");
    expect(after.risk).toBeGreaterThan(20);
    expect(after.feedback.nodes.every(({ undoneBy }: { undoneBy: string | null }) => undoneBy !== null)).toBe(true);
    const raw = Buffer.from(id, "base64").toString().slice("Detection:".length);
    const entries = await server.database.asOwner<{ action: string }>(
      `SELECT action FROM security_audit_log WHERE entity_id = '${raw}' ORDER BY seq`,
    );
    expect(entries.map(({ action }) => action)).toEqual([
      "DETECTION_JUDGED",
      "DETECTION_JUDGED",
      "DETECTION_UNJUDGED",
      "DETECTION_JUDGED",
      "DETECTION_UNJUDGED",
    ]);
  });

  it("is given of an incident's detections with the incident alone, and a sign that was nothing makes none", async () => {
    const { data } = await ask(entity("detections { nodes { id incident { number } } }", "ann"));
    const [{ id, incident }] = data.entity.detections.nodes;
    const judged = await ask(
      "mutation ($id: ID!) { detectionJudge(id: $id, input: { resolution: BENIGN }) { userErrors { message } } }",
      { id },
    );
    expect(judged.data.detectionJudge.userErrors).toEqual([
      { message: `The detection is a part of incident #${incident.number}: resolve that one.` },
    ]);
    const viewer = await server.token("VIEWER");
    const refused = await ask(
      "mutation ($id: ID!) { detectionJudgeUndo(id: $id) { userErrors { code } } }",
      { id },
      viewer,
    );
    expect(refused.errors[0].extensions.code).toBe("FORBIDDEN");
  });

  it("raises incidents when taking it back lets a score pass a threshold", async () => {
    await send(event("bad", "gil"), event("odd", "gil"));
    const [bad, odd] = [await incidentOf("Bad: 203.0.113.15, gil"), await incidentOf("Odd: 203.0.113.15, gil")];
    await resolveAs([bad.id], "FALSE_POSITIVE");
    const thresholds = (high: number, critical: number) =>
      ask(
        `mutation { organizationUpdate(input: { riskThresholds: { high: ${high}, critical: ${critical} } }) { userErrors { path } } }`,
      );
    await thresholds(30, 99);
    expect((await scoreOf(odd.id)).severity).toBe("MEDIUM");
    const [{ id }] = (await feedbackOf("gil")).feedback.nodes;
    await ask("mutation ($id: ID!) { feedbackUndo(id: $id) { userErrors { code } } }", { id });
    expect((await scoreOf(odd.id)).severity).toBe("HIGH");
    await thresholds(70, 90);
  });
});
