/** D10: more than the database takes. A small bound, a clock of our own, and a database that is held and let go. */
import { expect, it } from "vitest";
import type { EventDraft } from "../../src/ingest/event.ts";
import { createLanes, type Stored } from "../../src/ingest/lanes.ts";
import { createMeasures } from "../../src/measures.ts";
import { serving } from "../server/serving.ts";

it("D10: tells senders of what is too much to come back, holds what was accepted to its order, and reports the lag", async () => {
  let clock = 0;
  const measures = createMeasures();
  const stored: { organization: string; actions: string[] }[] = [];
  const held: (() => void)[] = [];
  const lanes = createLanes({
    now: () => clock,
    waitingLimit: 20,
    onRefused: measures.refused,
    explain: (error) => error,
    store: (organization, sent) =>
      new Promise<Stored[]>((resolve) => {
        const actions = sent.flatMap(({ drafts }) => drafts.map(({ action }) => action));
        held.push(() => {
          stored.push({ organization, actions });
          resolve(sent.map(({ drafts }) => ({ accepted: drafts.length, duplicates: 0 })));
        });
      }),
  });
  await using server = await serving({
    ingest: async (organization, values) => {
      const drafts = values as EventDraft[];
      return { ...(await lanes.accept(organization, { drafts, sender: undefined })), rejected: [] };
    },
  });
  const send = (name: string, count: number): Promise<Response> =>
    fetch(`${server.url}/ingest`, {
      method: "POST",
      headers: { authorization: "Bearer ingest" },
      body: Array.from({ length: count }, (_, n) => JSON.stringify({ action: `${name}-${n}` })).join("\n"),
    });
  const organization = "01900000-0000-7000-8000-000000000001";
  const waiting = (count: number) => expect.poll(() => lanes.waiting(organization)).toBe(count);

  const accepted = [send("first", 5)];
  await expect.poll(() => held.length).toBe(1); // under way: the database holds it
  for (const [n, name] of ["second", "third", "fourth", "fifth"].entries()) {
    accepted.push(send(name, 5));
    await waiting(5 * (n + 1)); // in this order
  }
  clock += 7_000;
  const refused = await Promise.all([send("sixth", 5), send("seventh", 1)]);
  expect(refused.map(({ status, headers }) => [status, headers.get("retry-after")])).toEqual([
    [429, "7"], // as long as what waits has waited
    [429, "7"],
  ]);
  expect((await refused[0]?.json()) as object).toMatchObject({ error: { code: "RATE_LIMITED" } });
  expect(lanes.waiting(organization)).toBe(20); // bounded, whoever sends
  expect([lanes.lagMs(organization), lanes.worstLagMs(), lanes.busy()]).toEqual([7_000, 7_000, [organization]]);
  expect(lanes.refusedPerSecond(organization)).toBe(6 / 5);
  expect((await measures.text()).body).toContain('vigil_events_total{result="refused"} 6');

  // Another organization has a lane, and a bound, of its own.
  const other = lanes.accept("another", { drafts: [{ action: "theirs" } as EventDraft], sender: undefined });
  held[1]?.();
  expect(await other).toEqual({ accepted: 1, duplicates: 0 });

  held[0]?.();
  await expect.poll(() => held.length).toBe(3);
  held[2]?.(); // all that waited, in one transaction: whoever was accepted waits for two of them, never for more
  expect((await Promise.all(accepted)).map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
  const ours = stored.filter((batch) => batch.organization === organization).map(({ actions }) => actions);
  const five = (name: string) => Array.from({ length: 5 }, (_, n) => `${name}-${n}`);
  expect(ours).toEqual([five("first"), ["second", "third", "fourth", "fifth"].flatMap(five)]);
  expect([lanes.waiting(organization), lanes.lagMs(organization)]).toEqual([0, 0]);
  expect(lanes.busy()).toEqual([organization]); // there is something to say of it: events were refused just now
  clock += 5_000;
  expect([lanes.refusedPerSecond(organization), lanes.busy()]).toEqual([0, []]);
  const again = send("sixth", 5);
  await expect.poll(() => held.length).toBe(4);
  held[3]?.();
  expect((await again).status).toBe(200);
});

it("D10: refuses what would wait for longer than senders do, by how fast the last batches were stored", async () => {
  let clock = 0;
  const held: (() => void)[] = [];
  const lanes = createLanes({
    now: () => clock,
    explain: (error) => error,
    store: (_organization, sent) =>
      new Promise<Stored[]>((resolve) =>
        held.push(() => resolve(sent.map(({ drafts }) => ({ accepted: drafts.length, duplicates: 0 })))),
      ),
  });
  const drafts = Array.from({ length: 1_000 }, () => ({ action: "read" }) as EventDraft);
  const send = (organization: string) => lanes.accept(organization, { drafts, sender: undefined });
  const answers = Array.from({ length: 25 }, () => send("slow").then(({ accepted }) => accepted));
  expect(lanes.waiting("slow")).toBe(24_000); // nobody knows yet how fast it is
  clock += 1_000; // 1,000 events a second
  held[0]?.();
  expect(await answers[0]).toBe(1_000);
  await expect.poll(() => held.length).toBe(2);
  expect(lanes.waiting("slow")).toBe(19_000); // five of those that waited are under way
  const another = [send("slow"), send("slow")];
  await expect(send("slow")).rejects.toMatchObject({ code: "RATE_LIMITED", detail: { retryAfterSeconds: 21 } });
  clock += 1_000; // five times as fast now
  held[1]?.();
  expect(await answers[5]).toBe(1_000);
  await expect.poll(() => held.length).toBe(3);
  another.push(send("slow")); // what waits is stored within 6 seconds
  let left = another.length;
  for (const one of another) one.finally(() => left--);
  for (let batch = 2; left > 0; await new Promise(setImmediate)) if (held[batch]) held[batch++]?.();
  expect((await Promise.all(another)).map(({ accepted }) => accepted)).toEqual([1_000, 1_000, 1_000]);
});

it("D10: tells all senders of a batch when the database is away, and does not wait for it anew with each", async () => {
  let tries = 0;
  let isAway = true;
  let goOn = () => {};
  const first = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const lanes = createLanes({
    now: () => 0,
    explain: (error) => error,
    async store(_organization, sent) {
      if (tries++ === 0) await first;
      else if (isAway) throw new Error("timeout exceeded when trying to connect");
      if (sent.some(({ sender }) => sender === "bad")) throw new Error("cannot be stored");
      return sent.map(({ drafts }) => ({ accepted: drafts.length, duplicates: 0 }));
    },
  });
  const send = (sender: string) =>
    lanes.accept("one", { drafts: [{ action: "read" } as EventDraft], sender }).then(
      ({ accepted }) => accepted,
      ({ message }: Error) => message,
    );
  const answers = ["a", "b", "c", "d", "e"].map(send);
  goOn();
  const timeout = "timeout exceeded when trying to connect";
  expect(await Promise.all(answers)).toEqual([1, timeout, timeout, timeout, timeout]);
  expect(tries).toBe(3); // the first, all the others together, and one of them
  isAway = false;
  expect(await Promise.all(["a", "bad", "b", "c"].map(send))).toEqual([1, "cannot be stored", 1, 1]);
});

it("tells senders to come back where what waits is large, however few events it is, and stores it in pieces", async () => {
  const batches: number[] = [];
  const held: (() => void)[] = [];
  const lanes = createLanes({
    now: () => 0,
    explain: (error) => error,
    store: (_organization, sent) =>
      new Promise<Stored[]>((resolve) => {
        batches.push(sent.length);
        held.push(() => resolve(sent.map(({ drafts }) => ({ accepted: drafts.length, duplicates: 0 }))));
      }),
  });
  const send = (bytes: number) =>
    lanes.accept("ours", { drafts: [{ action: "large" } as EventDraft], sender: undefined, bytes });
  const mib = 1_048_576;
  const accepted = [send(50 * mib), ...Array.from({ length: 8 }, () => send(8 * mib))];
  await expect(send(1)).rejects.toMatchObject({ code: "RATE_LIMITED" });
  for (let n = 0; n < 5; n++) {
    await expect.poll(() => held.length).toBe(n + 1);
    held[n]?.();
  }
  await Promise.all(accepted);
  expect(batches).toEqual([1, 2, 2, 2, 2]);
  const again = send(50 * mib);
  await expect.poll(() => held.length).toBe(6);
  held[5]?.();
  expect(await again).toEqual({ accepted: 1, duplicates: 0 });
});
