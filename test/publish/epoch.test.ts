/** A base backup's count of transactions goes on from where it was: only the epoch tells cursors of the lost time. */
import { v7 as uuidv7 } from "uuid";
import { afterAll, beforeAll, expect, it } from "vitest";
import { announceRestore } from "../../src/commands/restored.ts";
import { recordChanges } from "../../src/publish/change.ts";
import { decodeCursor, encodeCursor, hasComeTo } from "../../src/publish/cursor.ts";
import { incidentEvents } from "../client/operations.ts";
import { type TestServer, testServer } from "../support/server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await testServer({});
});
afterAll(() => server.close());

const never = new AbortController().signal;
const cursorNow = () => server.app.feed.cursor(server.ours);

/** In tests others use the cluster, too: while a transaction that began before is open, cursors stand before the restore. */
async function announce(): Promise<void> {
  await announceRestore(server.app, server.ours, () => {});
  const forgotten = "SELECT feed_forgotten_xid::text AS xid FROM organizations WHERE id = $1";
  const [row] = await server.database.asOwner<{ xid: string }>(forgotten, [server.ours]);
  const standsAt = async () => BigInt(decodeCursor(await cursorNow()).xid);
  await expect.poll(standsAt, { timeout: 30_000 }).toBeGreaterThanOrEqual(BigInt(row?.xid ?? 0));
}

const change = (kind: string) =>
  server.app.change(server.ours, (tx) => recordChanges(tx, [{ topic: "incident", kind, entityId: uuidv7() }]));

/** What a follower is told first, by the feed itself and over a socket that would share the stream that is open. */
async function toldFirst(after: string): Promise<(string | undefined)[]> {
  const feed = server.app.feed.follow(server.ours, "incident", after, never);
  const frames = server.subscribe(incidentEvents, { after });
  const told = [
    feed.next().then(({ value }) => value?.kind),
    frames.next().then(({ incidentEvents: { kind } }) => kind as string),
  ];
  await server.failLogins(`newcomer ${uuidv7()}`, { times: 10 });
  try {
    return await Promise.all(told);
  } finally {
    await feed.return();
    await frames.close();
  }
}

/** A cursor that the lost server gave out so many transactions later. */
function later(cursor: string, transactions: bigint): string {
  const position = decodeCursor(cursor);
  return encodeCursor({ ...position, xid: String(BigInt(position.xid) + transactions), seen: undefined });
}

const countOn = () =>
  server.database.asOwner("DO $$ BEGIN FOR n IN 1..100 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$");

it("cursors of the lost time end also when the count has come to them, and also where one backup is restored twice", async () => {
  const lost = [later(await cursorNow(), 50n)];
  await announce();
  await server.database.asOwner("UPDATE organizations SET feed_epoch = feed_epoch - 10"); // it was ten seconds ago
  lost.push(later(await cursorNow(), 50n));
  await server.database.asOwner("UPDATE organizations SET feed_epoch = 0"); // the same backup once more
  await announce();
  await countOn();

  const open = server.subscribe(incidentEvents, { after: await cursorNow() });
  const first = open.next();
  await server.failLogins("ann", { times: 10 });
  expect((await first).incidentEvents.kind).toBe("OPENED");
  lost.push(later(lost[0] as string, 1_000_000n)); // the count has yet to come to this one
  lost.push(later(await cursorNow(), 1_000_000n)); // nor to this one, of a time whose loss nobody has announced
  for (const cursor of lost) expect(await toldFirst(cursor)).toEqual(["CURSOR_EXPIRED", "CURSOR_EXPIRED"]);
  expect(await toldFirst(await cursorNow())).toEqual(["OPENED", "OPENED"]);
  await open.close();
});

it("cursors that were given out since go on, be they a change's, a mutation's or the end of the feed", async () => {
  const end = await cursorNow();
  const told = await change("FIRST");
  await change("SECOND");
  await change("THIRD");
  const kindsAfter = async (cursor: string, count: number): Promise<string[]> => {
    const seen: string[] = [];
    for await (const { kind, cursor: next } of server.app.feed.follow(server.ours, "incident", cursor, never)) {
      expect(decodeCursor(next).epoch).toBe(decodeCursor(end).epoch);
      if (seen.push(kind) === count) break;
    }
    return seen;
  };
  expect(decodeCursor(end).epoch).toMatch(/^\d{10}$/);
  expect(await kindsAfter(end, 3)).toEqual(["FIRST", "SECOND", "THIRD"]);
  expect(await kindsAfter(told, 2)).toEqual(["SECOND", "THIRD"]);
});

it("a cursor without an epoch reads as before, and is in no place that one with an epoch could have come to", () => {
  const [without, within] = [
    { xid: "71", id: "5" },
    { epoch: "1764460800", xid: "71", id: "5", seen: "60:80:61" },
  ];
  expect(Buffer.from(encodeCursor(without), "base64url").toString()).toBe("1:71:5");
  expect([without, within].map((position) => decodeCursor(encodeCursor(position)))).toEqual([without, within]);
  expect([hasComeTo(within, without), hasComeTo(without, { ...within, seen: undefined })]).toEqual([false, false]);
  for (const text of ["2:71:5", "2:0:71:5", "1:9:71:5", "3:9:71:5"])
    expect(() => decodeCursor(Buffer.from(text).toString("base64url"))).toThrow("not a cursor");
});
