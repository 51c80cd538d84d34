/** One server for the bench of queries, in a process of its own: says where it listens, and how to ask it. */
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import pg from "pg";
import { openApp } from "../src/app.ts";
import { parseConfig } from "../src/config.ts";
import { createLog } from "../src/log.ts";
import { createServer, type ServerOptions } from "../src/server/server.ts";
import { importPeer } from "./peers.ts";
import { handStatement, postgraphileQuery, vigilQuery } from "./query-data.ts";
import { unlimited } from "./unlimited.ts";

const [kind, dataDir, ownerUrl, organizationId] = process.argv.slice(2) as [string, string, string, string];
const connections = 10; // of each server to PostgreSQL

const starts: Record<string, () => Promise<{ port: number; query?: string; token?: string; path?: string }>> = {
  vigil: () => startVigil(unlimited),
  limited: () => startVigil({}),
  spent: () => startVigil({ costLimits: { operation: 20_000, budget: 20_000 } }),
  sql: startSql,
  postgraphile: () => startPostGraphile({}),
  "postgraphile-tenant": () => startPostGraphile({ role: "vigil_server", "app.organization_id": organizationId }),
};
const started = await starts[kind]?.();
process.send?.(started);
process.on("disconnect", () => process.exit());

async function startVigil(options: ServerOptions) {
  const app = await openApp(parseConfig({ VIGIL_DATA_DIR: dataDir }), {
    log: createLog("silent"),
    poolSize: connections,
  });
  const server = createServer(app, options);
  const port = Number(new URL(await server.listen(0, "127.0.0.1")).port);
  const token = await app.tokens.sign({ organizationId, userId: "cli", name: "bench", role: "ADMIN" }, 36_000);
  return { port, token, query: vigilQuery };
}

/** The least that can be done: no GraphQL, no sign-in, no other organization. */
async function startSql() {
  const pool = new pg.Pool({ connectionString: ownerUrl, max: connections });
  const statement = { name: "hand", text: handStatement, values: [organizationId] };
  return listen(async (_request, response) => {
    const answer = (await pool.query<{ answer: string }>(statement)).rows[0]?.answer as string;
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(answer) };
    response.writeHead(200, headers).end(answer);
  });
}

async function startPostGraphile(settings: Record<string, string>) {
  // It asks for Node 22; this is all that it misses in Node 20.
  Object.assign(Promise, { withResolvers: (Promise as Partial<WithResolvers>).withResolvers ?? withResolvers });
  const { postgraphile } = (await importPeer("postgraphile")) as { postgraphile(preset: unknown): Peer };
  const { PostGraphileAmberPreset } = await importPeer("postgraphile/presets/amber");
  const { makePgService } = (await importPeer("postgraphile/adaptors/pg")) as { makePgService(of: unknown): unknown };
  const { grafserv } = (await importPeer("postgraphile/grafserv/node")) as { grafserv(of: unknown): Served };
  const peer = postgraphile({
    extends: [PostGraphileAmberPreset],
    disablePlugins: ["PgIndexBehaviorsPlugin"], // else created_at cannot be sorted by: it is no index's first column
    pgServices: [makePgService({ connectionString: ownerUrl, schemas: ["public"], poolConfig: { max: connections } })],
    grafast: { context: () => ({ pgSettings: settings }), explain: false },
    grafserv: { watch: false, graphiql: false },
  });
  const server = createHttpServer();
  await (peer.createServ(grafserv) as { addTo(server: unknown): Promise<void> }).addTo(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { port: (server.address() as AddressInfo).port, query: postgraphileQuery(organizationId) };
}

interface WithResolvers {
  withResolvers: typeof withResolvers;
}

function withResolvers(): object {
  let told = {};
  const promise = new Promise((resolve, reject) => {
    told = { resolve, reject };
  });
  return { promise, ...told };
}

interface Peer {
  createServ(grafserv: unknown): unknown;
}
type Served = unknown;

async function listen(answer: (request: IncomingMessage, response: ServerResponse) => Promise<void>) {
  const server = createHttpServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { port: (server.address() as AddressInfo).port };
}
