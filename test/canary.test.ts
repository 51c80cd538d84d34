/** Whatever is planted must not turn up anywhere it may not be: the database, Redis, the log. */
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { createSignInLink } from "../src/access/sign-in.ts";
import { ensureUser } from "../src/access/users.ts";
import { httpSink, importFile, localSink } from "../src/commands/import.ts";
import { createLog } from "../src/log.ts";
import { type RedisConnection, redisUrls } from "../src/redis.ts";
import { reencrypt } from "../src/secrets/rotation.ts";
import { givenRedis, ofEach } from "./support/given-redis.ts";
import { ndjson, type TestServer, testServer } from "./support/server.ts";

const phi = [
  "PT-CANARY-7741",
  "Zebulon Canarious",
  "canary hydrocephalus",
  "219-09-9999",
  "canarious@patients.example",
];
const [patientId, name, note, ssn, email] = phi as [string, string, string, string, string];
const phones = ["+15125557745", "+15125557746"] as const;
const seen = "visible-marker"; // stands where it may: shows that the search would find something

let server: TestServer;
let logged = "";
let redis: RedisConnection;
const monitors: Socket[] = [];
let commands = "";

const event = (more: object = {}) => ({
  action: "record.read",
  actor: { name: seen },
  target: { type: "patient", id: patientId, name, patientId },
  http: { method: "GET", path: `/patients/${patientId}`, query: `q=${name}`, referrer: `/search?q=${email}` },
  message: `${name} (${ssn}): ${note}`,
  attributes: { note, contact: { email }, list: [ssn, { name }] },
  ...more,
});
const noPatient = {
  action: "note.saved",
  actor: { name: seen },
  message: `mail ${email}, ${ssn}`,
  attributes: { note, name },
};
const rules = `title: Read
name: canary-read
logsource: {}
detection: {selection: {event.action: record.read}, condition: selection}
---
title: Reads of one patient
correlation: {type: event_count, rules: [canary-read], group-by: [patient.id, target.name, note], timespan: 1h, condition: {gte: 2}}
`;

beforeAll(async () => {
  redis = await givenRedis();
  // A socket of its own: ioredis takes commands that others send while it turns to monitoring for answers to its own.
  for (const url of redisUrls(inject("redisUrl"))) {
    const { hostname, port } = new URL(url);
    const monitor = connect(Number(port), hostname).setEncoding("utf8");
    monitors.push(monitor);
    monitor.on("data", (lines: string) => {
      commands += lines;
    });
    monitor.write("MONITOR\r\n");
    await once(monitor, "data");
  }
  const log = createLog("trace", {
    write: (line: string) => {
      logged += line;
    },
  });
  server = await testServer({ redisUrl: inject("redisUrl"), log });
});
afterAll(async () => {
  for (const monitor of monitors) monitor.destroy();
  redis?.disconnect();
  await server.close();
});

// biome-ignore lint/suspicious/noExplicitAny: answers of many shapes
const ask = (query: string, variables: object = {}, as?: string): Promise<any> =>
  server.query(query as never, variables, as);

async function database(organizationId: string): Promise<string> {
  const tables = await server.database.asOwner<{ name: string; tenant: boolean }>(
    `SELECT format('%I.%I', n.nspname, c.relname) AS name,
       EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'organization_id') AS tenant
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname IN ('public', 'event_partitions')`,
  );
  expect(tables.length).toBeGreaterThan(20);
  let dump = "";
  for (const { name: table, tenant } of tables) {
    const where = tenant ? `WHERE organization_id = '${organizationId}'` : "";
    const rows = await server.database.asOwner<{ row: string }>(`SELECT t::text AS row FROM ${table} t ${where}`);
    dump += `${table}\n${rows.map(({ row }) => row).join("\n")}\n`;
  }
  return dump;
}

async function redisDump(): Promise<string> {
  let dump = commands;
  for (const key of (await ofEach(redis, (node) => node.keys("*"))).flat())
    dump += `${key} ${(await redis.dumpBuffer(key)).toString("latin1")}\n`;
  return dump;
}

/** Which of the planted texts are in the place: as they are, in another case, as hex, base64 or in a URL. */
function found(place: string, planted: readonly string[]): string[] {
  const text = place.toLowerCase();
  return planted.filter((one) =>
    [
      one,
      one.replaceAll(" ", "%20"),
      encodeURIComponent(one),
      Buffer.from(one).toString("hex"),
      Buffer.from(one).toString("base64").replace(/=+$/, "").slice(0, -1),
    ].some((form) => text.includes(form.toLowerCase())),
  );
}

it("C9 H2 no canary, neither secret nor patient, is in the database, Redis or the log", async () => {
  const settings =
    "mutation { organizationPrivacyUpdate(input: {unknownFields: SEAL, phiFields: SEAL}) { userErrors { code } } }";
  expect((await ask(settings)).data.organizationPrivacyUpdate.userErrors).toEqual([]);
  const imported = `mutation R($yaml: String!) { alertRulesImport(input: {yaml: $yaml, mode: ACTIVE}) { imported rejected { message } } }`;
  expect((await ask(imported, { yaml: rules })).data.alertRulesImport.rejected).toEqual([]);

  // Every way in.
  expect(await server.ingest(ndjson([event(), event({ id: "1" }), noPatient]))).toMatchObject({ accepted: 3 });
  const mutation = `mutation I($input: SecurityEventsIngestInput!) { securityEventsIngest(input: $input) { accepted } }`;
  expect((await ask(mutation, { input: { events: [event(), noPatient] } })).data.securityEventsIngest.accepted).toBe(2);
  const ecs = {
    "@timestamp": new Date().toISOString(),
    event: { action: "record.read" },
    message: [note, name],
    user: { name: seen },
    url: { path: `/p/${patientId}`, query: email },
    labels: { patient: name },
  };
  expect(await server.ingest(ndjson([ecs]))).toMatchObject({ accepted: 1 });
  const file = join(server.dataDir, "events.ndjson");
  await writeFile(file, ndjson([event(), noPatient]));
  const sinks = [localSink(server.app, server.ours), httpSink(server.url, server.admin)];
  for (const [n, sink] of sinks.entries()) {
    await writeFile(file, ndjson([{ action: `file-${n}` }, event(), noPatient]));
    expect((await importFile(file, "vigil", sink, { now: Date.now() })).accepted).toBe(3);
  }

  // Reading, with PHI and without.
  const reading = `query E($p: String!) { securityEvents(filter: {patientId: {eq: $p}}) { totalCount nodes { id message phi { patientId message } } } }`;
  const { data } = await ask(reading, { p: patientId });
  expect(data.securityEvents.totalCount).toBeGreaterThan(3);
  expect(data.securityEvents.nodes[0].phi.patientId).toBe(patientId);
  const { data: incidents } = await ask("{ incidents { nodes { title subjects { key } } } }");
  expect(incidents.incidents.nodes.length).toBeGreaterThan(0);
  expect(found(JSON.stringify(incidents), phi)).toEqual([]);

  // What people write about them, read again by those who may.
  const person = async (mail: string, role: "ADMIN" | "VIEWER"): Promise<string> => {
    const user = { email: mail, name: "Person", role, now: Date.now() };
    const userId = await server.app.db.inOrganization(server.ours, (tx) => ensureUser(tx, user));
    return server.app.tokens.sign({ organizationId: server.ours, userId, name: mail, role }, 600);
  };
  const [alice, bob] = [await person("alice@clinic.example", "ADMIN"), await person("bob@clinic.example", "ADMIN")];
  const viewer = await person("viewer@clinic.example", "VIEWER");
  const words = `${name} (${ssn}) was moved: ${note}`;
  const used = `mutation B($i: BreakGlassStartInput!) { breakGlassStart(input: $i) { breakGlassUse { id incident { id } } userErrors { message } } }`;
  const { breakGlassUse } = (await ask(used, { i: { reason: words, minutes: 5 } }, alice)).data.breakGlassStart;
  const reviewed = `mutation R($id: ID!, $n: String!) { breakGlassReview(id: $id, input: {outcome: JUSTIFIED, note: $n}) { userErrors { message } } }`;
  await ask(reviewed, { id: breakGlassUse.id, n: words }, bob);
  const resolved = `mutation R($id: ID!, $r: String!) { incidentResolve(id: $id, input: {resolution: BENIGN, reason: $r}) { userErrors { message } } }`;
  const { id: incidentId } = breakGlassUse.incident;
  expect((await ask(resolved, { id: incidentId, r: words }, bob)).data.incidentResolve.userErrors).toEqual([]);
  const today = new Date();
  const month = new Date(Date.UTC(today.getUTCFullYear(), today.getUTCMonth() - 1, 1)).toISOString().slice(0, 7);
  const packed = "mutation P($m: String!) { reviewPackCreate(input: {month: $m}) { reviewPack { id } } }";
  const packId = (await ask(packed, { m: month }, bob)).data.reviewPackCreate.reviewPack.id;
  const signed =
    "mutation S($id: ID!, $n: String!) { reviewPackSign(id: $id, input: {note: $n}) { userErrors { message } } }";
  expect((await ask(signed, { id: packId, n: words }, bob)).data.reviewPackSign.userErrors).toEqual([]);
  const written = `query W($id: ID!, $use: ID!, $pack: ID!) { incident(id: $id) { resolutionReason entries { nodes { message } } }
    use: node(id: $use) { ... on BreakGlassUse { reason reviewNote } } pack: node(id: $pack) { ... on ReviewPack { note } } }`;
  const asked = { id: incidentId, use: breakGlassUse.id, pack: packId };
  const read = (await ask(written, asked, bob)).data;
  expect(read.incident.resolutionReason).toBe(words);
  expect(read.incident.entries.nodes.map(({ message }: { message: string }) => message)).toEqual([
    `alice@clinic.example gave themselves leave to read patients' data for 5 minutes: ${words}`,
    `bob@clinic.example resolved the incident as benign: ${words}`,
  ]);
  expect([read.use, read.pack]).toEqual([{ reason: words, reviewNote: words }, { note: words }]);
  const withheld = (await ask(written, asked, viewer)).data;
  expect(found(JSON.stringify(withheld), phi)).toEqual([]);
  expect(withheld.incident.resolutionReason).toBe("[withheld]");
  // People's numbers: given now, and written down in the clear by an earlier version.
  const contact = `mutation C($p: String!) { viewerContactUpdate(input: {phone: $p}) { contact { phone } userErrors { message } } }`;
  expect((await ask(contact, { p: phones[0] }, alice)).data.viewerContactUpdate.userErrors).toEqual([]);
  const telling = `mutation C($to: [String!]!) { alertChannelCreate(input: {name: "numbers", kind: SMS, sms: {to: $to}}) { alertChannel { id to } userErrors { message } } }`;
  const made = (await ask(telling, { to: [phones[0]] }, bob)).data.alertChannelCreate;
  expect(made).toMatchObject({ alertChannel: { to: [expect.stringMatching(/^…45\.[0-9a-f]{16}$/)] }, userErrors: [] });
  const asBefore = `WITH c AS (INSERT INTO alert_channels (organization_id, id, kind, name, config)
      VALUES ($1, gen_random_uuid(), 'SMS', 'numbers before', jsonb_build_object('to', jsonb_build_array($2::text))) RETURNING id),
    a AS (INSERT INTO security_alerts (organization_id, id, kind, channel_id, recipient, status, priority)
      SELECT $1, gen_random_uuid(), 'TEST', id, $2, 'SENT', 'HIGH' FROM c),
    b AS (INSERT INTO bad_contacts VALUES ($1, 'SMS', $2, 'gone', now()))
    UPDATE users SET phone = $2 WHERE organization_id = $1 AND email = 'bob@clinic.example'`;
  await server.database.asOwner(asBefore, [server.ours, phones[1]]);
  expect(found(await database(server.ours), phones)).toEqual([phones[1]]);
  await server.app.sweep.forget();
  const numbers = "{ viewer { contact { phone } } users { nodes { email contact { phone } } } }";
  const shown = (await ask(numbers, {}, bob)).data;
  expect(shown.viewer.contact.phone).toBe(phones[1]);
  expect(shown.users.nodes).toContainEqual({ email: "alice@clinic.example", contact: { phone: "…45" } });
  const stood = await server.database.asOwner(
    `SELECT recipient = phone AND config -> 'to' ->> 0 = phone AND address = phone AS same FROM users u, bad_contacts b, alert_channels c
     JOIN security_alerts a ON a.channel_id = c.id WHERE u.email = 'bob@clinic.example' AND c.name = 'numbers before'`,
  );
  expect(stood).toEqual([{ same: true }]);
  // Final is final, but for another key.
  for (const [table, column] of [
    ["review_packs", "signed_by = 'eve'"],
    ["break_glass_uses", "outcome = 'UNJUSTIFIED'"],
  ] as const) {
    const change = server.app.db.query(server.ours, `UPDATE ${table} SET ${column} WHERE organization_id = $1`, [
      server.ours,
    ]);
    await expect(change).rejects.toThrow("is final");
  }
  await server.app.db.inOrganization(server.ours, (tx) => server.app.vault.rotate(tx));
  expect(await reencrypt(server.app.db, server.app.vault, server.ours)).toBeGreaterThan(5);
  expect((await ask(written, asked, bob)).data).toEqual(read);
  expect((await ask(numbers, {}, alice)).data.viewer.contact.phone).toBe(phones[0]);

  // Errors: of the sender …
  await ask(`{ securityEvents(filter: {patientId: {eq: "${patientId}"}) { `);
  await ask(`{ ${name.replace(" ", "")} }`, { p: note });
  await ask(reading, { p: { name } });
  await ask(reading, { p: patientId }, `${server.admin}x`);
  await server.ingest(`{"action": "x", "message": "${note}"`);
  await server.ingest(ndjson([event({ source: { ip: name } }), event({ severity: note })]));
  await server.ingest(ndjson([event()]), {}, `${server.key}x`);
  await fetch(`${server.url}/nowhere?patient=${encodeURIComponent(name)}`);
  await fetch(`${server.url}/graphql?query=${encodeURIComponent(`{ x(a: "${name}") }`)}`);
  // … and ours: tables that cannot be read or written, a constraint that quotes the row.
  await server.database.asOwner("REVOKE SELECT, INSERT ON realtime_monitoring FROM vigil_app");
  const failed = await ask(reading, { p: patientId });
  expect(failed.errors[0].extensions.code).toBe("INTERNAL");
  expect((await server.ingest(ndjson([event()]))).status).toBe(503);
  await server.database.asOwner("GRANT SELECT, INSERT ON realtime_monitoring TO vigil_app");
  await server.database.asOwner("ALTER TABLE realtime_monitoring ADD CONSTRAINT never CHECK (action <> 'never')");
  expect((await server.ingest(ndjson([event({ action: "never" })]))).status).toBe(503);
  await server.database.asOwner("ALTER TABLE realtime_monitoring DROP CONSTRAINT never");
  expect(logged).toContain("a GraphQL operation failed");
  expect(logged).toContain("a batch of events could not be stored");

  // Secrets: a token, API keys, a sign-in link, those of the installation.
  const link = await server.app.db.inOrganization(server.ours, async (tx) => {
    const user = { email: "admin@clinic.example", name: "Admin", role: "ADMIN" as const, now: Date.now() };
    return createSignInLink(tx, { userId: await ensureUser(tx, user), now: Date.now() });
  });
  const signedIn = await fetch(`${server.url}/sign-in?token=${link}`, { redirect: "manual" });
  expect(signedIn.status).toBe(303);
  const session = /vigil_session=([^;]+)/.exec(signedIn.headers.get("set-cookie") ?? "")?.[1] as string;
  const { jwtSecret } = JSON.parse(await readFile(join(server.dataDir, "secrets.json"), "utf8")) as {
    jwtSecret: string;
  };
  const kek = (await readFile(join(server.dataDir, "encryption-keys"), "utf8")).split(":")[1]?.trim() as string;
  const secrets = [server.admin, server.key, link, session, jwtSecret, kek, Buffer.from(kek, "base64").toString("hex")];
  const apiKeySecret = server.key.split("_").at(-1) as string;

  const places = { database: await database(server.ours), redis: await redisDump(), log: logged };
  for (const [place, text] of Object.entries(places)) {
    expect([place, found(text, [...phi, ...phones, ...secrets, apiKeySecret])]).toEqual([place, []]);
  }
  expect(found(places.database, [seen])).toEqual([seen]);
  expect(places.redis).toContain(server.ours);

  // The same search finds all of it where an organization keeps it in clear: it does look.
  await ask(
    "mutation { organizationPrivacyUpdate(input: {unknownFields: KEEP, phiFields: KEEP}) { userErrors { code } } }",
    {},
    server.outsider,
  );
  await server.ingest(ndjson([event()]), {}, server.otherKey);
  expect(found(await database(server.theirs), phi)).toEqual(phi);
}, 60_000);

it("H2 what behaviour and feedback know of people is in no line of the log, whatever fails", async () => {
  const who = { name: "Staffan Canarysson", email: "staffan@canary-clinic.example", id: "staff-canary-5512" };
  const address = "203.0.113.177";
  const people = [...Object.values(who), "Canarysson", address, "canary-device-88"];
  const from = logged.length;
  const signIn = (outcome: string, more: object = {}) => ({
    ...{ action: "login", category: "authentication", outcome, actor: { ...who, roles: ["nurse"] } },
    ...{ source: { ip: address, country: "NO" }, device: "canary-device-88", ...more },
  });
  const guessed = () => server.ingest(ndjson(Array.from({ length: 12 }, () => signIn("failure"))));
  const hours = (n: number) => new Date(Date.now() - n * 3_600_000).toISOString();
  await server.ingest(ndjson(Array.from({ length: 30 }, (_, n) => signIn("success", { time: hours(24 * (40 - n)) }))));
  await server.ingest(ndjson([signIn("success", { source: { ip: address, country: "JP", lat: 35.7, lon: 139.7 } })]));
  await guessed();
  const about = async () =>
    (await ask("{ incidents(filter: {status: {eq: OPEN}}) { nodes { id subjects { key } } } }")).data.incidents.nodes
      .filter(({ subjects }: { subjects: { key: string }[] }) => subjects.some(({ key }) => key === who.name))
      .map(({ id }: { id: string }) => id) as string[];
  const resolve = async (id: string) =>
    ask(
      `mutation R($id: ID!) { incidentResolve(id: $id, input: {resolution: FALSE_POSITIVE, reason: "nothing"}) { userErrors { message } } }`,
      { id },
    );
  const incidents = await about();
  expect(incidents.length).toBeGreaterThan(0);
  for (const id of incidents) expect((await resolve(id)).data.incidentResolve.userErrors).toEqual([]);
  const entity = `query E($key: String!) { entity(kind: USER, key: $key) { risk profile { told } riskChanges { told } feedback { nodes { id } } } }`;
  const { feedback } = (await ask(entity, { key: who.name })).data.entity;
  expect(feedback.nodes.length).toBeGreaterThan(0);
  await ask("mutation U($id: ID!) { feedbackUndo(id: $id) { userErrors { message } } }", { id: feedback.nodes[0].id });
  await ask(
    "mutation I($rows: [UserImportRow!]) { usersImport(input: {rows: $rows}) { imported rejected { message } } }",
    { rows: [{ name: who.name, email: who.email, roles: ["nurse"] }, { name: who.name }] },
  );
  // A profile that no code of ours wrote, and a table that refuses the feedback.
  await server.database.asOwner(
    `UPDATE entities SET learned = jsonb_build_object('activity', key, 'devices', key, 'hours', key) WHERE key = '${who.name}'`,
  );
  await server.database.asOwner("UPDATE detection_positions SET profiles_version = profiles_version + 1");
  expect(await server.ingest(ndjson([signIn("success")]))).toMatchObject({ accepted: 1 });
  expect(logged.slice(from)).toContain("failed: the event was passed over");
  await guessed();
  await server.database.asOwner(
    `ALTER TABLE feedback ADD CONSTRAINT never CHECK (entity_key <> '${who.name}') NOT VALID`,
  );
  const [again] = await about();
  expect((await resolve(again as string)).errors[0].extensions.code).toBe("INTERNAL");
  await server.database.asOwner("ALTER TABLE feedback DROP CONSTRAINT never");
  expect(logged.slice(from)).toContain("a GraphQL operation failed");
  expect(found(logged.slice(from), people)).toEqual([]);
}, 60_000);
