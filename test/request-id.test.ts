import { afterAll, beforeAll, expect, it } from "vitest";
import { createLog } from "../src/log.ts";
import { requestIdOf, underId } from "../src/request-id.ts";
import { type TestServer, testServer } from "./support/server.ts";

let server: TestServer;
const lines: Record<string, unknown>[] = [];
beforeAll(async () => {
  const log = createLog("warn", { write: (line: string) => void lines.push(JSON.parse(line)) });
  server = await testServer({ log });
});
afterAll(() => server.close());

it("A request goes by the id that a proxy gave it, else by one of its own, in its answer and in the log", async () => {
  const ask = async (id?: string) => {
    const answer = await fetch(`${server.url}/graphql?query={organization{name}}`, {
      headers: { authorization: `Bearer ${server.admin}`, ...(id ? { "x-request-id": id } : {}) },
    });
    return answer.headers.get("x-request-id") ?? "";
  };
  expect(await ask("proxy-7:1.a_b")).toBe("proxy-7:1.a_b");
  const [one, other] = [await ask(), await ask()];
  expect([one, other]).toEqual([1, 2].map(() => expect.stringMatching(/^[\da-f-]{36}$/)));
  expect(one).not.toBe(other);
  for (const bad of ['"}{', "a b", "x".repeat(129)]) expect(await ask(bad)).toMatch(/^[\da-f-]{36}$/);
  expect(requestIdOf(["a", "b"])).toMatch(/^[\da-f-]{36}$/);
});

it("What fails under a request is logged with its id", async () => {
  await server.database.asOwner("ALTER TABLE detections RENAME TO elsewhere");
  try {
    const answer = await fetch(`${server.url}/graphql`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${server.admin}`,
        "content-type": "application/json",
        "x-request-id": "of-the-failure",
      },
      body: JSON.stringify({ query: "{ detections(first: 1) { nodes { id } } }" }),
    });
    expect(answer.headers.get("x-request-id")).toBe("of-the-failure");
  } finally {
    await server.database.asOwner("ALTER TABLE elsewhere RENAME TO detections");
  }
  expect(lines).toContainEqual(expect.objectContaining({ requestId: "of-the-failure" }));
});

it("What no request asked for has no id in the log", () => {
  const written: string[] = [];
  const log = createLog("info", { write: (line: string) => void written.push(line) });
  underId("within", () => log.info("one"));
  log.info("two");
  expect(written.map((line) => (JSON.parse(line) as { requestId?: string }).requestId)).toEqual(["within", undefined]);
});
