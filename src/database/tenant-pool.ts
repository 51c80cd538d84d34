/**
 * A pg.Pool seen through one organization: every statement is preceded, in the same round trip and the same
 * transaction, by set_config('app.organization_id', …, true), so that Row Level Security shows that organization only.
 *
 * The extended query protocol makes everything up to one Sync a single implicit transaction; the setting is local to
 * it, and a statement inside an explicit transaction gets it again. A pooled connection never carries it further.
 */
import pg from "pg";
import { cancellable } from "../deadline.ts";
import type { Shares } from "./shares.ts";

interface WireConnection {
  bind(message: { portal: string; statement: string; values: unknown[]; valueMapper(value: unknown): unknown }): void;
  execute(message: { portal: string }): void;
}

/** The parts of pg's Query that this class extends; its published types leave them out. */
interface WireQuery {
  queryMode: string;
  callback: unknown;
  prepare(connection: WireConnection): void;
  handleDataRow(message: unknown): void;
  handleCommandComplete(message: unknown, connection: WireConnection): void;
}
const WireQuery = pg.Query as unknown as new (config: unknown, values?: unknown, callback?: unknown) => WireQuery;

const settingName = "vigil_set_organization";

/** Prepares the setting on a new connection, before anything else runs on it. */
export async function prepareConnection(client: pg.ClientBase): Promise<void> {
  const text = "SELECT set_config('app.organization_id', $1, true)";
  await client.query({ name: settingName, text, values: [""] });
}

class TenantQuery extends WireQuery {
  private settingDone = false;
  private readonly organizationId: string;

  constructor(organizationId: string, config: unknown, values: unknown) {
    super(config, values);
    this.organizationId = organizationId;
    this.queryMode = "extended";
  }

  override prepare(connection: WireConnection): void {
    const values = [this.organizationId];
    connection.bind({ portal: "", statement: settingName, values, valueMapper: (value) => value });
    connection.execute({ portal: "" });
    super.prepare(connection);
  }

  // The setting's own answer comes first: one row, one completion, neither of them the caller's.
  override handleDataRow(message: unknown): void {
    if (this.settingDone) super.handleDataRow(message);
  }

  override handleCommandComplete(message: unknown, connection: WireConnection): void {
    if (this.settingDone) super.handleCommandComplete(message, connection);
    else this.settingDone = true;
  }
}

/** Runs one statement as the organization. */
export function tenantQuery<R extends pg.QueryResultRow>(
  client: pg.ClientBase,
  organizationId: string,
  config: string | pg.QueryConfig,
  values?: unknown[],
): Promise<pg.QueryResult<R>> {
  const query = new TenantQuery(organizationId, config, values);
  return new Promise((resolve, reject) => {
    query.callback = (error: Error | null, result: pg.QueryResult<R>) => (error ? reject(error) : resolve(result));
    client.query(query as unknown as pg.Submittable);
  });
}

/** What Prisma's adapter is given in place of a pool. */
export class TenantPool extends pg.Pool {
  private readonly shares: Shares;
  private readonly organizationId: string;
  private readonly cancel: (processId: number) => Promise<unknown>;

  /** `cancel` ends what runs on a connection. */
  constructor(shares: Shares, organizationId: string, cancel: (processId: number) => Promise<unknown>) {
    super({ max: 1 }); // never connects by itself
    this.shares = shares;
    this.organizationId = organizationId;
    this.cancel = cancel;
  }

  // biome-ignore lint/suspicious/noExplicitAny: pg declares nine overloads; Prisma's adapter uses this one
  override async query(config: any, values?: any): Promise<any> {
    const client = await this.shares.connect(this.organizationId);
    try {
      const run = () => tenantQuery(client, this.organizationId, config, values);
      const result = await cancellable(client, this.cancel, run);
      client.release();
      return result;
    } catch (error) {
      client.release(isBroken(error));
      throw error;
    }
  }

  // biome-ignore lint/suspicious/noExplicitAny: as above
  override async connect(): Promise<any> {
    const client = await this.shares.connect(this.organizationId);
    const organizationId = this.organizationId;
    return new Proxy(client, {
      get(target, key) {
        if (key === "query") {
          return (config: string | pg.QueryConfig, values?: unknown[]) =>
            tenantQuery(target, organizationId, config, values);
        }
        const value = Reflect.get(target, key);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  }
}

/** An error without an SQLSTATE came from the connection, not from PostgreSQL: the connection is not reused. */
export function isBroken(error: unknown): boolean {
  return !(error instanceof Error && "code" in error && /^[0-9A-Z]{5}$/.test(String(error.code)));
}

/** Whether it says no more than that a statement before it failed. */
export const isAborted = (error: unknown): boolean =>
  error instanceof Error && "code" in error && error.code === "25P02";
