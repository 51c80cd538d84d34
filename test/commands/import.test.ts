import { once } from "node:events";
import { appendFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { httpSink, importFile, type Sink } from "../../src/commands/import.ts";
import type { EventDraft } from "../../src/ingest/event.ts";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "vigil-import-"));
});
afterAll(() => rm(directory, { recursive: true }));

const request = (client: string): string =>
  `${client} - - [28/Nov/2026:09:30:00 +0000] "GET / HTTP/1.1" 200 5 "-" "x"\n`;
const failure = (client: string): string =>
  `2026-11-28T09:30:00Z host sshd[7]: Failed password for root from ${client} port 22 ssh2\n`;

async function file(name: string, content: string | Buffer): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, content);
  return path;
}

/** Stores like a server: each id once. */
function store() {
  const stored = new Map<string, EventDraft>();
  const sink: Sink = async (drafts) => {
    const before = stored.size;
    for (const draft of drafts) stored.set(draft.clientId ?? "", stored.get(draft.clientId ?? "") ?? draft);
    const accepted = stored.size - before;
    return { accepted, duplicates: drafts.length - accepted, rejected: [] };
  };
  return { sink, clients: () => [...stored.values()].map(({ source }) => source?.ip) };
}

describe("importing a file", () => {
  it.each([
    ["the greeting of a container", "/docker-entrypoint.sh: /docker-entrypoint.d/ is not empty\n"],
    ["a blank line", "\n"],
  ])("does not take it for another that begins with the same line: %s", async (_name, beginning) => {
    const { sink, clients } = store();
    for (const client of ["203.0.113.7", "203.0.113.8"])
      await importFile(await file(client, beginning + request(client)), "combined", sink, { now: Date.now() });
    expect(clients()).toEqual(["203.0.113.7", "203.0.113.8"]);
  });

  it("knows a log again that has grown, was rotated and packed", async () => {
    const { sink, clients } = store();
    const lines = failure("203.0.113.7") + failure("203.0.113.8");
    const contents = [failure("203.0.113.7"), lines, gzipSync(lines)];
    for (const [n, content] of contents.entries())
      await importFile(await file(`auth.log.${n}`, content), "sshd", sink, { now: Date.now() });
    expect(clients()).toEqual(["203.0.113.7", "203.0.113.8"]);
  });

  it("reads a last line that is being written when it is imported again, and not half an address before", async () => {
    const { sink, clients } = store();
    const path = await file("live.log", failure("203.0.113.7") + failure("203.0.113.4").split(" port", 1)[0]);
    const writing = setInterval(() => appendFileSync(path, "5"), 20);
    const read = await importFile(path, "sshd", sink, { now: Date.now() }).finally(() => clearInterval(writing));
    expect(read).toMatchObject({ accepted: 1, rejected: [{ line: 2, code: "UNFINISHED_LINE" }] });
    await writeFile(path, failure("203.0.113.7") + failure("203.0.113.45").trimEnd());
    expect(await importFile(path, "sshd", sink, { now: Date.now() })).toMatchObject({ accepted: 1, rejectedCount: 0 });
    expect(clients()).toEqual(["203.0.113.7", "203.0.113.45"]);
  });

  it("does not take half a line for a whole one that was written to its end while what came before was sent", async () => {
    const { sink, clients } = store();
    const lines = failure("203.0.113.7") + failure("203.0.113.4").split(" port", 1)[0];
    const path = await file("meanwhile.log", lines);
    let isWritten = false;
    const onProgress = (): void => {
      if (!isWritten) appendFileSync(path, "5 port 22 ssh2\n");
      isWritten = true;
    };
    await importFile(path, "sshd", sink, { now: Date.now(), onProgress });
    await importFile(path, "sshd", sink, { now: Date.now() });
    expect(clients()).toEqual(["203.0.113.7", "203.0.113.45"]);
  });

  it("fails where a batch is refused, however many others are stored meanwhile", async () => {
    const path = await file("long.log", request("203.0.113.7").repeat(40_000));
    const { sink } = store();
    let batches = 0;
    const refusesOne: Sink = (drafts) => (batches++ === 0 ? Promise.reject(new Error("no")) : sink(drafts));
    await expect(importFile(path, "combined", refusesOne, { now: Date.now() })).rejects.toThrow("no");
  });

  it("keeps what stands before the place where a packed file is broken, and says that it is", async () => {
    const { sink, clients } = store();
    const whole = gzipSync(Array.from({ length: 2_000 }, (_, n) => request(`203.0.113.${n % 250}`)).join(""));
    const path = await file("cut.log.gz", whole.subarray(0, whole.length - 20));
    await expect(importFile(path, "combined", sink, { now: Date.now() })).rejects.toThrow("unexpected end");
    expect(clients().length).toBeGreaterThan(100);
  });
});

/** A server of /ingest alone, that answers as it is told. */
async function serving(answer: (body: string, response: ServerResponse) => void) {
  const server = createServer(async (request, response) =>
    answer(gunzipSync(await buffer(request)).toString(), response),
  );
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

describe("importing into a server", () => {
  it("waits for as long as the server asks, tells it once, and goes on where it was; not without end", async () => {
    const said: string[] = [];
    const slept: number[] = [];
    const answers: [status: number, retryAfter?: string][] = [[503, "7"], [429, "2"], [503], [200]];
    const server = await serving((body, response) => {
      const [status, retryAfter] = answers.shift() ?? [503, "60"];
      response.writeHead(status, retryAfter === undefined ? {} : { "retry-after": retryAfter });
      const stored = { accepted: body.split("\n").length, duplicates: 0, rejected: [] };
      response.end(JSON.stringify(status === 200 ? stored : { error: { message: "not just now" } }));
    });
    const path = await file("busy.log", request("203.0.113.7") + request("203.0.113.8"));
    const sink = httpSink(
      server.url,
      "token",
      (line) => said.push(line),
      async (ms) => slept.push(ms),
    );
    try {
      expect(await importFile(path, "combined", sink, { now: Date.now() })).toMatchObject({ accepted: 2 });
      expect(slept).toEqual([7_000, 2_000, 1_000]);
      expect(said).toEqual([expect.stringMatching(/waits.*not just now/)]);
      await expect(importFile(path, "combined", sink, { now: Date.now() })).rejects.toThrow(
        /no events for minutes.*nothing is added twice.*not just now/,
      );
      expect(slept.slice(3)).toEqual([60_000, 60_000, 60_000, 60_000, 60_000]);
      expect(said).toHaveLength(2);
    } finally {
      await server.close();
    }
  });

  it("sends large events in parts that it takes, and names the line of each that it refuses", async () => {
    const sizes: number[] = [];
    const server = await serving((body, response) => {
      sizes.push(Buffer.byteLength(body));
      const lines = body.split("\n");
      const index = lines.findIndex((line) => line.includes("no-good"));
      const rejected = index < 0 ? [] : [{ index, code: "INVALID_FIELD", message: "no good" }];
      response.end(JSON.stringify({ accepted: lines.length - rejected.length, duplicates: 0, rejected }));
    });
    const text = "é".repeat(30_000);
    const lines = Array.from({ length: 300 }, (_, n) =>
      JSON.stringify({ action: n === 290 ? "no-good" : "note", text }),
    );
    const path = await file("large.ndjson", lines.join("\n"));
    const sink = httpSink(server.url, "token");
    const result = await importFile(path, "vigil", sink, { now: Date.now() });
    expect(result).toMatchObject({ accepted: 299, rejected: [{ line: 291 }] });
    expect(Math.max(...sizes)).toBeLessThan(10_485_760);
    await server.close();
    await expect(importFile(path, "vigil", sink, { now: Date.now() })).rejects.toThrow(
      /broke off.*nothing is added twice/,
    );
  });
});
