/** What anybody can type into a form or a header: if it cannot be stored, nothing of its batch is, however often it is sent. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { seededRandom } from "../generate/random.ts";
import { ndjson, type TestServer, testServer } from "../support/server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await testServer({});
});
afterAll(() => server.close());

const random = seededRandom(1);
/** Text that PostgreSQL cannot pack any smaller. */
const unpackable = (length: number): string =>
  Array.from({ length }, () => String.fromCharCode(0x4e00 + Math.floor(random() * 20_000))).join("");
const failure = (more: object) => ({ action: "login", category: "authentication", outcome: "failure", ...more });
const stored = async (where: string, value: string) =>
  (await server.app.db.query(server.ours, `SELECT * FROM realtime_monitoring WHERE ${where}`, [value])).rows;

describe("a batch is stored", () => {
  it.each(["name", "email", "id"])(
    "however long the user's %s is, in whatever script, and the whole is kept",
    async (field) => {
      const name = unpackable(2_048);
      expect(await server.ingest(ndjson([failure({ actor: { [field]: name } })]))).toMatchObject({
        status: 200,
        accepted: 1,
      });
      const [row] = await stored(`starts_with(actor_${field}, $1)`, name.slice(0, 600));
      expect(name.startsWith(row?.[`actor_${field}`])).toBe(true);
      expect(Buffer.byteLength(row?.[`actor_${field}`])).toBeGreaterThan(2_000);
      expect(row?.attributes).toEqual({ "vigil.truncated": { [`actor.${field}`]: name } });
    },
  );

  it("also where its user agent's name ends within a character", async () => {
    const userAgent = `curl${"a".repeat(55)}😀😀`;
    expect(await server.ingest(ndjson([failure({ userAgent })]))).toMatchObject({ status: 200, accepted: 1 });
    expect((await stored("user_agent = $1", userAgent)).length).toBe(1);
  });

  it("also where the long name of a user, by which a rule counts, is cut within a character", async () => {
    const name = `a${"😀".repeat(200)}`;
    const guesses = Array.from({ length: 10 }, () => failure({ actor: { name } }));
    expect(await server.ingest(ndjson(guesses))).toMatchObject({ status: 200, accepted: 10 });
    const { rows } = await server.app.db.query<{ subjects: { key: string }[] }>(
      server.ours,
      "SELECT subjects FROM security_incidents",
    );
    expect(rows.some(({ subjects }) => subjects.some(({ key }) => key.startsWith("a😀")))).toBe(true);
  });
});
