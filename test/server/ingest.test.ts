import { request as httpRequest } from "node:http";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Serving, serving } from "./serving.ts";

let server: Serving;
beforeAll(async () => {
  server = await serving();
});
afterAll(() => server.close());

function send(body: string | Buffer, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${server.url}/ingest`, {
    method: "POST",
    headers: { authorization: "Bearer ingest", "content-type": "application/x-ndjson", ...headers },
    body: body as string,
  });
}

describe("POST /ingest", () => {
  it("takes NDJSON, counting a line that is no JSON among the rejected", async () => {
    const response = await send('{"action":"login"}\nnonsense\n{"no":1}\n{"action":"logout"}\n');
    expect(response.status).toBe(200);
    const { accepted, duplicates, rejected } = await response.json();
    expect({ accepted, duplicates }).toEqual({ accepted: 2, duplicates: 0 });
    expect(rejected.map((it: { index: number; code: string }) => [it.index, it.code])).toEqual([
      [1, "INVALID_JSON"],
      [2, "MISSING_ACTION"],
    ]);
  });

  it("takes a JSON array, packed or not", async () => {
    const json = { "content-type": "application/json" };
    const events = JSON.stringify([{ action: "a" }, { action: "b" }]);
    expect((await (await send(events, json)).json()).accepted).toBe(2);
    expect((await (await send(gzipSync(events), { ...json, "content-encoding": "gzip" })).json()).accepted).toBe(2);
  });

  it("answers 400 when nothing was accepted", async () => {
    expect((await send('{"no":1}')).status).toBe(400);
    expect((await send("")).status).toBe(400);
    const response = await send("[{", { "content-type": "application/json" });
    expect(response.status).toBe(400);
    expect((await response.json()).rejected[0].code).toBe("INVALID_JSON");
  });

  it("refuses whoever may not send events", async () => {
    expect((await send("{}", { authorization: "Bearer viewer" })).status).toBe(403);
    expect((await send("{}", { authorization: "Bearer wrong" })).status).toBe(401);
    expect((await fetch(`${server.url}/ingest`, { method: "POST" })).status).toBe(401);
  });

  it("refuses what it cannot read", async () => {
    expect((await send("a", { "content-type": "image/png" })).status).toBe(415);
    expect((await send("a", { "content-encoding": "zstd" })).status).toBe(415);
    expect((await send("no gzip", { "content-encoding": "gzip" })).status).toBe(400);
  });

  it("refuses a bomb and a body over 10 MiB, also when its length was not told", async () => {
    const bomb = gzipSync(Buffer.alloc(60_000_000, 32));
    expect((await send(bomb, { "content-encoding": "gzip" })).status).toBe(413);
    const status = await new Promise((resolve, reject) => {
      const headers = { authorization: "Bearer ingest" };
      const request = httpRequest(`${server.url}/ingest`, { method: "POST", headers }, (answer) => {
        resolve(answer.statusCode);
        request.destroy();
      });
      request.on("error", reject);
      for (let i = 0; i < 11; i++) request.write(Buffer.alloc(1_048_576, 32));
    });
    expect(status).toBe(413);
  });
});
