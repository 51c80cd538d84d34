/** Whom a detection is about: field names -> kinds of subject, by one table. */
import type { Logsource, SecurityEvent } from "../../ingest/event.ts";
import { oneSpelling } from "../../user-name.ts";
import type { Subject, SubjectKind } from "../detection.ts";
import type { FieldReader } from "../sigma/fields.ts";
import { groupValues, keyText } from "./group.ts";

/** A name that ends in a dot stands for all names below it. */
const kinds: readonly (readonly [string, SubjectKind])[] = [
  ["source.ip", "ADDRESS"],
  ["source.network", "ADDRESS"],
  ["source.address", "ADDRESS"],
  ["client.ip", "ADDRESS"],
  ["c-ip", "ADDRESS"],
  ["user.name.folded", "OTHER"], // maybe nobody's name: what is done to it would reach nobody
  ["user.", "USER"],
  ["actor.", "USER"],
  ["host.", "HOST"],
  ["session.id", "SESSION"],
  ["sessionId", "SESSION"],
  ["device.id", "DEVICE"],
  ["device", "DEVICE"],
  ["patient.id", "PATIENT"],
  ["target.patientId", "PATIENT"],
  ["service.", "SERVICE"],
];

export function subjectOf(field: string, value: string): Subject {
  const known = kinds.find(([name]) => (name.endsWith(".") ? field.startsWith(name) : field === name));
  const kind = known?.[1] ?? "OTHER";
  if (kind === "USER") return { kind, key: oneSpelling(value) };
  return { kind, key: kind === "OTHER" ? `${field}=${value}` : value };
}

/** Whom a group of a correlation is about, in the order of its group-by. */
export const subjectsOfGroup = (group: string, groupBy: readonly string[]): Subject[] =>
  groupValues(group, groupBy.length).map((value, index) => subjectOf(groupBy[index] ?? "", value));

/** Fields that may say whom a match of a plain rule is about, the first found being the group. */
const plainFields = ["source.ip", "user.name", "host.name"];

/** The subjects of an event that matched a plain rule; the first is its group. */
export function subjectReader(field: FieldReader, logsource: Logsource): (event: SecurityEvent) => Subject[] {
  const reads = plainFields.map((name) => ({ name, read: field(name, logsource) }));
  return (event) => {
    const found: Subject[] = [];
    for (const { name, read } of reads) {
      const value = name === "host.name" && found.length > 0 ? undefined : keyText(read(event));
      if (value !== undefined) found.push(subjectOf(name, value));
    }
    if (found.length > 0) return found;
    const { product, service, category } = event.logsource;
    return [subjectOf("logsource", [product, service, category].filter(Boolean).join("/") || "any")];
  };
}
