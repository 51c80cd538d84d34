/**
 * A1: every mutation of the schema is run, and leaves an entry. A new mutation is walked as soon as it exists: with
 * generated input, or, where that is refused, with the example it needs here.
 */
import { getNamedType, isInputObjectType } from "graphql";
import { v7 } from "uuid";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createApiKey } from "../../src/access/api-keys.ts";
import { type TestServer, testServer } from "../support/server.ts";
import { smtpSink } from "../support/smtp-sink.ts";
import { ask, entriesOf, lastSeq } from "./asking.ts";
import { examplesOf, person } from "./examples.ts";
import { documentOf, mutations, required, secondFactor } from "./mutations.ts";

let server: TestServer;
let admin: string;
let examples: ReturnType<typeof examplesOf>;
let sink: Awaited<ReturnType<typeof smtpSink>>;
const refusals = ["MUTATION_REFUSED", "MUTATION_FAILED", "PERMISSION_REFUSED"];

beforeAll(async () => {
  sink = await smtpSink();
  server = await testServer({ env: { SMTP_URL: sink.url, VIGIL_PUBLIC_URL: "http://vigil.example" } });
  admin = await person(server, "walker@clinic.example");
  examples = examplesOf(server, admin);
});
afterAll(async () => {
  await server.close();
  await sink.close();
});

const named = mutations.map((field) => [field.name, field] as const);

const walked = named.filter(([name]) => !secondFactor.includes(name));

test.each(walked)("A1: %s leaves an audit entry", async (name, field) => {
  const variables = { ...required(field), ...(await examples[name]?.()) };
  const before = await lastSeq(server);
  const { data, errors } = await ask(server, documentOf(field, variables), variables, { as: admin });
  const faults = [...(errors ?? []), ...(data?.[name]?.userErrors ?? [])];
  const entries = await entriesOf(server, { after: before });
  expect(entries.length, `${name} left no audit entry at all`).toBeGreaterThan(0);
  expect(faults, `${name} refuses the walk's input: give it an example here`).toEqual([]);
  const own = entries.filter(({ action }) => !refusals.includes(action));
  expect(own.length, `${name} succeeded and left no audit entry`).toBeGreaterThan(0);
  expect(own.every(({ actor }) => actor === "walker@clinic.example" || actor === "vigil")).toBe(true);
});

test.each(named)("A1: %s leaves an audit entry also where it is refused", async (_name, field) => {
  // A program that carries out decisions may do next to nothing. The log takes 60 refusals an hour of an organization.
  const organizationId = named.findIndex(([name]) => name === _name) % 2 === 0 ? server.ours : server.theirs;
  const key = await server.app.db.inOrganization(organizationId, (tx) =>
    createApiKey(tx, { name: "enforcer", role: "ENFORCER", actor: "walk", now: Date.now() }),
  );
  const variables = required(field);
  const before = await lastSeq(server, organizationId);
  await ask(server, documentOf(field, variables), variables, { as: key.secret });
  expect(await lastSeq(server, organizationId)).toBeGreaterThan(before);
});

type Input = { name: string; type: Parameters<typeof getNamedType>[0]; extensions: object };

/** Where ids stand in the arguments, each by its path and the type that it is declared for. */
function idsIn(inputs: readonly Input[], path: string[] = []): { path: string[]; types: string[]; isList: boolean }[] {
  return inputs.flatMap(({ name, type, extensions }) => {
    const declared = (extensions as { relayGlobalIDFor?: { typename: string }[] }).relayGlobalIDFor;
    if (declared)
      return [
        {
          path: [...path, name],
          types: declared.map(({ typename }) => typename),
          isList: String(type).startsWith("["),
        },
      ];
    const inner = getNamedType(type);
    const isDeeper = isInputObjectType(inner) && path.length < 3;
    return isDeeper ? idsIn(Object.values(inner.getFields()), [...path, name]) : [];
  });
}

/** Puts the value where the path leads; in lists, into the first of them. False: the input has nothing on the way there. */
function put(into: unknown, [key = "", ...rest]: string[], value: unknown): boolean {
  const at = (Array.isArray(into) ? into[0] : into) as Record<string, unknown> | undefined;
  if (at === undefined || (rest.length > 0 && at[key] == null)) return false;
  if (rest.length > 0) return put(at[key], rest, value);
  at[key] = value;
  return true;
}

const taking = named
  .map(([name, field]) => [name, field, idsIn(field.args)] as const)
  .filter(([, , ids]) => ids.length > 0);

test.each(taking)(
  "A1: %s refuses the id of another type with BAD_USER_INPUT, audited, and does nothing",
  async (name, field, ids) => {
    let tried = 0;
    for (const { path, types, isList } of ids) {
      const variables = structuredClone({ ...required(field), ...(await examples[name]?.()) });
      const other = types.includes("Silence") ? "Decision" : "Silence";
      const foreign = Buffer.from(`${other}:${v7()}`).toString("base64");
      if (!put(variables, path, isList ? [foreign] : foreign)) continue;
      tried++;
      const before = await lastSeq(server);
      const { data, errors } = await ask(server, documentOf(field, variables), variables, { as: admin });
      const faults = [...(errors?.map(({ extensions }) => extensions) ?? []), ...(data?.[name]?.userErrors ?? [])];
      expect([path, faults.map(({ code }) => code)]).toEqual([path, ["BAD_USER_INPUT"]]);
      // What a mutation changes has an entry of its own: that there is none but this says that nothing was.
      const entries = (await entriesOf(server, { after: before })).filter(({ actor }) => actor !== "vigil");
      expect(entries).toMatchObject([
        {
          action: expect.stringMatching(/^MUTATION_(REFUSED|FAILED)$/),
          entity_id: name,
          detail: { codes: ["BAD_USER_INPUT"] },
        },
      ]);
    }
    expect(tried).toBeGreaterThan(0);
  },
);

test("A1: a mutation that fails for a fault of ours is audited too, without its input", async () => {
  await server.database.asOwner("REVOKE INSERT ON alert_rules FROM vigil_app");
  const before = await lastSeq(server);
  try {
    const variables = await examples.alertRulesImport?.();
    const yaml = JSON.stringify(variables).replace("Walked", "Walked twice");
    const document = "mutation ($input: AlertRulesImportInput!) { alertRulesImport(input: $input) { imported } }";
    expect((await ask(server, document, JSON.parse(yaml), { as: admin })).errors?.[0]?.extensions.code).toBe(
      "INTERNAL",
    );
  } finally {
    await server.database.asOwner("GRANT INSERT ON alert_rules TO vigil_app");
  }
  const entries = await entriesOf(server, { after: before });
  expect(entries).toMatchObject([
    { action: "MUTATION_FAILED", entity_id: "alertRulesImport", detail: { codes: ["INTERNAL"] } },
  ]);
  expect(JSON.stringify(entries)).not.toContain("Walked");
});
