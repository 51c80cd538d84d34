import type { EventCategory } from "./event.ts";
import { type Group, groupFields, plainFields } from "./fields.ts";
import type { Read } from "./readers.ts";

/** Elastic Common Schema: which of its fields are part of our typed core. The rest stay in the attributes. */
const paths = {
  "event.id": "clientId",
  "event.action": "action",
  message: "message",
  "user_agent.original": "userAgent",
  "device.id": "device",
  "session.id": "sessionId",
  "logsource.product": "logsource.product",
  "logsource.service": "logsource.service",
  "logsource.category": "logsource.category",
  "user.id": "actor.id",
  "user.name": "actor.name",
  "user.email": "actor.email",
  "user.roles": "actor.roles",
  "user.target.id": "target.id",
  "user.target.name": "target.name",
  "source.ip": "source.ip",
  "source.port": "source.port",
  "source.geo.country_iso_code": "source.country",
  "source.geo.city_name": "source.city",
  "source.geo.location.lat": "source.lat",
  "source.geo.location.lon": "source.lon",
  "http.request.method": "http.method",
  "http.request.referrer": "http.referrer",
  "http.response.status_code": "http.status",
  "http.response.body.bytes": "http.bytes",
  "http.response.bytes": "http.bytes",
  "url.path": "http.path",
  "url.query": "http.query",
  "url.domain": "http.host",
} as const;

const numeric = new Set(["port", "lat", "lon", "status", "bytes"]);

export interface EcsField {
  group: Group | undefined;
  name: string;
  read: Read<unknown>;
  /** Elasticsearch stores the text "200" in a number's place and the number 17 in a keyword's; so do we. */
  kind: "text" | "number" | "list";
}

export const ecsFields = new Map<string, EcsField>();
/** The objects that contain such a field, e.g. `source` and `source.geo`. */
export const ecsPrefixes = new Set<string>(["event"]);

for (const [path, target] of Object.entries(paths)) {
  const [first, second] = target.split(".") as [string, string?];
  const group = second === undefined ? undefined : (first as Group);
  const name = second ?? first;
  const readers = (group === undefined ? plainFields : groupFields[group]) as Record<string, Read<unknown>>;
  const kind = name === "roles" ? "list" : numeric.has(name) ? "number" : "text";
  ecsFields.set(path, { group, name, read: readers[name] as Read<unknown>, kind });
  for (let dot = path.indexOf("."); dot > 0; dot = path.indexOf(".", dot + 1)) ecsPrefixes.add(path.slice(0, dot));
}

/** ECS has more categories than we do. A value that is not literally ours also stays in the attributes. */
export const ecsCategories = new Map<string, EventCategory>([
  ["authentication", "AUTHENTICATION"],
  ["session", "AUTHENTICATION"],
  ["authorization", "AUTHORIZATION"],
  ["iam", "AUTHORIZATION"],
  ["access", "ACCESS"],
  ["api", "ACCESS"],
  ["data", "DATA"],
  ["database", "DATA"],
  ["file", "DATA"],
  ["configuration", "CONFIGURATION"],
  ["registry", "CONFIGURATION"],
  ["web", "WEB"],
  ["network", "NETWORK"],
  ["process", "PROCESS"],
  ["other", "OTHER"],
]);
