import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { useCSRFPrevention } from "@graphql-yoga/plugin-csrf-prevention";
import { createYoga } from "graphql-yoga";
import type { Viewer } from "../access/viewer.ts";
import { VigilError } from "../errors.ts";
import type { RedisConnection } from "../redis.ts";
import type { Context, Services } from "../schema/context.ts";
import { schema } from "../schema/schema.ts";
import { sayWhen, sendError, sendJson } from "./answer.ts";
import { auditPlugin } from "./audit-plugin.ts";
import { type Budget, type CostLimits, costLimits, createBudget } from "./cost-plugin.ts";
import { credentialOf } from "./credential.ts";
import { type Deadlines, deadlinePlugin, deadlines } from "./deadline-plugin.ts";
import { asksForStream, eventStreams } from "./event-streams.ts";
import type { FanOut } from "./fan-out.ts";
import { graphiqlOptions, graphiqlPolicy, renderPage } from "./graphiql.ts";
import { codePlugin, limitPlugin } from "./limits.ts";
import { admit } from "./manners.ts";
import { createMask } from "./mask.ts";
import { createOperationLimits, type OperationLimits } from "./operation-limits.ts";
import { type PersistedDocuments, persistedPlugins } from "./persisted-documents.ts";
import { planPlugin } from "./plan-plugin.ts";
import { packings, sentBody } from "./sent.ts";
import { tracePlugin } from "./trace-plugin.ts";
import { type Turns, turns, turnsPlugin } from "./turns-plugin.ts";
import { watchCredential } from "./watch.ts";

const refusedAfter = 250; // ms: who asks again at once, in spite of Retry-After, takes little of what others need
const bodyLimit = 1_048_576; // 1 MiB: larger batches of events go to /ingest

export type GraphQLServer = ReturnType<typeof createGraphQL>["yoga"];

export interface Guards {
  /** How often one viewer may ask for a root field. Default: `operationLimits`. */
  operationLimits?: OperationLimits | undefined;
  /** What operations may cost, one and all of an organization. Default: `costLimits`. */
  costLimits?: CostLimits | undefined;
  /** How long operations may take. Default: `deadlines`. */
  deadlines?: Deadlines | undefined;
  /** How many operations of an organization run at once. Default: `turns`. */
  turns?: Turns | undefined;
  /** The only documents that are answered; absent: any. */
  persisted?: PersistedDocuments | undefined;
}

/** GraphQL over HTTP; the WebSocket server executes through the same plugins. */
export function createGraphQL(
  services: Services,
  { fanOut, redis, ...guards }: Guards & { fanOut: FanOut; redis?: RedisConnection | undefined },
) {
  const perField = createOperationLimits(guards.operationLimits, redis);
  const budget = createBudget(guards.costLimits ?? costLimits, redis);
  const yoga = createYoga<Context & { req?: IncomingMessage; res?: ServerResponse }>({
    schema,
    graphqlEndpoint: "/graphql",
    landingPage: false,
    graphiql: graphiqlOptions,
    renderGraphiQL: renderPage,
    logging: false,
    maskedErrors: { maskError: createMask(services.log) },
    batching: false,
    multipart: false,
    cors: false,
    maxRequestBodySize: bodyLimit,
    // Errors are not kept here: what is told of them depends on who asks (limits.ts).
    parserAndValidationCache: { errorCache: { get: () => undefined, set: () => undefined }, validationCache: false },
    plugins: [
      useCSRFPrevention({ requestHeaders: ["authorization", "x-vigil-csrf"] }),
      ...(guards.persisted ? persistedPlugins(guards.persisted) : []),
      limitPlugin(perField.noteSecrets),
      codePlugin(),
      budget.plugin,
      perField.plugin,
      planPlugin(),
      turnsPlugin(guards.turns ?? turns),
      deadlinePlugin(guards.deadlines ?? deadlines),
      auditPlugin(),
      eventStreams(fanOut),
      tracePlugin(),
    ],
  });
  return { yoga, budget };
}

/** Finds out who is asking, then lets yoga answer. */
export async function handleGraphQL(
  { yoga, budget }: { yoga: GraphQLServer; budget: Budget },
  request: IncomingMessage,
  response: ServerResponse,
  context: Omit<Context, "viewer">,
): Promise<void> {
  const isPage = request.method === "GET" && request.headers.accept?.includes("text/html") === true;
  if (isPage) response.setHeader("Content-Security-Policy", graphiqlPolicy);
  const credential = isPage ? undefined : credentialOf(request);
  let viewer: Viewer | undefined;
  try {
    if (credential !== undefined) viewer = await context.services.authenticator.authenticate(credential);
    const refusal = viewer && budget.spent(viewer.organizationId);
    if (refusal) {
      await sleep(refusedAfter);
      throw refusal;
    }
  } catch (error) {
    if (!(error instanceof VigilError)) throw error;
    sayWhen(response, error);
    sendJson(response, error.status, refused(error.code, error.message));
    return;
  }
  if (request.headers["content-encoding"] !== undefined) {
    const body = await sentBody(request, { raw: bodyLimit, unpacked: bodyLimit });
    if (body === undefined) return sendJson(response, 415, refused("BAD_USER_INPUT", packings));
    Object.assign(request, { body }); // taken by yoga in place of what is on the line
  }
  if (viewer && asksForStream(request)) {
    const admitted = await admit(context.services.connections, viewer);
    if (typeof admitted === "string") {
      const detail = { retryAfterSeconds: 10 };
      return sendError(response, new VigilError("RATE_LIMITED", admitted.replace("sockets", "streams"), { detail }));
    }
    if (response.destroyed) return admitted();
    response.once("close", admitted);
  }
  // Whoever is gone already is not watched: their going, which ends that, has been told.
  const closing =
    viewer && credential !== undefined && !response.destroyed
      ? watched(context, credential, viewer, response)
      : context.closing;
  const purpose = request.headers["x-vigil-purpose"]?.toString();
  const asking = { ...context, closing, viewer, purpose };
  await yoga.handle(request, response, asking);
}

const refused = (code: string, message: string) => ({ errors: [{ message, extensions: { code } }] });

/** Ends what is streamed in this answer when the server closes, or the credential ends. */
function watched(
  { services, closing }: Omit<Context, "viewer">,
  credential: string,
  viewer: Viewer,
  response: ServerResponse,
): AbortSignal {
  const ending = new AbortController();
  const end = (): void => ending.abort();
  if (closing.aborted) end();
  closing.addEventListener("abort", end, { once: true });
  const release = watchCredential(services, credential, viewer, end);
  response.once("close", () => {
    release();
    closing.removeEventListener("abort", end);
  });
  return ending.signal;
}
