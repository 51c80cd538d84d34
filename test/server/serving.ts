/** A server on loopback over made-up services: what is tested here is the protocol. */
import { setTimeout as wait } from "node:timers/promises";
import type { Viewer } from "../../src/access/viewer.ts";
import { VigilError } from "../../src/errors.ts";
import { validateAll } from "../../src/ingest/accept.ts";
import { createMeasures } from "../../src/measures.ts";
import { createConnections } from "../../src/publish/connections.ts";
import { encodeCursor } from "../../src/publish/cursor.ts";
import type { RealtimeMetrics } from "../../src/publish/gauges.ts";
import type { FeedChange, Services } from "../../src/schema/context.ts";
import { createServer, type ServerOptions } from "../../src/server/server.ts";
import { quiet } from "../support/database.ts";

const organizationId = "01900000-0000-7000-8000-000000000001";

function viewer(role: Viewer["role"], lifetime?: number): Viewer {
  const expiresAt = lifetime === undefined ? undefined : Date.now() + lifetime;
  return { organizationId, kind: "USER", id: "u1", name: "ada@clinic.example", role, expiresAt };
}

let changes = 0;
const change = (): FeedChange => ({
  cursor: encodeCursor({ xid: "1", id: String(++changes) }),
  kind: "CURSOR_EXPIRED",
  entityId: undefined,
  at: new Date(),
});

const metrics = (): RealtimeMetrics => ({
  at: new Date(),
  eventsPerSecond: 1.5,
  openIncidents: 2,
  activeThreats: 1,
  alertsQueued: 0,
  alertsLateMs: 0,
  detectionsPerMinute: 3,
  ingestLagMs: 4,
  blockedPerSecond: 0,
  openBySeverity: [],
  alertsFailed: 0,
  alertDeliveryMs: null,
  waitingEvents: 0,
  eventsRefusedPerSecond: 0,
  connectedClients: 1,
  connectedEnforcers: 0,
});

export interface Serving extends AsyncDisposable {
  url: string;
  /** What `ingest` was given. */
  ingested: unknown[][];
  /** Whose sessions were ended. */
  ended: string[];
  /** Streams that are open now. */
  streams: () => number;
  close(): Promise<void>;
  graphql(query: string, options?: { token?: string; headers?: Record<string, string> }): Promise<Response>;
}

export async function serving(overrides: Partial<Services> = {}, options: ServerOptions = {}): Promise<Serving> {
  const ingested: unknown[][] = [];
  const ended: string[] = [];
  let streams = 0;
  const shortLived = viewer("ADMIN", 400); // made once, as a real token is
  const viewers: Record<string, Viewer> = {
    admin: viewer("ADMIN"),
    viewer: viewer("VIEWER"),
    ingest: viewer("INGEST"),
    short: shortLived,
  };

  async function* every<T>(interval: number, signal: AbortSignal, make: () => T): AsyncGenerator<T> {
    streams++;
    try {
      while (!signal.aborted) {
        yield make();
        await wait(interval, undefined, { signal });
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      streams--;
    }
  }

  const services: Services = {
    log: quiet,
    measures: createMeasures(),
    raiseBy: async () => {},
    db: {
      prisma: () => {
        throw new Error("the password is hunter2");
      },
      query: () => {
        throw new Error("the password is hunter2");
      },
      inOrganization: () => {
        throw new Error("the password is hunter2");
      },
    },
    auditTrail: {} as never,
    now: Date.now,
    ownAddresses: [],
    lists: undefined as never,
    allowPrivateWebhooks: false,
    alerting: {
      channels: {} as never,
      outside: {} as never,
      twilioStatus: async () => false,
      mailReport: async () => false,
    },
    enricher: { ready: async () => undefined, of: () => undefined },
    userChecks: {
      canAsk: false,
      ask: async () => ({ cursor: "" }),
      sendDue: async () => undefined,
      answer: async () => undefined,
    },
    openSealed: async () => new Map(),
    backfill: () => Promise.reject(new Error("nothing to fill")),
    vault: {} as never,
    patientIndexer: async () => () => Buffer.alloc(8),
    async ingest(_organizationId, values) {
      ingested.push(values);
      const { rejected } = await validateAll(structuredClone(values), Date.now());
      return { accepted: values.length - rejected.length, duplicates: 0, rejected };
    },
    change: async (_organizationId, work) => work({} as never),
    cleanUp: async () => [],
    feed: {
      cursor: async () => encodeCursor({ xid: "0", id: "0" }),
      isExpired: async () => false,
      follow: (_organizationId, _topic, _after, signal) => every(20, signal, change),
      followPages: (_organizationId, _topic, _after, signal) => every(20, signal, () => [change()]),
      listen: () => ({ wait: async () => undefined, close: () => undefined }),
    },
    gauges: {
      now: async () => metrics(),
      follow: (_organizationId, interval, signal) => every(interval, signal, metrics),
    },
    connections: createConnections(),
    tail: { follow: (_organizationId, _condition, signal) => every(20, signal, () => ({ ids: [], dropped: 0 })) },
    authenticator: {
      async authenticate(credential) {
        const found = viewers[credential];
        if (!found || (found.expiresAt ?? Number.POSITIVE_INFINITY) <= Date.now()) {
          throw new VigilError("UNAUTHENTICATED", "This token is not valid");
        }
        return found;
      },
    },
    signIn: {
      async redeem(token) {
        if (token !== "good") throw new VigilError("UNAUTHENTICATED", "This sign-in link was already used <b>");
        return { session: "admin", maxAgeSeconds: 60 };
      },
      async end(viewer) {
        ended.push(viewer.name);
      },
    },
    secondFactor: {
      enroll: async () => ({ secret: "s", uri: "otpauth://totp/s" }),
      confirm: async () => [],
      verify: async () => {},
      disable: async () => {},
    },
    refused: async () => {},
    health: async () => ({ ok: true, ready: true, parts: [{ name: "database", ok: true, detail: "answers" }] }),
    ...overrides,
  };
  const server = createServer(services, { closeTimeout: 500, ...options });
  const url = await server.listen(0, "127.0.0.1");
  return {
    url,
    ingested,
    ended,
    streams: () => streams,
    close: () => server.close(),
    [Symbol.asyncDispose]: () => server.close(),
    graphql: (query, { token, headers } = {}) =>
      fetch(`${url}/graphql`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...headers,
        },
        body: JSON.stringify({ query }),
      }),
  };
}
