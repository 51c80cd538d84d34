/** `viewerCan…` says what the mutations then say: for every mutation of one object and every role, and in the states that matter. */
import { isNonNullType, isObjectType } from "graphql";
import { v7 } from "uuid";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { peopleRoles } from "../../src/access/viewer.ts";
import { schema } from "../../src/schema/schema.ts";
import { ask } from "../audit/asking.ts";
import { examplesOf, person } from "../audit/examples.ts";
import { documentOf, mutations, required } from "../audit/mutations.ts";
import { type TestServer, testServer } from "../support/server.ts";

type Mutation = (typeof mutations)[number];

let server: TestServer;
let admin: string;
let examples: ReturnType<typeof examplesOf>;
const people = new Map<string, string>();

beforeAll(async () => {
  server = await testServer({ env: { VIGIL_PUBLIC_URL: "http://vigil.example" } });
  admin = await person(server, "walker@clinic.example");
  examples = examplesOf(server, admin);
  for (const role of peopleRoles) people.set(role, await person(server, `${role.toLowerCase()}@clinic.example`, role));
});
afterAll(() => server.close());

/** Where `viewerCanUpdate` is not what tells. */
const told: Record<string, string> = {
  apiKeyRevoke: "viewerCanRevoke",
  breakGlassReview: "viewerCanReview",
  decisionRevoke: "viewerCanRevoke",
  detectionJudge: "viewerCanJudge",
  detectionJudgeUndo: "viewerCanJudgeUndo",
  feedbackUndo: "viewerCanUndo",
  incidentActionApprove: "viewerCanApprove",
  incidentActionReject: "viewerCanReject",
  incidentActionRevert: "viewerCanRevert",
  incidentComment: "viewerCanComment",
  incidentEvidenceAdd: "viewerCanComment",
  incidentRespond: "viewerCanRespond",
  incidentTaskFinish: "viewerCanFinish",
  reviewPackSign: "viewerCanSign",
  savedFilterDelete: "viewerCanDelete",
  silenceExpire: "viewerCanExpire",
  ...Object.fromEntries(
    ["Acknowledge", "Investigate", "Contain", "Resolve", "Close", "Reopen", "Merge"].map((move) => [
      `incident${move}`,
      `viewerCanMove ${move.toUpperCase()}`,
    ]),
  ),
};
/** What no field of the object tells, and why. */
const untold: Record<string, string> = {
  incidentAskUser: "whether somebody can be asked depends on whom, and on e-mail",
  incidentUnmerge: "what is merged is over; its entry says into what",
  notificationMarkRead: "they are always one's own",
  notificationMarkUnread: "they are always one's own",
  onCallOverrideDelete: "its schedule tells",
  widgetDelete: "its dashboard tells",
  widgetUpdate: "its dashboard tells",
  alertRuleRestore: "brings removed ones back, too",
};

const idOf = (field: Mutation) => field.args.find(({ name }) => name === "id" || name === "channelId");
const typeOf = (field: Mutation): string | undefined =>
  (idOf(field)?.extensions.relayGlobalIDFor as { typename: string }[] | undefined)?.[0]?.typename;
const ofOne = mutations.filter((field) => typeOf(field) !== undefined && !(field.name in untold));

/** What the object says to this person. */
async function says(field: Mutation, id: string, as: string): Promise<boolean> {
  const [name = "viewerCanUpdate", move] = told[field.name]?.split(" ") ?? [];
  const document = `query ($id: ID!) { node(id: $id) { ... on ${typeOf(field)} { it: ${name} } } }`;
  const { data, errors } = await ask(server, document, { id }, { as }); // null: they do not even see it
  const it = data?.node?.it as boolean | string[] | undefined;
  if (it === undefined && data?.node !== null) throw new Error(`${told[field.name]}: ${JSON.stringify(errors)}`);
  return move === undefined ? it === true : ((it as string[] | undefined)?.includes(move) ?? false);
}

/** What the mutation says. */
async function does(field: Mutation, variables: object, as: string): Promise<string[]> {
  const { data, errors } = await ask(server, documentOf(field, variables), variables, { as });
  const faults = [...(errors ?? []).map(({ extensions }) => extensions), ...(data?.[field.name]?.userErrors ?? [])];
  return faults.map(({ code }: { code: string }) => code);
}

const example = async (field: Mutation): Promise<Record<string, unknown>> => ({
  ...required(field),
  ...(await examples[field.name]?.()),
});

describe("what whoever asks may do with an object", () => {
  it("is told for every mutation of one object, or listed here with the reason why not", () => {
    const bare = ofOne.filter((field) => {
      const [name = "viewerCanUpdate"] = told[field.name]?.split(" ") ?? [];
      const type = schema.getType(typeOf(field) as string);
      const found = isObjectType(type) ? type.getFields()[name] : undefined;
      return found === undefined || !isNonNullType(found.type);
    });
    expect(bare.map(({ name }) => name)).toEqual([]);
    expect(ofOne.length).toBeGreaterThan(40);
  });

  it.each(ofOne.map((field) => [field.name, field] as const))(
    "%s does for each role what its object says",
    async (name, field) => {
      const key = idOf(field)?.name as string;
      let variables = await example(field);
      let mayAny = false;
      for (const role of peopleRoles) {
        const as = (name === "savedFilterDelete" && role === "ADMIN" ? admin : people.get(role)) as string;
        const may = await says(field, variables[key] as string, as);
        const codes = await does(field, variables, as);
        expect([role, may, codes]).toEqual([role, may, may ? [] : [expect.stringMatching(/FORBIDDEN|NOT_FOUND/)]]);
        if (may) variables = await example(field); // the other was changed
        mayAny ||= may;
      }
      expect(mayAny).toBe(true);
    },
    60_000,
  );

  it("is told of the organization and of entities, too", async () => {
    await examples.entityUpdate?.();
    for (const role of peopleRoles) {
      const as = people.get(role) as string;
      const text = '{ organization { viewerCanUpdate } entity(kind: ORGANIZATION, key: "") { viewerCanUpdate } }';
      const { data } = await ask(server, text, {}, { as });
      const update = 'mutation { organizationUpdate(input: { name: "Demo" }) { userErrors { code } } }';
      const grade =
        'mutation { entityUpdate(kind: ORGANIZATION, key: "", input: { criticality: 1 }) { userErrors { code } } }';
      const went = async (document: string): Promise<boolean> =>
        (await ask(server, document, {}, { as })).errors === undefined;
      expect([role, data.organization.viewerCanUpdate, data.entity.viewerCanUpdate]).toEqual([
        role,
        await went(update),
        await went(grade),
      ]);
    }
  });
});

describe("what may not be done now", () => {
  const raw = (id: unknown): string => Buffer.from(String(id), "base64").toString().split(":")[1] as string;
  const set = (sql: string, ...values: unknown[]) => server.database.asOwner(sql, values);
  const shut = "status = 'CLOSED', resolved_at = now(), resolved_by = 'x', resolution = 'BENIGN'";
  /** [mutation, state, SQL with the object's id as $1, the code of the refusal] */
  const states: [name: string, state: string, change: string, code: string][] = [
    ["incidentAssign", "is closed", `UPDATE security_incidents SET ${shut} WHERE id = $1`, "CONFLICT"],
    ["incidentTaskAdd", "is closed", `UPDATE security_incidents SET ${shut} WHERE id = $1`, "CONFLICT"],
    ["incidentAcknowledge", "is closed", `UPDATE security_incidents SET ${shut} WHERE id = $1`, "CONFLICT"],
    [
      "incidentReopen",
      "was resolved 31 days ago",
      "UPDATE security_incidents SET resolved_at = now() - interval '31 days' WHERE id = $1",
      "CONFLICT",
    ],
    [
      "incidentActionApprove",
      "waited too long",
      "UPDATE incident_actions SET due_at = now() WHERE id = $1",
      "CONFLICT",
    ],
    ["incidentActionReject", "waited too long", "UPDATE incident_actions SET due_at = now() WHERE id = $1", "CONFLICT"],
    ["decisionRevoke", "is over", "UPDATE decisions SET expires_at = now() WHERE id = $1", "CONFLICT"],
    [
      "silenceExpire",
      "is over",
      "UPDATE silences SET starts_at = now() - interval '2 hours', ends_at = now() WHERE id = $1",
      "CONFLICT",
    ],
  ];
  /** Done once, there is nothing more to do; of the first of a pair nothing is left for the second. */
  const once: [name: string, first: string][] = [
    ["alertChannelUpdate", "alertChannelDelete"],
    ["alertRouteUpdate", "alertRouteDelete"],
    ["escalationPolicyUpdate", "escalationPolicyDelete"],
    ["alertRuleUpdate", "alertRuleDelete"],
    ["alertRuleExceptionDelete", "alertRuleExceptionDelete"],
    ["breakGlassReview", "breakGlassReview"],
    ["decisionRevoke", "decisionRevoke"],
    ["detectionJudge", "detectionJudge"],
    ["detectionJudgeUndo", "detectionJudgeUndo"],
    ["feedbackUndo", "feedbackUndo"],
    ["incidentAcknowledge", "incidentAcknowledge"],
    ["incidentMerge", "incidentMerge"],
    ["incidentRespond", "incidentMerge"],
    ["incidentTaskFinish", "incidentTaskFinish"],
    ["reviewPackSign", "reviewPackSign"],
    ["silenceExpire", "silenceExpire"],
  ];
  const fieldOf = (name: string): Mutation => mutations.find((field) => field.name === name) as Mutation;

  it.each(states)("%s of one that %s is neither offered nor done", async (name, _state, change, code) => {
    const variables = await example(fieldOf(name));
    expect(await says(fieldOf(name), variables.id as string, admin)).toBe(true);
    await set(change, raw(variables.id));
    expect(await says(fieldOf(name), variables.id as string, admin)).toBe(false);
    expect(await does(fieldOf(name), variables, admin)).toEqual([code]);
  });

  it.each(once)("%s after %s is neither offered nor done", async (name, first) => {
    const before = await example(fieldOf(first));
    const variables = { ...(name === first ? before : await example(fieldOf(name))), id: before.id };
    expect(await does(fieldOf(first), before, admin)).toEqual([]);
    expect(await says(fieldOf(name), variables.id as string, admin)).toBe(false);
    expect(await does(fieldOf(name), variables, admin)).toEqual([expect.stringMatching(/CONFLICT|NOT_FOUND/)]);
  });

  it("incidentReopen where another of its kind is open is neither offered nor done", async () => {
    const variables = await example(fieldOf("incidentReopen"));
    await set(
      `UPDATE security_incidents SET fingerprint = (SELECT fingerprint FROM security_incidents WHERE id = $1)
       WHERE id = $2`,
      raw(variables.id),
      raw((await example(fieldOf("incidentAcknowledge"))).id),
    );
    expect(await says(fieldOf("incidentReopen"), variables.id as string, admin)).toBe(false);
    expect(await does(fieldOf("incidentReopen"), variables, admin)).toEqual(["CONFLICT"]);
  });

  it("incidentAcknowledge again is offered and done while people are called about it once more", async () => {
    const field = fieldOf("incidentAcknowledge");
    const variables = await example(field);
    expect(await does(field, variables, admin)).toEqual([]);
    await set(
      `INSERT INTO escalations (organization_id, id, incident_id, policy, state, started_at, due_at)
       VALUES ($2, $3, $1, '{"steps": [], "repeats": 0, "acknowledgeTimeoutS": 600}', 'RUNNING', now(), now() + interval '1 hour')`,
      raw(variables.id),
      server.ours,
      v7(),
    );
    expect(await says(field, variables.id as string, admin)).toBe(true);
    expect(await does(field, variables, admin)).toEqual([]);
    expect(await says(field, variables.id as string, admin)).toBe(false);
  });

  it("R6 approving one's own is offered and done in an emergency only", async () => {
    const field = fieldOf("incidentActionApprove");
    const variables = await example(field);
    const own = await person(server, "asker@clinic.example"); // who asked for it
    expect(await says(field, variables.id as string, own)).toBe(false);
    expect(await does(field, variables, own)).toEqual(["BAD_USER_INPUT"]);
    const start = fieldOf("breakGlassStart");
    expect(await does(start, await example(start), own)).toEqual([]);
    expect(await says(field, variables.id as string, own)).toBe(true);
    expect(await does(field, variables, own)).toEqual([]);
  });
});
