/** Reads stored events back as detection knows them, e.g. to rebuild its windows after a restart. */
import type { Database, Tx } from "../db.ts";
import type { Vault } from "../secrets/vault.ts";
import { fromColumn } from "./enrich/stored.ts";
import type { EventCategory, EventOutcome, SecurityEvent, Severity } from "./event.ts";
import { joinAll, openSecrets } from "./sealing.ts";

interface Row {
  id: string;
  client_id: string | null;
  time: Date;
  received_at: Date;
  product: string | null;
  service: string | null;
  log_category: string | null;
  action: string;
  category: EventCategory;
  outcome: EventOutcome;
  severity: Severity | null;
  actor_id: string | null;
  actor_name: string | null;
  actor_email: string | null;
  actor_roles: string[];
  source_ip: string | null;
  source_port: number | null;
  source_geo: { country?: string; city?: string; lat?: number; lon?: number } | null;
  user_agent: string | null;
  device: string | null;
  session_id: string | null;
  target_type: string | null;
  target_id: string | null;
  target_name: string | null;
  patient_id: string | null;
  http_method: string | null;
  http_path: string | null;
  http_status: number | null;
  http_more: Record<string, string | number> | null;
  message: string | null;
  attributes: Record<string, unknown>;
  sealed: Buffer | null;
  behaviour: SecurityEvent["behaviour"] | null;
  enrichment: unknown;
}

export const pageSize = 5_000;

type OnFault = Parameters<typeof openSecrets>[3];

/** The events received from `since` (epoch ms) on as they came, sealed fields opened, in order of arrival, a page at a time. */
export async function* readEventsSince(
  db: Database,
  vault: Vault,
  organizationId: string,
  since: number,
  onFault: OnFault,
): AsyncGenerator<SecurityEvent[]> {
  let after = lastIdOf(since - 1);
  for (;;) {
    const page = await db.inOrganization(organizationId, (tx) => readPage(tx, vault, [after, lastIdOf()], onFault));
    if (page.length > 0) yield page;
    if (page.length < pageSize) return;
    after = (page.at(-1) as SecurityEvent).id;
  }
}

/** The same within one transaction: those received after `after` and not after `until`. */
export async function* readEventsBetween(
  tx: Tx,
  vault: Vault,
  { after, until }: { after: number; until?: number | undefined },
  onFault: OnFault,
): AsyncGenerator<SecurityEvent[]> {
  let from = lastIdOf(after);
  for (;;) {
    const page = await readPage(tx, vault, [from, lastIdOf(until)], onFault);
    if (page.length > 0) yield page;
    if (page.length < pageSize) return;
    from = (page.at(-1) as SecurityEvent).id;
  }
}

/** These events as anyone may see them, in order of arrival; sealed fields stay out. */
export async function readClearEvents(tx: Tx, ids: readonly string[]): Promise<SecurityEvent[]> {
  const { rows } = await tx.query<Row>(
    `SELECT *, host(source_ip) AS source_ip FROM realtime_monitoring
     WHERE organization_id = $1 AND id = ANY ($2::uuid[]) ORDER BY id`,
    [tx.organizationId, ids],
  );
  return rows.map(toEvent);
}

async function readPage(tx: Tx, vault: Vault, [after, until]: [string, string], onFault: OnFault) {
  const { rows } = await tx.query<Row>({
    name: "events_between",
    text: `SELECT *, host(source_ip) AS source_ip FROM realtime_monitoring
      WHERE organization_id = $1 AND id > $2::uuid AND id <= $3::uuid ORDER BY id LIMIT ${pageSize}`,
    values: [tx.organizationId, after, until],
  });
  const sealed = rows.some((row) => row.sealed !== null);
  return joinAll(rows.map(toEvent), sealed ? await openSecrets(tx, vault, rows, onFault) : new Map());
}

const latest = 0xffff_ffff_ffff; // the last millisecond a UUIDv7 can name

/** The highest id of the millisecond. */
function lastIdOf(ms = latest): string {
  return `${Math.max(0, ms).toString(16).padStart(12, "0")}ffffffffffffffffffff`;
}

/** Drops the keys without a value; undefined when none is left. */
function compact<T extends object>(object: { [K in keyof T]: T[K] | null | undefined }): T | undefined {
  const kept = Object.entries(object).filter(([, value]) => value !== null && value !== undefined);
  return kept.length > 0 ? (Object.fromEntries(kept) as T) : undefined;
}

function toEvent(row: Row): SecurityEvent {
  const roles = row.actor_roles.length > 0 ? row.actor_roles : null;
  return {
    ...compact<object>({
      clientId: row.client_id,
      severity: row.severity,
      actor: compact({ id: row.actor_id, name: row.actor_name, email: row.actor_email, roles }),
      source: compact({ ip: row.source_ip, port: row.source_port, ...row.source_geo }),
      userAgent: row.user_agent,
      device: row.device,
      sessionId: row.session_id,
      target: compact({ type: row.target_type, id: row.target_id, name: row.target_name, patientId: row.patient_id }),
      http: compact({ method: row.http_method, path: row.http_path, status: row.http_status, ...row.http_more }),
      message: row.message,
      behaviour: row.behaviour,
      enrichment: fromColumn(row.enrichment),
    }),
    id: row.id,
    time: row.time.getTime(),
    receivedAt: row.received_at.getTime(),
    logsource: compact({ product: row.product, service: row.service, category: row.log_category }) ?? {},
    action: row.action,
    category: row.category,
    outcome: row.outcome,
    attributes: row.attributes,
  };
}
