import type { Viewer } from "../access/viewer.ts";
import type { Database, PrismaClient, Tx } from "../db.ts";
import { VigilError } from "../errors.ts";
import type { Rejection } from "../ingest/event.ts";
import type { Log } from "../log.ts";

/** What one moment of an organization looks like in numbers. */
export interface Metrics {
  at: Date;
  eventsPerSecond: number;
  openIncidents: number;
  activeThreats: number;
  alertsQueued: number;
  detectionsPerMinute: number;
  ingestLagMs: number;
}

/** One change of the durable feed; without an entity it speaks about the stream itself (CURSOR_EXPIRED). */
export interface FeedChange {
  cursor: string;
  kind: string;
  entityId: string | undefined;
  at: Date;
}

export interface Health {
  ok: boolean;
  parts: { name: string; ok: boolean; detail: string }[];
}

/** What the API needs of the rest of the server; `src/app.ts` has it all. */
export interface Services {
  log: Log;
  db: Pick<Database, "prisma" | "query" | "inOrganization">;
  ingest(
    organizationId: string,
    values: unknown[],
    receivedFrom?: string,
  ): Promise<{ accepted: number; duplicates: number; rejected: Rejection[] }>;
  /** One transaction; rings the bells after its commit. */
  change<T>(organizationId: string, work: (tx: Tx) => Promise<T>): Promise<T>;
  feed: {
    cursor(organizationId: string): Promise<string>;
    follow(
      organizationId: string,
      topic: "incident",
      after: string | undefined,
      signal: AbortSignal,
    ): AsyncGenerator<FeedChange>;
  };
  gauges: {
    follow(organizationId: string, intervalMs: number, signal: AbortSignal): AsyncGenerator<Metrics>;
    now(organizationId: string): Promise<Metrics>;
  };
  authenticator: { authenticate(credential: string): Promise<Viewer> };
  signIn: { redeem(token: string): Promise<{ session: string; maxAgeSeconds: number }> };
  health(): Promise<Health>;
}

/** What every resolver gets. */
export interface Context {
  /** Undefined: nobody has said who they are. */
  viewer: Viewer | undefined;
  services: Services;
  /** Aborted when the server closes: ends every subscription. */
  closing: AbortSignal;
}

export function viewerOf(context: Context): Viewer {
  if (context.viewer) return context.viewer;
  throw new VigilError("UNAUTHENTICATED", "Sign in first, or send a token: Authorization: Bearer …");
}

/** The Prisma client of the viewer's organization. */
export function prismaOf(context: Context): PrismaClient {
  return context.services.db.prisma(viewerOf(context).organizationId);
}

/** Who a change is by, as timelines show it. */
export function actorOf(context: Context): string {
  return viewerOf(context).name;
}

/** Who a change is by, as the audit log keeps it: keys may share a name, so theirs is the id. */
export function auditActorOf(context: Context): string {
  const viewer = viewerOf(context);
  return viewer.kind === "USER" ? viewer.name : viewer.id;
}
