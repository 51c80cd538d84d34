import { expect, it } from "vitest";
import type { Tx } from "../../src/db.ts";
import type { SecurityEvent } from "../../src/ingest/event.ts";
import { actorsOf, watchers } from "../../src/respond/watch.ts";

const now = Date.parse("2026-12-01T12:00:00Z");

/** A transaction whose answers come when they are given. */
function slowTx() {
  const asked: { names: string[]; answer(rows: object[]): void }[] = [];
  const query = (statement: { values: unknown[] }) =>
    new Promise((resolve) => {
      asked.push({ names: statement.values[1] as string[], answer: (rows) => resolve({ rows }) });
    });
  return { asked, tx: { organizationId: "o", query } as unknown as Tx };
}

const user = (key: string) => ({ kind: "USER", key }) as const;

it("asks for nobody twice, and whoever asks for somebody who was asked for waits for the answer", async () => {
  const { asked, tx } = slowTx();
  const watchedAmong = watchers(tx, now);
  const early = watchedAmong([user("ann"), user("bob")]);
  let told: ReadonlyMap<string, Date> | undefined;
  const late = watchedAmong([user("ann")]).then((watched) => {
    told = watched;
  });
  const both = watchedAmong([user("bob"), user("cay")]);
  await Promise.resolve();
  expect(asked.map(({ names }) => names)).toEqual([["ann", "bob"], ["cay"]]);
  expect(told).toBeUndefined();
  const since = new Date(now - 60_000);
  asked[0]?.answer([{ scope: "USER", value: "ann", aliases: ["ann@clinic.example"], since }]);
  await late;
  expect([...(told ?? [])]).toEqual([
    ["USER:ann", since],
    ["USER:ann@clinic.example", since],
  ]);
  asked[1]?.answer([{ scope: "USER", value: "cay", aliases: [], since }]);
  expect((await both).has("USER:cay")).toBe(true);
  expect(await early).toBe(await both);
});

it("knows who acted in events by the best name there is, and from where, each once", () => {
  const event = (actor: SecurityEvent["actor"], ip?: string) =>
    ({ actor, ...(ip ? { source: { ip } } : {}) }) as SecurityEvent;
  const events = [
    event({ name: "ann", email: "ann@clinic.example", id: "1" }, "192.0.2.1"),
    event({ email: "bob@clinic.example", id: "2" }, "192.0.2.1"),
    event({ id: "3" }, "2001:db8::1"),
    event(undefined),
  ];
  expect(actorsOf(events)).toEqual([
    { kind: "USER", key: "ann" },
    { kind: "USER", key: "bob@clinic.example" },
    { kind: "USER", key: "3" },
    { kind: "ADDRESS", key: "192.0.2.1" },
    { kind: "ADDRESS", key: "2001:db8::1" },
  ]);
});
