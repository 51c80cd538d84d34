/** One application with one middleware, for the bench: says where it listens, and what CPU and memory it used. */
import type { AddressInfo } from "node:net";
import express from "express";
import { rateLimit } from "express-rate-limit";
import fastify from "fastify";
import helmet from "helmet";
import { monitorSecurity } from "../src/sdk/index.ts";

const [framework, middleware, url = "", publicKey = ""] = process.argv.slice(2);
const wanted = 100_000; // decisions
const withoutLimit = { limit: 1e9, windowMs: 60_000, validate: false };

const vigil =
  middleware === "vigil"
    ? monitorSecurity({
        url,
        apiKey: "bench",
        publicKey,
        trustedProxies: ["127.0.0.1"],
        identify: () => "ann@clinic.example",
      })
    : undefined;

const body = { patients: [{ id: "p-1", name: "Casey Doe" }] };
const port = framework === "express" ? await startExpress() : await startFastify();
while (vigil && vigil.status().decisions < wanted) await new Promise((resolve) => setTimeout(resolve, 20));
process.send?.({ port });
process.on("message", (what) => {
  if (what === "flush") return void vigil?.flush().then((isSent) => process.send?.({ isSent }));
  if (what === "cpu") {
    const { user, system } = process.cpuUsage();
    return void process.send?.({ cpu: user + system });
  }
  (globalThis as { gc?: () => void }).gc?.();
  const { heapUsed, external, rss } = process.memoryUsage();
  process.send?.({ heldMiB: (heapUsed + external) / 1_048_576, rssMiB: rss / 1_048_576 });
});
process.on("disconnect", () => process.exit());

async function startExpress(): Promise<number> {
  const app = express();
  if (middleware === "empty") app.use((_request, _response, next) => next());
  if (middleware === "helmet") app.use(helmet());
  if (middleware === "rate-limit") app.use(rateLimit(withoutLimit));
  if (vigil) app.use(vigil.express);
  app.get("/patients/:id", (_request, response) => {
    response.json(body);
  });
  const server = app.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  return (server.address() as AddressInfo).port;
}

async function startFastify(): Promise<number> {
  const app = fastify();
  if (middleware === "empty") app.addHook("onRequest", (_request, _reply, done) => done());
  if (middleware === "helmet" || middleware === "rate-limit") {
    const handler = middleware === "helmet" ? helmet() : rateLimit(withoutLimit);
    // Both are middleware of Express's kind; what they need of its request is set beside.
    app.addHook("onRequest", (request, reply, done) => {
      const raw = Object.assign(request.raw, { ip: request.ip, app: { get: () => false } });
      void (handler as (request: unknown, response: unknown, next: () => void) => void)(raw, reply.raw, done);
    });
  }
  if (vigil) await app.register(vigil.fastify);
  app.get("/patients/:id", (_request, reply) => reply.send(body));
  await app.listen({ port: 0, host: "127.0.0.1" });
  return (app.server.address() as AddressInfo).port;
}
