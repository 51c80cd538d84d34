import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { EventDraft } from "../../src/ingest/event.ts";
import { storeApart } from "../../src/ingest/store-apart.ts";
import { ndjson, type TestServer, testServer } from "../support/server.ts";

const draftsOf = (count: number): EventDraft[] =>
  Array.from({ length: count }, (_, n) => ({ clientId: String(n), action: "login", attributes: {} }) as EventDraft);
const dataFault = () => Object.assign(new Error("unsupported Unicode escape sequence"), { code: "22P05" });

/** Stores all but a transaction with one of these in it. */
function storing(bad: readonly number[], fault: () => Error = dataFault) {
  const stored: number[] = [];
  const whys: unknown[] = [];
  let tries = 0;
  const store = async (drafts: readonly EventDraft[]) => {
    tries++;
    const places = drafts.map(({ clientId }) => Number(clientId));
    if (places.some((place) => bad.includes(place))) throw fault();
    stored.push(...places);
    return { accepted: drafts.length, duplicates: 0 };
  };
  return {
    stored,
    whys,
    tries: () => tries,
    of: (count: number) => storeApart(draftsOf(count), store, fault(), (why) => whys.push(why)),
  };
}

describe("events of which one cannot be stored", () => {
  it.each([
    ["the first", [0]],
    ["the last", [99]],
    ["several", [3, 4, 57]],
  ])("cost those alone: %s", async (_which, bad) => {
    const { of, stored, whys } = storing(bad);
    expect(await of(100)).toEqual({ accepted: 100 - bad.length, duplicates: 0, refused: bad });
    expect(stored).toEqual(Array.from({ length: 100 }, (_, n) => n).filter((n) => !bad.includes(n)));
    expect(whys).toHaveLength(bad.length);
  });

  it("are refused also where there are no others", async () => {
    expect(await storing([0]).of(1)).toEqual({ accepted: 0, duplicates: 0, refused: [0] });
  });

  it("are not refused while the database is away, however it goes", async () => {
    const gone = () => Object.assign(new Error("gone"), { code: "57P01" });
    const { of, tries } = storing([7], gone);
    await expect(of(100)).rejects.toThrow("gone");
    expect(tries()).toBe(0);
  });

  it("are sent again where it is rather Vigil that fails at each of them", async () => {
    const all = Array.from({ length: 20 }, (_, n) => n);
    await expect(storing(all, () => new TypeError("of ours")).of(20)).rejects.toThrow("of ours");
    expect(await storing([7], () => new TypeError("of ours")).of(20)).toMatchObject({ accepted: 19, refused: [7] });
  });

  it("are given up after so many tries, and who sent them told that some may be stored", async () => {
    const bad = Array.from({ length: 2_500 }, (_, n) => 2 * n + 1);
    const { of, tries } = storing(bad);
    await expect(of(5_000)).rejects.toMatchObject({ code: "UNAVAILABLE", message: expect.stringContaining("again") });
    expect(tries()).toBeLessThan(520);
  });
});

describe("an event that the database does not take", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await testServer({});
    // As by a fault of Vigil's that is not known yet.
    await server.database.asOwner(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'unsupported Unicode escape sequence' USING ERRCODE = '22P05'; END $$`);
    await server.database.asOwner(`CREATE TRIGGER refuse BEFORE INSERT ON realtime_monitoring FOR EACH ROW
      WHEN (NEW.action = 'poison') EXECUTE FUNCTION refuse()`);
  });
  afterAll(() => server.close());

  it("is named as rejected; what was sent with it is stored, and an attack in it found", async () => {
    const failed = (n: number) => ({
      action: "login",
      category: "authentication",
      outcome: "failure",
      actor: { name: "ann" },
      source: { ip: `198.51.100.${n}` },
    });
    const events = [
      { id: "no action" },
      ...Array.from({ length: 12 }, (_, n) => failed(n)),
      { action: "poison" },
      { action: "page.view" },
    ];
    expect(await server.ingest(ndjson(events))).toMatchObject({
      status: 200,
      accepted: 13,
      duplicates: 0,
      rejected: [
        { index: 0, code: "MISSING_ACTION" },
        { index: 13, code: "NOT_STORABLE" },
      ],
    });
    const { data } = await server.query<{ incidents: { totalCount: number } }, object>(
      "{ incidents { totalCount } }" as never,
      {},
    );
    expect(data.incidents.totalCount).toBe(1);
  });
});
