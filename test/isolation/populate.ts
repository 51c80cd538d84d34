/**
 * One row in every tenant table for each organization, made from the database's own catalog, so that a table added
 * later is covered without a word here. Every text carries a canary that names its organization.
 */
import type pg from "pg";
import { v7 as uuidv7 } from "uuid";

export interface Column {
  name: string;
  type: string;
  nullable: boolean;
  labels: string[] | null;
}

interface ForeignKey {
  columns: string[];
  target: string;
  targetColumns: string[];
}

export interface TenantTable {
  name: string;
  /** Those that can be written: no generated ones. */
  columns: Column[];
  foreignKeys: ForeignKey[];
}

export type Row = Record<string, unknown>;

/** By organization id, by table: the first row that was made. */
export type Population = Map<string, Map<string, Row>>;

/** Every table with an organization_id, referenced tables before those that refer to them. */
export async function tenantTables(owner: pg.ClientBase): Promise<TenantTable[]> {
  const { rows } = await owner.query<TenantTable>(`
    SELECT c.relname AS name,
      (SELECT json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, NULL), 'nullable', NOT a.attnotnull,
          'labels', (SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = a.atttypid)) ORDER BY a.attnum)
        FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '') AS columns,
      coalesce((SELECT json_agg(json_build_object('target', k.confrelid::regclass::text,
          'columns', (SELECT json_agg(a.attname ORDER BY n) FROM unnest(k.conkey) WITH ORDINALITY u(num, n) JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.num),
          'targetColumns', (SELECT json_agg(a.attname ORDER BY n) FROM unnest(k.confkey) WITH ORDINALITY u(num, n) JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.num)))
        FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'f'), '[]') AS "foreignKeys"
    FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
      AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'organization_id')
    ORDER BY c.relname`);
  const ordered: TenantTable[] = [];
  const waiting = [...rows];
  while (waiting.length > 0) {
    const ready = waiting.findIndex((table) =>
      table.foreignKeys.every(({ target }) => target === table.name || !waiting.some((other) => other.name === target)),
    );
    ordered.push(...waiting.splice(Math.max(ready, 0), 1));
  }
  return ordered;
}

const sigma = (title: string): string =>
  `title: ${title}\nlogsource:\n  category: canary\ndetection:\n  s:\n    event.action: canary\n  condition: s\n`;

const filter = (title: string): string =>
  `title: ${title}\nfilter:\n  s:\n    event.action: canary\n  condition: not s\n`;

/** Where a column's shape is narrower than its type. */
const shaped: Record<string, (canary: string) => unknown> = {
  "alert_rules.yaml": sigma,
  "alert_rule_revisions.yaml": sigma,
  "alert_rules.overrides": () => ({}),
  "alert_rule_revisions.overrides": () => ({}),
  "alert_rules.deleted_at": () => null,
  "alert_rule_exceptions.yaml": filter,
  "alert_rule_exceptions.deleted_at": () => null,
  "detections.subjects": (canary) => [{ kind: "USER", key: canary }],
  "security_incidents.subjects": (canary) => [{ kind: "USER", key: canary }],
  "response_rules.conditions": () => ({}),
  "response_rules.actions": () => [{ type: "NOTIFY_ADMIN" }],
  "saved_filters.owner": () => "matrix", // who asks, in either organization
  "risk_contributions.entity_kind": () => "USER",
  "feedback.entity_kind": () => "USER",
  "security_alerts.held_by": () => [],
  "silences.matchers": (canary) => [{ field: "TITLE", operator: "EQUALS", value: canary }],
  "escalations.ended_at": () => null, // it runs
  "security_alerts.claim": () => null, // nobody sends it
  "alert_channels.removed_at": () => null,
  "alert_channels.suspended_at": () => null,
  "alert_channels.sealed_secrets": () => null, // what was not sealed does not open
  "alert_channels.config": () => ({}),
  "alert_routes.removed_at": () => null,
  "alert_routes.parent_id": () => null,
  "alert_routes.matchers": (canary) => [{ field: "TITLE", operator: "EQUALS", value: canary }],
  "alert_routes.group_by": () => ["RULE"],
  "alert_routes.mute_times": () => [],
  "alert_inhibitions.source": (canary) => [{ field: "TITLE", operator: "EQUALS", value: canary }],
  "alert_inhibitions.target": (canary) => [{ field: "TITLE", operator: "EQUALS", value: canary }],
  "alert_inhibitions.equal": () => ["SUBJECT"],
  "escalation_policies.steps": () => [{ delayS: 60, tell: [{ kind: "ROLE", id: "ADMIN" }] }],
  "escalations.policy": () => ({
    name: "p",
    steps: [],
    repeats: 0,
    acknowledgeTimeoutS: null,
    fallbackChannelId: null,
    revision: 1,
  }),
  "on_call_schedules.layers": () => [],
  "on_call_schedules.time_zone": () => "UTC",
  "users.quiet_hours": () => [],
  "users.time_zone": () => "UTC",
  "security_notifications.in_app": () => true,
  "escalation_policies.removed_at": () => null,
  // Beyond what the application itself will count to.
  "security_audit_log.seq": (canary) => (canary.startsWith(canaryOf("demo")) ? 900_000 : 950_000),
  "security_incidents.number": () => 900_000,
  "retention_policies.days": () => 3_000,
  "data_keys.state": () => "RETIRED", // a key of nonsense seals nothing
  "users.suspended_at": () => null,
  "second_factors.sealed_secret": () => null, // one secret, of either kind
  "users.email": (canary) => `${canary}@clinic.example`,
};

function valueOf(table: TenantTable, column: Column, canary: string, now: Date): unknown {
  const shape = shaped[`${table.name}.${column.name}`];
  if (shape) {
    const value = shape(canary);
    return column.type === "jsonb" ? JSON.stringify(value) : value;
  }
  if (column.labels) return column.labels[0];
  switch (column.type) {
    case "uuid":
      return uuidv7();
    case "uuid[]":
      return [uuidv7()];
    case "text":
      return canary;
    case "text[]":
      return [canary];
    case "jsonb":
      return JSON.stringify({ canary });
    case "inet":
      return "192.0.2.1";
    case "bytea":
      return Buffer.from(canary);
    case "bytea[]":
      return [Buffer.from(canary)];
    case "boolean":
      return false;
    case "date":
    case "timestamp with time zone":
      return /expires|ends/.test(column.name) ? new Date(now.getTime() + 3_600_000) : now;
    case "xid8":
      return "3";
    default:
      return 1;
  }
}

export const canaryOf = (slug: string): string => `canary-${slug}-`;

export async function populate(
  owner: pg.ClientBase,
  organizations: readonly { id: string; slug: string }[],
): Promise<Population> {
  const tables = await tenantTables(owner);
  const population: Population = new Map();
  for (const organization of organizations)
    population.set(organization.id, await populateOnce(owner, tables, organization));
  return population;
}

/** A row in each table, each referring to those made before it; `again`: beside the rows of an earlier time. */
export async function populateOnce(
  owner: pg.ClientBase,
  tables: readonly TenantTable[],
  { id, slug }: { id: string; slug: string },
  again?: { number: number; before: ReadonlyMap<string, Row> },
): Promise<Map<string, Row>> {
  const made = new Map(again?.before);
  const now = new Date();
  for (const table of tables) {
    const row: Row = {};
    for (const column of table.columns) {
      const canary = `${canaryOf(slug)}${table.name}-${column.name}`;
      row[column.name] = valueOf(table, column, again ? `${canary}-${again.number}` : canary, now);
    }
    const ago = again ? again.number * 31 * 86_400_000 : 0;
    for (const { name, type } of table.columns) if (type === "date") row[name] = new Date(now.getTime() - ago);
    for (const counted of ["seq", "number"])
      if (again && typeof row[counted] === "number") row[counted] += again.number;
    for (const { target, columns, targetColumns } of table.foreignKeys) {
      columns.forEach((column, index) => {
        row[column] = made.get(target)?.[targetColumns[index] as string] ?? null;
      });
    }
    row.organization_id = id;
    const names = Object.keys(row);
    const places = names.map((_, index) => `$${index + 1}`);
    // Of some things an organization can have one only.
    const { rowCount } = await owner.query(
      `INSERT INTO ${table.name} (${names.map((name) => `"${name}"`).join(", ")}) VALUES (${places.join(", ")})
       ${again ? "ON CONFLICT DO NOTHING" : ""}`,
      Object.values(row),
    );
    if (rowCount === 1) made.set(table.name, row);
  }
  return made;
}
