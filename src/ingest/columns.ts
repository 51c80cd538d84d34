/** An event as its row: which column holds what, and how a batch's values of it travel. */
import { arrayWithin, bytesArray, jsonArray, plainArray, textArray, timesArray } from "./array-text.ts";
import { toColumn } from "./enrich/stored.ts";
import type { SecurityEvent } from "./event.ts";
import type { StoredEvent } from "./sealing.ts";

export interface Column {
  name: string;
  /** Of its parameter, and what the row gets of it. */
  type: string;
  /** The batch's values as one parameter; undefined: no event has one. */
  values(events: readonly StoredEvent[]): string | Buffer | undefined;
}

type Of<Value> = (event: SecurityEvent, stored: StoredEvent) => Value | undefined;

function column<Value>(
  name: string,
  type: string,
  of: Of<Value>,
  encode: (values: (Value | undefined)[]) => string | Buffer,
): Column {
  return {
    name,
    type,
    values(events) {
      const values = new Array<Value | undefined>(events.length);
      let any = false;
      for (let n = 0; n < events.length; n++) {
        const stored = events[n] as StoredEvent;
        const value = of(stored.clear, stored);
        if (value !== undefined) any = true;
        values[n] = value;
      }
      return any ? encode(values) : undefined;
    },
  };
}

const plain = (name: string, type: string, of: Of<string | number>) => column(name, type, of, plainArray);
const text = (name: string, of: Of<string>) => column(name, "text", of, textArray);
const json = (name: string, of: Of<string>) => column(name, "jsonb", of, jsonArray);
const bytes = (name: string, of: Of<Buffer>) => column(name, "bytea", of, bytesArray);
/** An array of arrays would have to be rectangular, so these travel as texts. */
const texts = (name: string, of: Of<string[]>) =>
  column(name, "text[]", (event, stored) => arrayWithin(of(event, stored) ?? []), textArray);

function sourceGeo({ source }: SecurityEvent): string | undefined {
  if (!source) return undefined;
  const { country, city, lat, lon } = source;
  if (country === undefined && city === undefined && lat === undefined && lon === undefined) return undefined;
  return JSON.stringify({ country, city, lat, lon });
}

function httpMore({ http }: SecurityEvent): string | undefined {
  if (!http) return undefined;
  const { query, bytes, durationMs, referrer, host } = http;
  const more = query ?? bytes ?? durationMs ?? referrer ?? host;
  return more === undefined ? undefined : JSON.stringify({ query, bytes, durationMs, referrer, host });
}

const withoutAny = JSON.stringify({});

function attributesText({ attributes }: SecurityEvent): string {
  for (const _ in attributes) return JSON.stringify(attributes);
  return withoutAny;
}

export const columns: readonly Column[] = [
  plain("id", "uuid", ({ id }) => id),
  text("client_id", ({ clientId }) => clientId),
  {
    name: "time",
    type: "timestamptz",
    values: (events) => timesArray(events.map(({ clear }) => clear.time)),
  },
  text("product", ({ logsource }) => logsource.product),
  text("service", ({ logsource }) => logsource.service),
  text("log_category", ({ logsource }) => logsource.category),
  text("action", ({ action }) => action),
  plain("category", "event_category", ({ category }) => category),
  plain("outcome", "event_outcome", ({ outcome }) => outcome),
  plain("severity", "severity", ({ severity }) => severity),
  text("actor_id", ({ actor }) => actor?.id),
  text("actor_name", ({ actor }) => actor?.name),
  text("actor_email", ({ actor }) => actor?.email),
  texts("actor_roles", ({ actor }) => actor?.roles),
  plain("source_ip", "inet", ({ source }) => source?.ip),
  plain("source_port", "int", ({ source }) => source?.port),
  json("source_geo", sourceGeo),
  text("user_agent", ({ userAgent }) => userAgent),
  text("device", ({ device }) => device),
  text("session_id", ({ sessionId }) => sessionId),
  text("target_type", ({ target }) => target?.type),
  text("target_id", ({ target }) => target?.id),
  text("target_name", ({ target }) => target?.name),
  text("patient_id", ({ target }) => target?.patientId),
  text("http_method", ({ http }) => http?.method),
  text("http_path", ({ http }) => http?.path),
  plain("http_status", "int", ({ http }) => http?.status),
  json("http_more", httpMore),
  text("message", ({ message }) => message),
  json("attributes", attributesText),
  bytes("sealed", (_event, { sealed }) => sealed),
  texts("sealed_fields", (_event, { sealedFields }) => sealedFields),
  bytes("patient_index", (_event, { patientIndex }) => patientIndex),
  json("enrichment", ({ enrichment }) => enrichment && toColumn(enrichment)),
  json("behaviour", ({ behaviour }) => behaviour && JSON.stringify(behaviour)),
];
