/**
 * Which columns of stored events a set of rules reads, and how they become events again. A wide row costs more to decode
 * than all the rules to evaluate, so only what some rule can look at is read.
 */
import { fromColumn } from "../ingest/enrich/stored.ts";
import type { SecurityEvent } from "../ingest/event.ts";
import type { FieldReader } from "./sigma/fields.ts";
import { notes, type Read } from "./sigma/read-sent.ts";

type Part = keyof SecurityEvent;

interface Column {
  /** The part of the event that it belongs to: a rule that looks at the part gets all of its columns. */
  part: Part;
  /** Its name within the part; absent: it is the part. */
  name?: string;
  /** An object whose entries belong to the part. */
  spread?: true;
  sql: string;
  /** What makes the part of what the column holds. */
  read?(value: unknown): unknown;
}

const within = (part: Part, columns: Record<string, string>): Column[] =>
  Object.entries(columns).map(([name, sql]) => ({ part, name, sql }));

/** Read always: the index of rules looks at them. */
const always: Column[] = [
  { part: "time", sql: "(extract(epoch FROM time) * 1000)::bigint" },
  { part: "category", sql: "category" },
  ...within("logsource", { product: "product", service: "service", category: "log_category" }),
];

/** Of an event that names a patient they are the patient's. */
const patients = new Set(["message", "target_id", "target_name", "patient_id", "http_path", "http_more"]);
const optional: Column[] = [
  ...(["action", "outcome", "severity", "device", "message"] as const).map((part) => ({ part, sql: part })),
  { part: "clientId", sql: "client_id" },
  { part: "userAgent", sql: "user_agent" },
  { part: "sessionId", sql: "session_id" },
  ...within("actor", {
    id: "actor_id",
    name: "actor_name",
    email: "actor_email",
    roles: "CASE WHEN actor_roles <> '{}' THEN actor_roles END",
  }),
  ...within("source", { ip: "host(source_ip)", port: "source_port" }),
  { part: "source", spread: true, sql: "source_geo" },
  ...within("target", { type: "target_type", id: "target_id", name: "target_name", patientId: "patient_id" }),
  ...within("http", { method: "http_method", path: "http_path", status: "http_status" }),
  { part: "http", spread: true, sql: "http_more" },
  { part: "enrichment", sql: "enrichment", read: fromColumn },
];

/** What rules look at in events. */
export interface Wanted {
  parts: ReadonlySet<Part>;
  /** Keys of `attributes`; "ALL": some rule searches for keywords. */
  attributes: ReadonlySet<string> | "ALL";
}

/** Notes the readers of the fields that are asked for while rules are compiled. */
export function notingFields(field: FieldReader, reads: Set<Read>): FieldReader {
  return (name, logsource) => {
    const read = field(name, logsource);
    reads.add(read);
    return read;
  };
}

/** What these readers look at. They are shown an event that has nothing, so each goes on to the last place that it knows. */
export function wantedBy(reads: ReadonlySet<Read>, words: boolean): Wanted {
  const parts = new Set<Part>();
  const keys = new Set<string>();
  const noteKey = (_: object, key: string | symbol): undefined => {
    keys.add(String(key));
  };
  const attributes = new Proxy({ [notes]: true }, { get: noteKey, getOwnPropertyDescriptor: noteKey });
  const nothing = new Proxy({} as SecurityEvent, {
    get(_, part) {
      parts.add(part as Part);
      return part === "attributes" ? attributes : part === "logsource" ? {} : undefined;
    },
  });
  for (const read of reads) read(nothing);
  if (words) for (const { part } of optional) parts.add(part);
  return { parts, attributes: words ? "ALL" : keys };
}

/**
 * An SQL expression of one JSON array a row, and what makes an event of it. `attributeKeys` is the parameter's place.
 * `hidesPatients`: without what stands in clear but is a patient's.
 */
export function layoutOf({ parts, attributes }: Wanted, attributeKeys: string, hidesPatients: boolean) {
  const columns = [...always, ...optional.filter(({ part }) => parts.has(part))];
  const hidden = (sql: string): string => (hidesPatients ? `CASE WHEN patient_id IS NULL THEN ${sql} END` : sql);
  const bag = hidden(
    attributes === "ALL" ? "attributes" : `CASE WHEN attributes ?| ${attributeKeys} THEN attributes END`,
  );
  const sql = `json_build_array(id, ${columns.map(({ sql }) => (patients.has(sql) ? hidden(sql) : sql)).join(", ")}, ${bag})`;
  return {
    sql,
    toEvent(row: unknown[]): SecurityEvent {
      const id = row[0] as string;
      const event: Record<string, unknown> = {
        id,
        receivedAt: Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16), // ids begin with the time of arrival
        logsource: {},
        attributes: row[columns.length + 1] ?? {},
      };
      for (let index = 0; index < columns.length; index++) {
        const value = row[index + 1];
        if (value === null) continue;
        const { part, name, spread, read } = columns[index] as Column;
        if (name === undefined && !spread) event[part] = read ? read(value) : value;
        else {
          const group = (event[part] ??= {}) as Record<string, unknown>;
          if (spread) Object.assign(group, value);
          else group[name as string] = value;
        }
      }
      return event as unknown as SecurityEvent;
    },
  };
}
