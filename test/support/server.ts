/** The real application on a database of its own, served over HTTP, with a typed client and verbs of the domain. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Client, createClient } from "graphql-ws";
import WebSocket from "ws";
import { createApiKey } from "../../src/access/api-keys.ts";
import type { PeopleRole } from "../../src/access/viewer.ts";
import { type App, openApp } from "../../src/app.ts";
import { parseConfig } from "../../src/config.ts";
import type { Log } from "../../src/log.ts";
import { createServer } from "../../src/server/server.ts";
import type { TypedDocumentString } from "../generated/graphql.ts";
import { quiet, type TestDatabase, testDatabase } from "./database.ts";

export interface Answer<Result> {
  status: number;
  data: Result;
  errors: { message: string; extensions: { code: string } }[] | undefined;
}

interface IngestAnswer {
  status: number;
  accepted: number;
  duplicates: number;
  rejected: { index: number; code: string; message: string }[];
  error?: { code: string; message: string };
}

/** What a subscription has delivered and will deliver, in order. */
export interface Frames<Result> {
  next(): Promise<Result>;
  /** Ends the subscription and its connection. */
  close(): Promise<void>;
}

export type TestServer = Awaited<ReturnType<typeof testServer>>;

/** Several servers may share one database and data directory (`beside`); the first one owns and removes them. */
export async function testServer(options: {
  redisUrl?: string;
  /** More environment variables. */
  env?: Record<string, string>;
  /** The application's clock, in epoch ms. */
  now?: () => number;
  beside?: { database: TestDatabase; dataDir: string };
  log?: Log;
  /** Where the built dashboard is; absent: none is served. */
  dashboardDir?: string;
}) {
  const database = options.beside?.database ?? (await testDatabase({ seeded: true }));
  const dataDir = options.beside?.dataDir ?? (await mkdtemp(join(tmpdir(), "vigil-server-")));
  const config = parseConfig({
    DATABASE_URL: database.serverUrl,
    VIGIL_OWNER_DATABASE_URL: database.ownerUrl,
    VIGIL_DATA_DIR: dataDir,
    ...(options.redisUrl ? { REDIS_URL: options.redisUrl } : {}),
    ...options.env,
  });
  const open = (): Promise<App> =>
    openApp(config, { log: options.log ?? quiet, ...(options.now ? { now: options.now } : {}) });
  let app = await open();
  let server = createServer(app, { dashboardDir: options.dashboardDir });
  const url = await server.listen(0, "127.0.0.1");
  const [ours, theirs] = database.organizations.map(({ id }) => id) as [string, string];
  const clients = new Set<Client>();

  const token = (role: PeopleRole, organizationId = ours): Promise<string> =>
    app.tokens.sign({ organizationId, userId: "cli", name: "tester", role }, 600);
  const apiKey = async (organizationId = ours): Promise<string> => {
    const input = { name: "clinic", role: "INGEST" as const, actor: "tester", now: Date.now() };
    return (await app.db.inOrganization(organizationId, (tx) => createApiKey(tx, input))).secret;
  };
  const admin = await token("ADMIN");
  const outsider = await token("ADMIN", theirs);
  const key = await apiKey();
  const otherKey = await apiKey(theirs);

  function post(body: string, as: string, accept: string, signal?: AbortSignal): Promise<Response> {
    return fetch(`${url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", accept, ...(as ? { authorization: `Bearer ${as}` } : {}) },
      body,
      signal: signal ?? null,
    });
  }

  async function query<Result, Variables>(
    document: TypedDocumentString<Result, Variables>,
    variables: Variables,
    as = admin,
  ): Promise<Answer<Result>> {
    const answer = await post(JSON.stringify({ query: String(document), variables }), as, "application/json");
    const { data, errors } = (await answer.json()) as Omit<Answer<Result>, "status">;
    return { status: answer.status, data, errors };
  }

  async function ingest(body: BodyInit, headers: Record<string, string> = {}, as = key): Promise<IngestAnswer> {
    const answer = await fetch(`${url}/ingest`, {
      method: "POST",
      headers: { ...(as ? { authorization: `Bearer ${as}` } : {}), "content-type": "application/x-ndjson", ...headers },
      body,
    });
    return { status: answer.status, ...((await answer.json()) as Omit<IngestAnswer, "status">) };
  }

  /** Failed log-ins of one account. `from`: one address for all of them; absent: another one each time. */
  const failLogins = (
    user: string,
    { times, from, as = key }: { times: number; from?: string; as?: string },
  ): Promise<IngestAnswer> => ingest(ndjson(failedLogins(user, times, from)), {}, as);

  /** Subscribes over WebSocket; frames queue until they are asked for. An empty token: none is sent. */
  function subscribe<Result, Variables extends object>(
    document: TypedDocumentString<Result, Variables>,
    variables: Variables,
    as = admin,
  ): Frames<Result> {
    const client = createClient({
      url: `${url.replace("http", "ws")}/graphql`,
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      ...(as ? { connectionParams: { authorization: `Bearer ${as}` } } : {}),
    });
    clients.add(client);
    const results = client.iterate<Result>({ query: String(document), variables: { ...(variables as object) } });
    return {
      async next() {
        const { value, done } = await results.next().catch((error: unknown) => {
          if (!Array.isArray(error)) throw error;
          throw new Error((error as { message: string }[]).map(({ message }) => message).join("; "));
        });
        if (done) throw new Error("the subscription ended");
        if (value.errors) throw new Error(value.errors.map(({ message }) => message).join("; "));
        return value.data as Result;
      },
      async close() {
        await client.dispose();
        clients.delete(client);
      },
    };
  }

  /** The same over server-sent events. */
  async function subscribeSse<Result, Variables>(
    document: TypedDocumentString<Result, Variables>,
    variables: Variables,
    as = admin,
  ): Promise<Frames<Result>> {
    const end = new AbortController();
    const body = JSON.stringify({ query: String(document), variables });
    const answer = await post(body, as, "text/event-stream", end.signal);
    if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
    const frames = readFrames<Result>(answer.body as unknown as AsyncIterable<Uint8Array>);
    return {
      async next() {
        const { value, done } = await frames.next();
        if (done) throw new Error("the subscription ended");
        return value;
      },
      async close() {
        end.abort();
      },
    };
  }

  return {
    get app() {
      return app;
    },
    url,
    database,
    dataDir,
    ours,
    theirs,
    admin,
    outsider,
    key,
    otherKey,
    token,
    query,
    ingest,
    failLogins,
    subscribe,
    subscribeSse,
    /** Streams that identical subscriptions share, and what became of them. */
    get streams() {
      return server.streams;
    },
    /** Ends the server and starts another at the same address; `meanwhile` runs while there is none. */
    async restart(meanwhile: () => Promise<void> = async () => {}) {
      await server.close();
      await app.close();
      await meanwhile();
      app = await open();
      server = createServer(app, { dashboardDir: options.dashboardDir });
      await server.listen(Number(new URL(url).port), "127.0.0.1");
    },
    async close() {
      for (const client of clients) await client.dispose();
      await server.close();
      await app.close();
      if (options.beside) return;
      await rm(dataDir, { recursive: true, force: true });
      await database.close();
    },
  };
}

export const ndjson = (values: readonly unknown[]): string => values.map((value) => JSON.stringify(value)).join("\n");

export const failedLogins = (user: string, times: number, from?: string) =>
  Array.from({ length: times }, (_, n) => ({
    action: "login",
    category: "authentication",
    outcome: "failure",
    actor: { name: user },
    source: { ip: from ?? `198.51.100.${n}` },
  }));

async function* readFrames<Result>(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Result, void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of chunks) {
    const messages = (rest + decoder.decode(chunk, { stream: true })).split("\n\n");
    rest = messages.pop() ?? "";
    for (const message of messages) {
      const data = /^event: next\ndata: (.+)$/m.exec(message)?.[1];
      if (!data) continue;
      const result = JSON.parse(data) as { data: Result; errors?: { message: string }[] };
      if (result.errors) throw new Error(result.errors.map(({ message }) => message).join("; "));
      yield result.data;
    }
  }
}
