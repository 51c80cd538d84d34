/**
 * An attack on the clinic with Vigil beside it: from the deciding request, the sixtieth failed log-in of an address, to
 * the first one that the clinic refuses; all of it over HTTP, with server, database and enforcer on one machine.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { request as requestHttp } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { Request } from "express";
import { createClinic, identify } from "../examples/clinic/clinic.ts";
import { createApiKey } from "../src/access/api-keys.ts";
import { type App, openApp } from "../src/app.ts";
import { parseConfig } from "../src/config.ts";
import { createLog } from "../src/log.ts";
import { monitorSecurity } from "../src/sdk/index.ts";
import { createServer } from "../src/server/server.ts";
import type { Figure } from "./run.ts";

const attackers = 100;
const deciding = 60; // failed log-ins: brute_force_burst
const shipped = "Block the address of a critical brute force";

export async function responseBench(): Promise<Figure[]> {
  const directory = await mkdtemp(join(tmpdir(), "vigil-bench-"));
  const app = await openApp(parseConfig({ VIGIL_DATA_DIR: directory }), { log: createLog("silent") });
  const server = createServer(app);
  const url = await server.listen(0, "127.0.0.1");
  const organizationId = await app.organizationBySlug("demo");
  await arm(app, url, organizationId);
  const key = { name: "clinic", role: "ENFORCER" as const, actor: "bench", now: Date.now() };
  const { secret } = await app.db.inOrganization(organizationId, (tx) => createApiKey(tx, key));
  const monitor = monitorSecurity<Request>({ url, apiKey: secret, identify, trustedProxies: ["127.0.0.0/8"] });
  const clinic = createClinic(monitor).listen(0, "127.0.0.1");
  try {
    while (!clinic.listening || !monitor.status().reached) await wait(20);
    const { port } = clinic.address() as AddressInfo;
    const ways: number[][] = [];
    for (let n = -3; n < attackers; n++) {
      const from = `203.0.${100 + (n >> 7)}.${(n & 127) + 1}`;
      for (let guess = 1; guess < deciding; guess++) await signIn(port, from);
      const began = Date.now();
      await signIn(port, from);
      while ((await signIn(port, from)) !== 403)
        if (Date.now() - began > 30_000) throw new Error("it is never blocked");
      const refused = Date.now();
      const { stored, decided } = await marks(app, organizationId, from);
      if (n >= 0) ways.push([refused - began, stored - began, decided - stored, refused - decided]);
    }
    const at = (part: number, way: number): number =>
      ways.map((times) => times[way] as number).sort((a, b) => a - b)[Math.floor(part * (attackers - 1))] as number;
    const figure = (subject: string, part: number, way: number): Figure => ({
      bench: "response",
      subject: `p${part * 100} ${subject}`,
      baseline: "p50 of the whole way",
      ratio: at(part, way) / at(0.5, 0),
      subjectValue: at(part, way),
      baselineValue: at(0.5, 0),
      unit: "ms",
      runs: attackers,
    });
    return [
      figure("from the deciding request to the first refused one", 0.5, 0),
      figure("from the deciding request to the first refused one", 0.99, 0),
      figure("until its event was received", 0.5, 1),
      figure("from there until the action was decided", 0.5, 2),
      figure("from there until the clinic refused", 0.5, 3),
    ];
  } finally {
    await monitor.close();
    clinic.close();
    clinic.closeAllConnections();
    await server.close();
    await app.close();
    await rm(directory, { recursive: true, force: true });
  }
}

/** Promotes the shipped rule, and lets the breaker pass as many attackers as the bench has. */
async function arm(app: App, url: string, organizationId: string): Promise<void> {
  const token = await app.tokens.sign({ organizationId, userId: "cli", name: "bench", role: "ADMIN" }, 3_600);
  const ask = async (query: string, variables: object = {}): Promise<Record<string, never>> => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const answer = await fetch(`${url}/graphql`, {
      method: "POST",
      headers,
      body: JSON.stringify({ query, variables }),
    });
    const { data, errors } = (await answer.json()) as { data: Record<string, never>; errors?: unknown };
    if (errors) throw new Error(JSON.stringify(errors));
    return data;
  };
  const { responseRules } = (await ask("{ responseRules { id name } }")) as unknown as {
    responseRules: { id: string; name: string }[];
  };
  const id = responseRules.find(({ name }) => name === shipped)?.id;
  await ask("mutation ($id: ID!) { responseRuleUpdate(id: $id, input: { mode: ACTIVE }) { userErrors { message } } }", {
    id,
  });
  await ask("mutation { organizationUpdate(input: { responseCap: 10000 }) { userErrors { message } } }");
}

/** When the address's last deciding event was received, and when its block was decided, epoch ms. */
async function marks(app: App, organizationId: string, address: string): Promise<{ stored: number; decided: number }> {
  const { rows } = await app.db.query<{ stored: Date; decided: Date }>(
    organizationId,
    `SELECT (SELECT min(received_at) FROM (SELECT received_at FROM realtime_monitoring WHERE organization_id = $1
        AND source_ip = $2::inet AND action = 'login' ORDER BY time OFFSET $3 LIMIT 1) e) AS stored,
      (SELECT min(created_at) FROM decisions WHERE organization_id = $1 AND value = host($2::inet)) AS decided`,
    [organizationId, address, deciding - 1],
  );
  const { stored, decided } = rows[0] as { stored: Date; decided: Date };
  return { stored: stored.getTime(), decided: decided.getTime() };
}

/** A log-in with a wrong password, of somebody behind the clinic's proxy; answers the status. */
function signIn(port: number, from: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { "x-forwarded-for": from, "content-type": "application/json" };
    const sent = requestHttp({ port, path: "/sign-in", method: "POST", headers }, (response) => {
      response.resume();
      response.on("end", () => resolve(response.statusCode ?? 0));
    });
    sent.on("error", reject);
    sent.end(JSON.stringify({ email: "ann@clinic.example", password: "a guess" }));
  });
}
