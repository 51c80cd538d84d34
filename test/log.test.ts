import { afterAll, beforeAll, expect, it } from "vitest";
import { createLog, seldom } from "../src/log.ts";
import { type TestDatabase, testDatabase } from "./support/database.ts";

let test: TestDatabase;
let ours: string;
beforeAll(async () => {
  test = await testDatabase();
  ours = test.organizations[0]?.id as string;
});
afterAll(() => test.close());

function logged(err: unknown): string {
  let text = "";
  createLog("info", { write: (line: string) => void (text += line) }).error({ err }, "failed");
  return text;
}
const failure = (work: Promise<unknown>): Promise<Error> =>
  work.then(
    () => expect.unreachable("it should fail"),
    (error: Error) => error,
  );

it("H2 an error of the database is logged without the row it quotes, and with where it happened", async () => {
  const insert = "INSERT INTO event_keys (organization_id, client_id, received_at) VALUES ($1, $2, $3)";
  const row = [ours, "Zebulon Canarious", new Date()];
  await test.db.query(ours, insert, row);
  const repeated = await failure(test.asOwner(insert, row)); // to the server's role PostgreSQL quotes no row
  expect(JSON.stringify(repeated)).toContain("Canarious"); // in its detail
  const typed = await failure(test.db.query(ours, "SELECT $1::text::inet", ["Zebulon Canarious"]));
  expect(typed.message).toContain("Canarious");
  for (const error of [repeated, typed]) {
    const line = logged(error);
    expect(line).not.toContain("Canarious");
    expect(JSON.parse(line).err).toMatchObject({
      code: expect.stringMatching(/^2/),
      stack: expect.stringContaining("    at "),
    });
  }
});

it("H2 an error of Prisma is logged without the arguments of the call", async () => {
  const where = { patientId: { equals: "Zebulon Canarious", wrong: 1 } };
  const error = await failure(test.db.prisma(ours).securityEvent.findMany({ where: where as object }));
  expect(error.message).toContain("Canarious");
  expect(logged(error)).not.toContain("Canarious");
  expect(JSON.parse(logged(error)).err.type).toMatch(/^PrismaClient/);
});

it("says of any other error what it says", () => {
  expect(JSON.parse(logged(new Error("connect ECONNREFUSED"))).err.message).toBe("connect ECONNREFUSED");
});

it("What is away is told once a minute for each thing that is said of it, however often it is tried", () => {
  const lines: string[] = [];
  const log = createLog("info", { write: (line: string) => void lines.push(line) });
  const tell = seldom(log, "Redis is not reachable");
  for (let tries = 0; tries < 500; tries++) {
    tell(new Error("connect ECONNREFUSED 127.0.0.1:6379"));
    tell(Object.assign(new AggregateError([], ""), { code: "ECONNREFUSED" })); // of a name with several addresses
    tell(new Error("Connection is closed."));
  }
  const said = lines.map((line) => (JSON.parse(line) as { err: string }).err);
  expect(said).toEqual(["connect ECONNREFUSED 127.0.0.1:6379", "ECONNREFUSED", "Connection is closed."]);
});
