/** One trace from a caller's request over detection and incident to the alert, taken by a real OTLP receiver. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { createLog } from "../src/log.ts";
import { openStore } from "../src/queue/store.ts";
import { startTracing, type Tracing } from "../src/tracing-sdk.ts";
import { attack, attackRules } from "./respond/incidents.ts";
import { type TestServer, testServer } from "./support/server.ts";

interface Span {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  links?: { traceId: string }[];
  attributes: { key: string; value: Record<string, unknown> }[];
}
interface Sent {
  resourceSpans: { resource: { attributes: Span["attributes"] }; scopeSpans: { spans: Span[] }[] }[];
}

const bodies: string[] = [];
const messages: string[] = [];
let receiver: Server;
let server: TestServer;
let tracing: Tracing;

beforeAll(async () => {
  receiver = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    (request.url === "/v1/traces" ? bodies : messages).push(body);
    response.writeHead(200, { "content-type": "application/json" }).end("{}");
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => receiver.once("listening", resolve));
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
  process.env.OTEL_EXPORTER_OTLP_ENDPOINT = url;
  process.env.OTEL_RESOURCE_ATTRIBUTES = "deployment.environment.name=test";
  tracing = await startTracing(url, createLog("silent"));
  server = await testServer({ env: { VIGIL_ALLOW_PRIVATE_WEBHOOKS: "true" } });
  const query = `mutation ($input: AlertChannelCreateInput!) { alertChannelCreate(input: $input) { userErrors { message } } }`;
  const input = { name: "hook", kind: "WEBHOOK", webhook: { url: `${url}/hook` }, test: false };
  await server.query(query as never, { input } as never, await server.token("ADMIN"));
  await attackRules(server);
});
afterAll(async () => {
  await server.close();
  await tracing.close();
  receiver.close();
  receiver.closeAllConnections();
});

const sent = (): Sent[] => bodies.map((body) => JSON.parse(body) as Sent);
const spans = (): Span[] =>
  sent().flatMap((one) => one.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)));
const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const caller = "00f067aa0ba902b7";

it("goes on in the caller's trace to the alert, links what was stored together, and tells of nobody", async () => {
  await attack(server, [{ ip: "203.0.113.77", level: "critical" }], { traceparent: `00-${traceId}-${caller}-01` });
  await expect.poll(() => messages.length, { timeout: 15_000 }).toBe(1);
  const named = `query CanaryName($id: ID!) { node(id: $id) { id } __typename canary: __typename }`;
  await server.query(named as never, { id: "canary-variable" } as never, await server.token("ADMIN"));
  // A batch that waits behind another goes with those that came meanwhile.
  await Promise.all(
    Array.from({ length: 20 }, () => server.ingest('{"action":"login","actor":{"name":"canary-user"}}')),
  );

  const queue = openStore({ redisUrl: inject("redisUrl") }, createLog("silent"));
  const jobs = queue.queue(`traced-${Date.now()}`);
  const done = new Promise<void>((resolve) => {
    const worker = queue.worker(jobs.name, async () => resolve());
    worker.on("error", () => undefined);
  });
  await jobs.add("ring", {});
  await done;
  await queue.close();

  await tracing.close(); // which sends what is kept
  const ours = spans().filter((span) => span.traceId === traceId);
  const by = (name: string): Span => ours.find((span) => span.name === name) as Span;
  expect(ours.map(({ name }) => name)).toEqual(
    expect.arrayContaining(["POST /ingest", "batch", "detect", "alert WEBHOOK"]),
  );
  expect(by("POST /ingest").parentSpanId).toBe(caller);
  expect(by("batch").parentSpanId).toBe(by("POST /ingest").spanId);
  expect(by("detect").parentSpanId).toBe(by("batch").spanId);
  expect(by("alert WEBHOOK").parentSpanId).toBe(by("batch").spanId);
  const attributes = (span: Span): object =>
    Object.fromEntries(span.attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
  expect(attributes(by("alert WEBHOOK"))).toMatchObject({
    "vigil.alert.outcome": "SENT",
    "vigil.alert.priority": "CRITICAL",
  });
  expect(attributes(by("POST /ingest"))).toMatchObject({ "http.response.status_code": 200 });

  const all = spans();
  expect(all.some(({ name, links }) => name === "batch" && (links?.length ?? 0) > 0)).toBe(true);
  const operation = all.find((span) => span.name === "graphql query" && JSON.stringify(span).includes("CanaryName"));
  expect(attributes(operation as Span)).toEqual({
    "graphql.operation.type": "query",
    "graphql.operation.name": "CanaryName",
  });
  expect(all.some(({ name }) => /ring|traced-/.test(name))).toBe(true); // BullMQ's own
  const resource = sent()[0]?.resourceSpans[0]?.resource.attributes.map(({ key, value }) => [
    key,
    Object.values(value)[0],
  ]);
  expect(Object.fromEntries(resource ?? [])).toMatchObject({
    "service.name": "vigil",
    "deployment.environment.name": "test",
  });
  for (const secret of ["canary-user", "canary-variable", "__typename", "203.0.113.77"])
    expect(bodies.join()).not.toContain(secret);
}, 60_000);

it("leaves an alert without a trace, and asks for none, where nobody keeps any", async () => {
  await attack(server, [{ ip: "203.0.113.78", level: "critical" }]);
  await expect.poll(() => messages.length, { timeout: 15_000 }).toBe(2);
  const traces = await server.database.asOwner<{ trace: string | null }>(
    "SELECT trace FROM security_alerts ORDER BY created_at",
  );
  expect(traces.map(({ trace }) => trace?.slice(3, 35) ?? null)).toEqual([traceId, null]);
});
