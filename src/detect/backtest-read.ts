/** Stored events in order of arrival, a page at a time, with only what some rules can look at. */
import type pg from "pg";
import type { SecurityEvent } from "../ingest/event.ts";
import { joinEvent, type Secret } from "../ingest/privacy.ts";
import { layoutOf, type Wanted } from "./backtest-columns.ts";
import { conditionFor } from "./backtest-narrow.ts";
import type { DetectionDocument } from "./sigma/document.ts";

export interface HistorySource {
  organizationId: string;
  /** Events gone through per statement. Default: 10,000, some 50 ms of PostgreSQL's time. */
  pageSize?: number;
  query<R extends pg.QueryResultRow>(text: string, values: unknown[]): Promise<{ rows: R[] }>;
  /** Opens sealed fields, by event id. Absent: patients' data, sealed or not, is not looked at, as if it had not been sent. */
  open?: ((rows: readonly { id: string; sealed: Uint8Array }[]) => Promise<Map<string, string>>) | undefined;
}

export interface HistoryPage {
  /** How many events were gone through, those that cannot match included. */
  read: number;
  /** The last of them. */
  last: string;
  /** Those that could match. */
  events: SecurityEvent[];
  /** How many sealed records were opened. */
  opened: number;
}

export interface History {
  /** The events whose ids lie behind the one, up to and with the other. */
  pages(after: string, through: string): AsyncGenerator<HistoryPage>;
  /** The event as anyone may see it. */
  clearOf(event: SecurityEvent): SecurityEvent;
}

/** `documents`: only events that these could match are read; "ALL": every event. */
export function createHistory(
  source: HistorySource,
  documents: readonly DetectionDocument[] | "ALL",
  wanted: Wanted,
): History {
  const clears = new WeakMap<SecurityEvent, SecurityEvent>();
  const values: unknown[] = [null, null, null, wanted.attributes === "ALL" ? [] : [...wanted.attributes]];
  const { pageSize = 10_000 } = source;
  const opens = source.open !== undefined;
  const { sql, toEvent } = layoutOf(wanted, "$4::text[]", !opens);
  const condition = documents === "ALL" ? "true" : conditionFor(documents, values, opens);
  const text = `SELECT count(*)::int AS read, max(id::text) AS last,
      json_agg(${sql} ORDER BY id) FILTER (WHERE ${condition})::text AS events,
      ${opens ? `json_agg(json_build_array(id, encode(sealed, 'base64'))) FILTER (WHERE sealed IS NOT NULL AND (${condition}))` : "NULL"}::text AS sealed
    FROM (SELECT * FROM realtime_monitoring WHERE organization_id = $1 AND id > $2 AND id <= $3 AND $4::text[] IS NOT NULL
      ORDER BY id LIMIT ${pageSize}) page`;

  async function pageAfter(after: string, through: string): Promise<HistoryPage | undefined> {
    const { rows } = await source.query<{ read: number; last: string; events: string | null; sealed: string | null }>(
      text,
      [source.organizationId, after, through, ...values.slice(3)],
    );
    const [page] = rows;
    if (!page || page.read === 0) return undefined;
    const events = (JSON.parse(page.events ?? "[]") as unknown[][]).map(toEvent);
    const sealed = (JSON.parse(page.sealed ?? "[]") as [string, string][]).map(([id, base64]) => ({
      id,
      sealed: Buffer.from(base64, "base64"),
    }));
    const secrets = sealed.length > 0 ? await source.open?.(sealed) : undefined;
    const whole = secrets ? events.map((clear) => join(clear, secrets.get(clear.id))) : events;
    return { read: page.read, last: page.last, events: whole, opened: secrets?.size ?? 0 };
  }

  function join(clear: SecurityEvent, secret: string | undefined): SecurityEvent {
    if (secret === undefined) return clear;
    const whole = joinEvent(clear, JSON.parse(secret) as Secret);
    clears.set(whole, clear);
    return whole;
  }

  return {
    clearOf: (event) => clears.get(event) ?? event,
    async *pages(after, through) {
      let next = pageAfter(after, through);
      for (let page = await next; page; page = await next) {
        next = page.read < pageSize ? Promise.resolve(undefined) : pageAfter(page.last, through); // while this one is judged
        next.catch(() => undefined); // it is awaited in its turn, if at all
        yield page;
      }
    },
  };
}

/** Every event received before this moment (epoch ms) has an id up to this one, and no other has. */
export function idBefore(ms: number): string {
  const hex = `${Math.max(0, Math.floor(ms) - 1)
    .toString(16)
    .padStart(12, "0")}${"f".repeat(20)}`;
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** Event ids begin with the time of arrival, epoch ms. */
export function arrivalOf(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}
