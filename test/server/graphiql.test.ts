import { parse, validate } from "graphql";
import { createClient } from "graphql-ws";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import WebSocket from "ws";
import { schema } from "../../src/schema/schema.ts";
import { examplesQuery, library } from "../../src/server/graphiql/library.ts";
import type { ReadyOperation } from "../../src/server/graphiql/ready-operation.ts";
import { renderPage } from "../../src/server/graphiql.ts";
import { ask } from "../audit/asking.ts";
import { type TestServer, testServer } from "../support/server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await testServer({});
});
afterAll(() => server.close());

/** As the page fills them in. */
async function filled({ variables }: ReadyOperation): Promise<Record<string, unknown>> {
  const text = JSON.stringify(variables ?? {});
  if (!text.includes('"<')) return JSON.parse(text);
  const { data } = await ask(server, examplesQuery);
  const examples: Record<string, unknown> = {
    "incident id": data.incidents.nodes[0].id,
    "incident number": data.incidents.nodes[0].number,
    "rule id": data.alertRules.nodes[0].id,
    "channel id": data.alertChannels[0].id,
    user: data.users.nodes[0].key,
    address: data.addresses.nodes[0]?.key ?? "203.0.113.7",
    "7 days ago": new Date(Date.now() - 7 * 86_400_000).toISOString(),
    now: new Date().toISOString(),
  };
  return JSON.parse(text.replace(/"<([^">]+)>"/g, (_whole, name) => JSON.stringify(examples[name])));
}

describe("the library of GraphiQL", () => {
  beforeAll(async () => {
    await server.failLogins("ada", { times: 12, from: "203.0.113.7" });
    const input = { name: "Hook", kind: "WEBHOOK", test: false, webhook: { url: "https://hooks.example.org/vigil" } };
    await ask(
      server,
      "mutation ($input: AlertChannelCreateInput!) { alertChannelCreate(input: $input) { userErrors { message } } }",
      { input },
    );
  });

  it("has more than twenty operations, by what somebody wants to do", () => {
    expect(library.length).toBeGreaterThan(20);
    expect([...new Set(library.map(({ job }) => job))]).toEqual([
      "Triage",
      "Hunt",
      "Tune a rule",
      "Who saw this patient",
      "Respond",
      "Alerts",
      "Set up",
      "Watch live",
    ]);
  });

  it.each(library.map((one) => [`${one.job}: ${one.name}`, one] as const))(
    "%s fits the schema, and does what it says",
    async (_title, one) => {
      expect(validate(schema, parse(one.query))).toEqual([]);
      const variables = await filled(one);
      if (one.query.includes("subscription ")) {
        const client = createClient({
          url: `${server.url.replace("http", "ws")}/graphql`,
          webSocketImpl: WebSocket,
          connectionParams: { authorization: `Bearer ${server.admin}` },
          retryAttempts: 0,
        });
        const first = client
          .iterate({ query: one.query })
          .next()
          .then(({ value }) => value.errors ?? "data");
        await client.iterate({ query: "{ __typename }" }).next(); // answered behind it: refused, it would have said so
        expect(["data", "nothing yet"]).toContain(await Promise.race([first, Promise.resolve("nothing yet")]));
        await client.dispose();
        return;
      }
      const { data, errors } = await ask(server, one.query, variables);
      expect(errors).toBeUndefined();
      const faults = Object.values(data as Record<string, { userErrors?: object[] }>).flatMap(
        (part) => part?.userErrors ?? [],
      );
      expect(faults).toEqual([]);
    },
  );
});

describe("the page", () => {
  it("is GraphiQL with the library and a way to sign in; nothing of it comes from elsewhere", async () => {
    const page = await renderPage();
    expect(page.split("YogaGraphiQL.renderYogaGraphiQL(").length).toBe(2); // ours alone
    for (const part of [
      'id="library"',
      'id="sign-in"',
      "connection_init",
      "Which rules are noisy",
      'name="viewport"',
    ]) {
      expect(page).toContain(part);
    }
    expect(page).not.toMatch(/<(script|link)[^>]+(src|href)="https?:/);
    const answer = await fetch(`${server.url}/graphiql`);
    expect([answer.status, answer.headers.get("content-security-policy")?.includes("default-src 'none'")]).toEqual([
      200,
      true,
    ]);
    expect(page).not.toMatch(/(local|session)Storage\.setItem\([^)]*token/);
  });
});
