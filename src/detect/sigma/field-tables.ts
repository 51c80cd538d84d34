/**
 * The names by which rules may call the typed core of an event, as tables: ECS names, Vigil's own, and the names of each
 * kind of log. To teach Vigil a log source's names, add a line here.
 */
import { networkOf } from "../../address.ts";
import type { Logsource } from "../../ingest/event.ts";
import { type Read, readSent } from "./read-sent.ts";
import { commandOf, headersOf, inputOf, uploadsOf } from "./request-text.ts";
import { agentOf, referrerOf, requestOf } from "./whole-text.ts";

type Table = ReadonlyMap<string, Read>;

const slotMs = 300_000; // 5 minutes

/** Whoever acted, by the best name there is. */
const userName: Read = (event) => event.actor?.name ?? event.actor?.email ?? event.actor?.id;
const userNameSent = readSent("user.name", userName);
/** What has no sound of its own: marks such as accents, and unseen characters. Signs of one script alone are letters there. */
const ignored = /[\p{Script=Inherited}\p{Default_Ignorable_Code_Point}]/gu;
/**
 * As directories (RFC 4518) and the usual collations of databases compare names: without case, width, accents, unseen
 * characters and blanks too many. Of a list, each of its texts.
 */
const folded = (value: unknown): unknown =>
  typeof value === "string"
    ? value.normalize("NFKD").replaceAll(ignored, "").normalize("NFC").toLowerCase().replaceAll(/\s+/g, " ").trim()
    : Array.isArray(value)
      ? value.map(folded)
      : value;
/** As the sender said, else as the address says. */
const country: Read = ({ source, enrichment }) => source?.country ?? enrichment?.place?.country;
const city: Read = ({ source, enrichment }) => source?.city ?? enrichment?.place?.city;
const path: Read = (event) => requestOf(event).paths[0];
const query: Read = (event) => requestOf(event).queries[0];
const uri: Read = (event) => {
  const { origin, paths, queries } = requestOf(event);
  if (paths[0] === undefined) return undefined;
  return queries[0] ? `${origin}${paths[0]}?${queries[0]}` : origin + paths[0];
};
const counts = [
  ...["count", "rows", "records", "recordCount", "record_count", "rowCount", "row_count"],
  ...["export.count", "export.rows", "export.records"],
].map((name) => readSent(name));
const isCount = (value: unknown): boolean =>
  typeof value === "number" || (typeof value === "string" && /^\d+$/.test(value));
/** How many records an export holds, by the names that applications have for it. */
export const recordCount: Read = (event) => counts.map((read) => read(event)).find(isCount);
const extension: Read = (event) => /\.([^./]+)$/.exec(requestOf(event).paths[0] ?? "")?.[1];

export const ecsFields: Table = new Map<string, Read>([
  ["@timestamp", (event) => event.time],
  ["event.id", (event) => event.id],
  ["event.created", (event) => event.time],
  ["event.ingested", (event) => event.receivedAt],
  ["event.action", (event) => event.action],
  ["event.category", (event) => event.category],
  ["event.outcome", (event) => event.outcome],
  ["user.id", (event) => event.actor?.id],
  ["user.name", userName],
  ["user.email", (event) => event.actor?.email],
  ["user.roles", (event) => event.actor?.roles],
  ["source.ip", (event) => event.source?.ip],
  ["source.address", (event) => event.source?.ip],
  ["source.port", (event) => event.source?.port],
  ["source.geo.country_iso_code", country],
  ["source.geo.city_name", city],
  ["source.as.number", ({ enrichment }) => enrichment?.network?.asn],
  ["source.as.organization.name", ({ enrichment }) => enrichment?.network?.name],
  ["source.network.kind", ({ enrichment }) => enrichment?.network?.kind],
  ["client.ip", (event) => event.source?.ip],
  ["user_agent.original", agentOf],
  ["user_agent.name", ({ enrichment }) => enrichment?.agent?.browser],
  ["user_agent.os.name", ({ enrichment }) => enrichment?.agent?.os],
  ["user_agent.device.name", ({ enrichment }) => enrichment?.agent?.device],
  ["device.id", (event) => event.device],
  ["session.id", (event) => event.sessionId],
  ["target.type", (event) => event.target?.type],
  ["target.id", (event) => event.target?.id],
  ["target.name", (event) => event.target?.name],
  ["patient.id", (event) => event.target?.patientId],
  ["url.path", path],
  ["url.query", query],
  ["url.original", uri],
  ["url.domain", (event) => event.http?.host],
  ["url.extension", extension],
  ["http.request.method", (event) => event.http?.method],
  ["http.request.referrer", referrerOf],
  ["http.response.status_code", (event) => event.http?.status],
  ["http.response.bytes", (event) => event.http?.bytes],
  ["http.response.body.bytes", (event) => event.http?.bytes],
  ["service.name", (event) => event.logsource.service],
  ["message", (event) => event.message],
]);

export const ownFields: Table = new Map<string, Read>([
  ["id", (event) => event.id],
  ["clientId", (event) => event.clientId],
  ["time", (event) => event.time],
  ["receivedAt", (event) => event.receivedAt],
  ["action", (event) => event.action],
  ["category", (event) => event.category],
  ["outcome", (event) => event.outcome],
  ["severity", (event) => event.severity],
  ["actor.id", (event) => event.actor?.id],
  ["actor.name", userName],
  ["actor.email", (event) => event.actor?.email],
  ["actor.roles", (event) => event.actor?.roles],
  ["user.name.folded", (event) => folded(userNameSent(event))],
  ["event.slot", (event) => Math.floor(event.time / slotMs)],
  ["source.network", ({ source }) => (source?.ip === undefined ? undefined : networkOf(source.ip))],
  ["source.country", country],
  ["source.city", city],
  ["userAgent", agentOf],
  ["device", (event) => event.device],
  ["sessionId", (event) => event.sessionId],
  ["target.patientId", (event) => event.target?.patientId],
  ["record.count", recordCount],
  ["http.method", (event) => event.http?.method],
  ["http.path", path],
  ["http.query", query],
  ["http.status", (event) => event.http?.status],
  ["http.bytes", (event) => event.http?.bytes],
  ["http.durationMs", (event) => event.http?.durationMs],
  ["http.referrer", referrerOf],
  ["http.host", (event) => event.http?.host],
  ["http.input", inputOf],
  ["http.command", commandOf],
  ["http.uploads", uploadsOf],
  ["http.input.headers", headersOf],
  ["logsource.product", (event) => event.logsource.product],
  ["logsource.service", (event) => event.logsource.service],
  ["logsource.category", (event) => event.logsource.category],
]);

/** W3C extended log names, used by Sigma for web servers and proxies. */
const webLog: Table = new Map<string, Read>([
  ["c-ip", (event) => event.source?.ip],
  ["cs-method", (event) => event.http?.method],
  ["c-uri", uri],
  ["cs-uri", uri],
  ["c-uri-extension", extension],
  ["c-uri-query", query],
  ["cs-uri-query", query],
  ["c-uri-stem", path],
  ["cs-uri-stem", path],
  ["sc-status", (event) => event.http?.status],
  ["sc-bytes", (event) => event.http?.bytes],
  ["c-useragent", agentOf],
  ["cs-user-agent", agentOf],
  ["cs-host", (event) => event.http?.host],
  ["cs-referer", referrerOf],
  ["cs-referrer", referrerOf],
  ["cs-username", userName],
]);

const logsourceFields: readonly { when: Logsource; fields: Table }[] = [
  { when: { category: "webserver" }, fields: webLog },
  { when: { category: "proxy" }, fields: webLog },
];

/** The mapping of a rule's logsource, if it has one. */
export function mappingOf(logsource: Logsource): Table | undefined {
  return logsourceFields.find(({ when }) =>
    (["product", "service", "category"] as const).every(
      (part) => when[part] === undefined || when[part] === logsource[part],
    ),
  )?.fields;
}
