/**
 * How sensitive each field of an event is, in one table. SAFE may leave in any message; PII names a person who works or
 * connects; PHI is, or may hold, what identifies a patient. What is not in the model (`attributes`) is unknown: PHI.
 */
import type { SecurityEvent } from "./event.ts";

export type FieldClass = "SAFE" | "PII" | "PHI";

type Groups = "logsource" | "actor" | "source" | "target" | "http";
type InGroup = { [G in Groups]: `${G}.${keyof NonNullable<SecurityEvent[G]> & string}` }[Groups];
/** Every field of an event by its path, e.g. `target.patientId`. */
export type FieldPath = Exclude<keyof SecurityEvent, Groups> | InGroup;

export const fieldClasses: Readonly<Record<FieldPath, FieldClass>> = {
  id: "SAFE",
  clientId: "SAFE",
  time: "SAFE",
  receivedAt: "SAFE",
  "logsource.product": "SAFE",
  "logsource.service": "SAFE",
  "logsource.category": "SAFE",
  action: "SAFE",
  category: "SAFE",
  outcome: "SAFE",
  severity: "SAFE",
  "actor.id": "PII",
  "actor.name": "PII",
  "actor.email": "PII",
  "actor.roles": "SAFE",
  "source.ip": "PII",
  "source.port": "SAFE",
  "source.country": "SAFE",
  "source.city": "PII",
  "source.lat": "PII",
  "source.lon": "PII",
  userAgent: "PII",
  device: "PII",
  sessionId: "PII",
  "target.type": "SAFE",
  "target.id": "PHI",
  "target.name": "PHI",
  "target.patientId": "PHI",
  "http.method": "SAFE",
  "http.path": "PHI", // /patients/4711
  "http.query": "PHI",
  "http.status": "SAFE",
  "http.bytes": "SAFE",
  "http.durationMs": "SAFE",
  "http.referrer": "PHI",
  "http.host": "SAFE",
  message: "PHI",
  attributes: "PHI",
  enrichment: "PII",
  behaviour: "PII",
};

/** Attributes that Vigil's own parsers write, from words of their own: known, so never sealed or dropped as unknown. */
export const knownAttributes: ReadonlySet<string> = new Set([
  "sshd.event",
  "sshd.method",
  "sshd.invalidUser",
  "host.name",
  "process.name",
  "process.pid",
  "http.version",
  "http.request.malformed",
  "url.port",
  "vigil.clock",
  "vigil.originalTime",
]);
