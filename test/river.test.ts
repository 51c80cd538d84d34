import { randomUUID } from "node:crypto";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { detections, importRules, incident, incidents, ingest, resolve } from "./client/operations.ts";
import { ndjson, type TestServer, testServer } from "./support/server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await testServer({});
});
afterAll(() => server.close());

const stored = async (): Promise<number> => {
  const [row] = await server.database.asOwner<{ n: number }>("SELECT count(*)::int AS n FROM realtime_monitoring");
  return row?.n ?? 0;
};
/** A relay id of the same type that belongs to nobody. */
const randomIdLike = (id: string): string =>
  Buffer.from(
    Buffer.from(id, "base64")
      .toString()
      .replace(/[^:]+$/, randomUUID()),
  ).toString("base64");

describe("POST /ingest on the real application", () => {
  it("rejects a bad event among good ones with its index and reason, and stores exactly the good ones", async () => {
    const before = await stored();
    const mixed = [{ action: "a" }, { action: "b", source: { ip: "nowhere" } }, { no: "action" }, { action: "c" }];
    const answer = await server.ingest(ndjson(mixed));
    expect(answer).toMatchObject({ status: 200, accepted: 2, duplicates: 0 });
    expect(answer.rejected.map(({ index }) => index)).toEqual([1, 2]);
    for (const { message } of answer.rejected) expect(message).not.toBe("");
    expect(await stored()).toBe(before + 2);
  });

  it("stores nothing of a batch that is all bad, too large, or from somebody who may not send", async () => {
    const before = await stored();
    expect((await server.ingest(ndjson([{ no: "action" }, 7]))).status).toBe(400);
    expect(await server.ingest("x".repeat(10_485_761))).toMatchObject({ status: 413, error: { code: "TOO_LARGE" } });
    const bomb = new Uint8Array(gzipSync(Buffer.alloc(53_000_000, 32)));
    expect((await server.ingest(bomb, { "content-encoding": "gzip" })).status).toBe(413);
    const event = ndjson([{ action: "a" }]);
    expect(await server.ingest(event, {}, "")).toMatchObject({ status: 401, error: { code: "UNAUTHENTICATED" } });
    const viewer = await server.token("VIEWER");
    expect(await server.ingest(event, {}, viewer)).toMatchObject({ status: 403, error: { code: "FORBIDDEN" } });
    expect(await stored()).toBe(before);
  });
});

describe("ten failed log-ins", () => {
  it("make one incident, nine make none, and more of the same go into the same one", async () => {
    await server.failLogins("ann", { times: 9 });
    expect((await server.query(incidents, {})).data.incidents.totalCount).toBe(0);
    await server.failLogins("ann", { times: 1 });
    const [opened] = (await server.query(incidents, {})).data.incidents.nodes;
    expect(opened).toMatchObject({ number: 1, status: "OPEN", severity: "HIGH", detectionCount: 1 });
    expect(opened?.rule?.name).toBe("Brute force on one account");
    expect(opened?.subjects.map(({ key }) => key)).toContain("ann");
    await server.failLogins("ann", { times: 5 });
    expect((await server.query(incidents, {})).data.incidents.totalCount).toBe(1);
    const { data } = await server.query(incident, { number: 1 });
    expect(data.incident?.detections.nodes).toMatchObject([{ eventCount: 15 }]);
  });

  it("for two accounts make two detections, whose pages neither repeat nor skip one", async () => {
    await server.failLogins("bob", { times: 10 });
    const first = (await server.query(detections, { first: 1 })).data.detections;
    expect(first.pageInfo.hasNextPage).toBe(true);
    const second = (await server.query(detections, { first: 1, after: first.pageInfo.endCursor })).data.detections;
    expect(second.pageInfo.hasNextPage).toBe(false);
    const users = [...first.nodes, ...second.nodes].flatMap(({ subjects }) => subjects.map(({ key }) => key));
    expect(users.sort()).toEqual(["ann", "bob"]);
  });
});

describe("resolving", () => {
  it("works once when several do it at the same moment; the others are told of the conflict", async () => {
    const { data } = await server.query(incident, { number: 1 });
    const { id, revision } = data.incident as NonNullable<typeof data.incident>;
    const input = { resolution: "TRUE_POSITIVE", reason: "blocked", expectedRevision: revision } as const;
    const answers = await Promise.all(Array.from({ length: 5 }, () => server.query(resolve, { id, input })));
    const payloads = answers.map((answer) => answer.data.incidentResolve);
    const resolved = { status: "RESOLVED", resolution: "TRUE_POSITIVE", revision: revision + 1 };
    expect(payloads.filter(({ cursor }) => cursor).map((payload) => payload.incident)).toEqual([resolved]);
    const refused = payloads.filter(({ cursor }) => !cursor);
    expect(refused.map((payload) => payload.incident)).toEqual(Array(4).fill(resolved)); // as it is now
    expect(refused.map(({ userErrors }) => userErrors[0]?.code)).toEqual(Array(4).fill("CONFLICT"));
    // Also without a revision: it is over already.
    const late = await server.query(resolve, { id, input: { resolution: "FALSE_POSITIVE", reason: "no" } });
    expect(late.data.incidentResolve).toMatchObject({ incident: resolved, userErrors: [{ code: "CONFLICT" }] });
  });
});

describe("another organization", () => {
  it("sees nothing, and is told the same about a foreign id as about one that nobody has", async () => {
    expect((await server.query(incidents, {}, server.outsider)).data.incidents.totalCount).toBe(0);
    expect((await server.query(detections, { first: 50 }, server.outsider)).data.detections.nodes).toEqual([]);
    const { data } = await server.query(incident, { number: 2 });
    const id = data.incident?.id as string;
    const input = { resolution: "TRUE_POSITIVE", reason: "mine" } as const;
    const foreign = await server.query(resolve, { id, input }, server.outsider);
    const random = await server.query(resolve, { id: randomIdLike(id), input }, server.outsider);
    expect(foreign).toEqual(random);
    expect(foreign.data.incidentResolve.userErrors).toMatchObject([{ code: "NOT_FOUND" }]);
    expect(await server.query(incident, { number: 2 }, server.outsider)).toEqual(
      await server.query(incident, { number: 999 }, server.outsider),
    );
    expect((await server.query(incident, { number: 2 })).data.incident?.revision).toBe(data.incident?.revision);
  });

  it("has rules and client ids of its own", async () => {
    const batch = ndjson([{ id: "same", action: "a" }]);
    expect(await server.ingest(batch)).toMatchObject({ accepted: 1, duplicates: 0 });
    expect(await server.ingest(batch, {}, server.otherKey)).toMatchObject({ accepted: 1, duplicates: 0 });
    expect(await server.ingest(batch)).toMatchObject({ accepted: 0, duplicates: 1 });
  });
});

describe("rules", () => {
  const rule = (title: string, action: string): string =>
    `title: ${title}\nlogsource:\n  product: clinic\ndetection:\n  s:\n    event.action: ${action}\n  condition: s\n`;
  const names = async (as?: string): Promise<string[]> =>
    (await server.query(detections, { first: 50 }, as)).data.detections.nodes.map(({ rule }) => rule.name);

  it("that are good are taken, a bad one is refused by its line, and both organizations' stay apart", async () => {
    const bad = rule("Broken", "x").replace("event.action", "event.action|nonsense");
    const yaml = `${rule("Export", "export")}---\n${bad}`;
    const dry = await server.query(importRules, { input: { yaml, mode: "ACTIVE", dryRun: true } });
    expect(dry.data.alertRulesImport.rejected).toMatchObject([{ document: 1 }]);
    const send = (as?: string) =>
      server.query(
        ingest,
        { input: { events: [{ action: "export", logsource: { product: "clinic" }, actor: { name: "eve" } }] } },
        as,
      );
    await send();
    expect(await names(), "a dry run changes nothing").not.toContain("Export");
    const { data } = await server.query(importRules, { input: { yaml, mode: "ACTIVE" } });
    expect(data.alertRulesImport).toMatchObject({ imported: 1, alertRules: [{ name: "Export" }], userErrors: [] });
    const [fault] = data.alertRulesImport.rejected;
    expect(yaml.split("\n")[(fault?.line ?? 0) - 1]).toContain("nonsense");
    await send();
    await send(server.outsider);
    expect(await names()).toContain("Export");
    expect(await names(server.outsider)).toEqual([]);
  });
});
