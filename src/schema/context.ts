import type { Permission } from "../access/permissions.ts";
import type { Viewer } from "../access/viewer.ts";
import type { Channels } from "../alert/channels/kinds.ts";
import type { Outside } from "../alert/outside.ts";
import type { TwilioCallback } from "../alert/twilio-status.ts";
import type { AuditTrail } from "../audit/trail.ts";
import type { Database, PrismaClient, Tx } from "../db.ts";
import type { GapFilled, GapRequest } from "../detect/gap.ts";
import type { Crossing } from "../detect/risk/settle.ts";
import { VigilError } from "../errors.ts";
import type { Enricher } from "../ingest/enrich/enricher.ts";
import type { Rejection } from "../ingest/event.ts";
import type { Log } from "../log.ts";
import type { Measures } from "../measures.ts";
import type { Bell } from "../publish/bells.ts";
import type { Topic } from "../publish/change.ts";
import type { Connections } from "../publish/connections.ts";
import type { RealtimeMetrics } from "../publish/gauges.ts";
import type { Tail } from "../publish/tail.ts";
import type { createLists } from "../respond/list.ts";
import type { UserChecks } from "../respond/user-checks.ts";
import type { Cleaned } from "../retention/clean-up.ts";
import type { sealedColumns } from "../secrets/sealed-columns.ts";
import type { Vault } from "../secrets/vault.ts";

/** One change of the durable feed; without an entity it speaks about the stream itself (CURSOR_EXPIRED). */
export interface FeedChange {
  cursor: string;
  kind: string;
  entityId: string | undefined;
  at: Date;
}

/** One part of the server. */
export interface HealthPart {
  name: string;
  ok: boolean;
  detail: string;
  /** Of the program behind it, where there is one. */
  version?: string | undefined;
  /** How long it took to answer, ms. */
  latencyMs?: number | undefined;
  /** How full its queues are. */
  queues?: QueueDepth[] | undefined;
}

/** Jobs of one queue. */
export interface QueueDepth {
  name: string;
  waiting: number;
  active: number;
  delayed: number;
  failed: number;
}

export interface Health {
  /** Every part works. */
  ok: boolean;
  /** What cannot be done without works: requests may be sent here. */
  ready: boolean;
  parts: HealthPart[];
}

/** What the API needs of the rest of the server; `src/app.ts` has it all. */
export interface Services {
  log: Log;
  /** What the process counts about itself. */
  measures: Measures;
  db: Pick<Database, "prisma" | "query" | "inOrganization">;
  auditTrail: Pick<AuditTrail, "publicKey" | "sign" | "verify" | "export" | "issueTicket" | "readTicket">;
  now(): number;
  /** Adds place, network and program to an event, as arrival does. */
  enricher: Enricher;
  ingest(
    organizationId: string,
    values: unknown[],
    /** Who sent them, where that is to be audited. */
    sender?: string,
    /** That they were sent as. */
    bytes?: number,
  ): Promise<{ accepted: number; duplicates: number; rejected: Rejection[] }>;
  /** Opens sealed records, by row id. Whoever asks must have been seen to be allowed, and be written down. */
  openSealed(
    organizationId: string,
    kind: keyof typeof sealedColumns,
    rows: readonly { id: string; sealed: Uint8Array }[],
  ): Promise<Map<string, string>>;
  vault: Pick<Vault, "reserve" | "seal" | "open" | "indexer">;
  /** Makes the blind indexes by which sealed patient ids are found. */
  patientIndexer(organizationId: string): Promise<(patientId: string) => Buffer>;
  /** One transaction; rings the bells after its commit. */
  change<T>(organizationId: string, work: (tx: Tx) => Promise<T>): Promise<T>;
  /** Threat scores that have passed a threshold raise open incidents, in the transaction that changed them. */
  raiseBy(tx: Tx, crossings: readonly Crossing[]): Promise<void>;
  /** Stores what rules would have detected in history that they have not seen. */
  backfill(request: Omit<GapRequest, "budgetMs">): Promise<GapFilled>;
  /** Counts or removes what is past its retention. */
  cleanUp(organizationId: string, request: { actor: string; dryRun: boolean }): Promise<Cleaned[]>;
  /** Addresses that Vigil and its monitors use: never blocked. */
  ownAddresses: readonly string[];
  /** The list of decisions as enforcers get it. */
  lists: ReturnType<typeof createLists>;
  /** Whether organizations may give URLs at loopback and private addresses: for development. */
  allowPrivateWebhooks: boolean;
  /** Questions to users of the monitored application: was this you? */
  userChecks: UserChecks;
  /** Channels of alerts, and what their providers call back. */
  alerting: {
    channels: Channels;
    outside: Outside;
    twilioStatus(told: TwilioCallback): Promise<boolean>;
    mailReport(told: { token: string | undefined; raw: Buffer }): Promise<boolean>;
  };
  feed: {
    cursor(organizationId: string): Promise<string>;
    isExpired(organizationId: string, cursor: string): Promise<boolean>;
    follow(
      organizationId: string,
      topic: Topic,
      after: string | undefined,
      signal: AbortSignal,
    ): AsyncGenerator<FeedChange>;
    followPages(
      organizationId: string,
      topic: Topic,
      after: string | undefined,
      signal: AbortSignal,
    ): AsyncGenerator<FeedChange[]>;
    listen(organizationId: string, topic: Topic, signal: AbortSignal): Bell;
  };
  gauges: {
    follow(organizationId: string, intervalMs: number, signal: AbortSignal): AsyncGenerator<RealtimeMetrics>;
    now(organizationId: string): Promise<RealtimeMetrics>;
  };
  /** Sockets and streams that are open here. */
  connections: Connections;
  /** Stored events as they come. */
  tail: Tail;
  authenticator: { authenticate(credential: string, options?: { use?: boolean }): Promise<Viewer> };
  signIn: {
    redeem(token: string): Promise<{ session: string; maxAgeSeconds: number }>;
    end(viewer: Viewer): Promise<void>;
  };
  /** Sign-in links by e-mail; absent: not set up. */
  emailSignIn?: { request(input: { email: string; organization?: string; address: string }): void } | undefined;
  secondFactor: {
    enroll(viewer: Viewer): Promise<{ secret: string; uri: string }>;
    confirm(viewer: Viewer, code: string): Promise<string[]>;
    verify(viewer: Viewer, code: string): Promise<void>;
    disable(viewer: Viewer, code: string): Promise<void>;
  };
  /** Notes in the audit log that a permission was refused; never throws. */
  refused(viewer: Viewer, permission: Permission): Promise<void>;
  health(): Promise<Health>;
}

/** What every resolver gets. */
export interface Context {
  /** Undefined: nobody has said who they are. */
  viewer: Viewer | undefined;
  services: Services;
  /** Aborted when the server closes: ends every subscription. */
  closing: AbortSignal;
  /** Why patients' data is read, as the sender says: header `x-vigil-purpose`, or `purpose` of a socket's parameters. */
  purpose?: string | undefined;
  /** Where the request comes from. */
  address?: string | undefined;
  /** Whose data the answer holds so far; audited before it leaves. */
  patients?: Set<string>;
  /** Whether a refusal for want of a permission is in the audit log already. */
  refusalNoted?: boolean;
  /** The viewer's break-glass use, once looked for. */
  breakGlass?: Promise<{ id: string; expiresAt: Date } | undefined> | undefined;
  /** Until when that is believed, in epoch ms; absent: always. */
  breakGlassUntil?: number;
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
