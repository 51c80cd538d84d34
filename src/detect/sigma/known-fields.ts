/**
 * The field names that a kind of log can have, for the kinds that Vigil knows completely: those of applications in its
 * own and ECS names, and web logs in Sigma's taxonomy. Products have fields of their own, so theirs are never judged.
 */
import type { Logsource } from "../../ingest/event.ts";
import { ecsFields, mappingOf, ownFields } from "./field-tables.ts";

const applications = new Set(["authentication", "authorization", "access", "data", "configuration"]);

/** Sigma's taxonomy of web servers and proxies, beyond what Vigil maps. */
const webTaxonomy = words(
  `date time s-sitename s-computername s-ip s-port cs-username sc-substatus sc-win32-status cs-bytes time-taken cs-version
   cs-cookie r-dns src_ip dst_ip`,
);

/** ECS names below the sets of which Vigil's core has a part. The events keep them as attributes. */
const ecsBeside = words(
  `event.agent_id_status event.code event.dataset event.duration event.end event.hash event.kind event.module
   event.original event.provider event.reason event.reference event.risk_score event.risk_score_norm event.sequence
   event.severity event.start event.timezone event.type event.url user.domain user.full_name user.hash user.risk.*
   user.changes.* user.effective.* user.target.* user.group.* source.bytes source.domain source.mac source.packets
   source.registered_domain source.subdomain source.top_level_domain source.nat.* source.geo.* source.as.* source.user.*
   client.* url.full url.scheme url.port url.fragment url.username url.password url.registered_domain url.subdomain
   url.top_level_domain http.version http.request.id http.request.bytes http.request.mime_type http.request.body.*
   http.response.mime_type http.response.body.content user_agent.name user_agent.version user_agent.device.*
   user_agent.os.* service.id service.version service.type service.environment service.state service.address
   service.ephemeral_id service.node.* service.origin.* service.target.* device.manufacturer device.model.*
   device.serial_number`,
);

/** ECS sets of which Vigil's core has nothing. */
const ecsSets = words(
  `agent as cloud code_signature container data_stream destination dll dns ecs email error faas file geo group hash host
   interface log network observer orchestrator organization os package pe process registry related rule server span
   threat tls trace transaction vlan volume vulnerability x509 labels`,
);
const ecsSingle = words("tags");

function words(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}

export interface KnownFields {
  has(name: string): boolean;
  /** Names to suggest. */
  names: readonly string[];
}

/** Undefined: this kind of log may have any field. */
export function knownFields({ product, service, category }: Logsource): KnownFields | undefined {
  if (product !== undefined || service !== undefined || category === undefined) return undefined;
  const mapping = mappingOf({ category });
  if (!mapping && !applications.has(category)) return undefined;
  const exact = new Set([...ecsFields.keys(), ...ownFields.keys(), ...ecsBeside, ...ecsSingle]);
  for (const name of mapping ? [...mapping.keys(), ...webTaxonomy] : []) exact.add(name);
  return { has: (name) => isKnown(exact, name), names: [...exact].filter((name) => !name.endsWith("*")) };
}

/** Whether events of a logsource may have a field of a name. */
export function mayHave(logsource: Logsource): (name: string) => boolean {
  return (name) => knownFields(logsource)?.has(name) ?? true; // asked of few names of few rules
}

function isKnown(exact: ReadonlySet<string>, name: string): boolean {
  if (exact.has(name) || /^attributes\../.test(name)) return true;
  const steps = name.split(".");
  if (steps.length > 1 && ecsSets.has(steps[0] ?? "")) return true;
  return steps.some((_, index) => index > 0 && exact.has(`${steps.slice(0, index).join(".")}.*`));
}
