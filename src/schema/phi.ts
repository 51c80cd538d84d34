/**
 * Patients' data in answers: withheld from whoever may not read it, noted for the audit log where it is read. One table
 * says which fields those are; `guardPatients` puts the guard before each of them.
 */
import type { GraphQLField, GraphQLFieldResolver, GraphQLSchema } from "graphql";
import { isObjectType } from "graphql";
import { lacksSecondFactor, may } from "../access/permissions.ts";
import { activeBreakGlass } from "../audit/break-glass.ts";
import { type Context, viewerOf } from "./context.ts";

type Row = Record<string, unknown>;
type Hide = (value: unknown, keys: string[]) => unknown;

const nothing: Hide = () => null;
export const mark = "[withheld]";
const withheld: Hide = () => mark;
const masked: Hide = (value, keys) => keys.reduce((text, key) => text.replaceAll(key, mark), String(value));
const maskedSubjects: Hide = (value) =>
  (value as { kind: string; key: string }[]).map((subject) =>
    isPatient(subject.kind) ? { ...subject, key: mark } : subject,
  );

/** Whether a subject of this kind is a patient. */
export const isPatient = (kind: string): boolean => /patient/i.test(kind);
const fromColumn = ({ patientId }: Row): string[] => (typeof patientId === "string" ? [patientId] : []);
/** The patients among the subjects of a row. */
export const patientsAmong = ({ subjects }: { subjects?: unknown }): string[] =>
  ((subjects ?? []) as { kind: string; key: string }[]).filter(({ kind }) => isPatient(kind)).map(({ key }) => key);

/** In SQL, of a row of a table with the column `subjects`: whether any of them is a patient. */
export const subjectsHold = (row: string): string =>
  `${row}.subjects @? '$[*] ? (@.kind like_regex "patient" flag "i")'`;

/**
 * By type: whose data a row holds, in which fields, and what is answered instead of each; `holds`: the same in SQL, whether a
 * row holds any, for what is read without its resolvers.
 */
const table: Record<
  string,
  { patientsOf(row: Row): string[]; holds?: (row: string) => string; fields: Record<string, Hide> }
> = {
  SecurityEvent: {
    patientsOf: fromColumn,
    fields: {
      patientId: nothing,
      targetId: nothing,
      targetName: nothing,
      message: nothing,
      httpPath: nothing,
      httpMore: nothing,
      attributes: () => ({}),
    },
  },
  Detection: {
    patientsOf: patientsAmong,
    holds: subjectsHold,
    fields: { subjects: maskedSubjects, explanation: masked, fingerprint: withheld }, // a hash of few keys can be guessed
  },
  IncidentEntry: { patientsOf: ({ incident }) => patientsAmong((incident ?? {}) as Row), fields: { message: masked } },
  Incident: {
    patientsOf: patientsAmong,
    holds: subjectsHold,
    fields: { subjects: maskedSubjects, title: masked, fingerprint: withheld },
  },
};

/** Whether whoever asks may read patients' data: by their role, or by a break-glass use that is not over. */
export async function mayReadPatients(context: Context): Promise<boolean> {
  const viewer = viewerOf(context);
  if (lacksSecondFactor(viewer, "phi.read")) return false;
  return may(viewer, "phi.read") || inEmergency(context);
}

const believedMs = 2_000; // a subscription outlives what a reviewer finds

/** Whether whoever asks has a break-glass use that is not over: known again for two seconds at most. */
export async function inEmergency(context: Context): Promise<boolean> {
  const viewer = viewerOf(context);
  const { db, now } = context.services;
  // A subscription that many share has no id, and its answer no end: whoever shares it has been asked for before.
  if (context.breakGlass === undefined || now() >= (context.breakGlassUntil ?? Number.POSITIVE_INFINITY)) {
    context.breakGlassUntil = now() + believedMs;
    context.breakGlass = activeBreakGlass(db, viewer.organizationId, viewer.id, now());
  }
  const use = await context.breakGlass;
  return use !== undefined && use.expiresAt.getTime() > now();
}

/** For filters: whoever may not read patients' data may not find out about it by asking for it either. */
export async function hidesPatients(context: Context, filter: object | null | undefined): Promise<boolean> {
  const keys = new Set<string>();
  const named = namesIn(filter, keys);
  if (!Object.keys(table.SecurityEvent?.fields ?? {}).some((name) => named.has(name))) return false;
  if (!(await mayReadPatients(context))) return true;
  for (const key of keys) context.patients?.add(key);
  return false;
}

/** The patients a filter asks for. */
export function patientsIn(filter: object | null | undefined): Set<string> {
  const keys = new Set<string>();
  namesIn(filter, keys);
  return keys;
}

/** The names of columns in a filter; the patients it asks for go into `keys`. */
function namesIn(filter: unknown, keys: Set<string>, names = new Set<string>()): Set<string> {
  if (Array.isArray(filter)) for (const item of filter) namesIn(item, keys, names);
  else if (typeof filter === "object" && filter !== null) {
    for (const [name, value] of Object.entries(filter)) {
      names.add(name);
      if (name === "and" || name === "or" || name === "not") namesIn(value, keys, names);
      else if (name === "patientId") for (const key of textsIn(value)) keys.add(key);
    }
  }
  return names;
}

function textsIn(comparators: unknown): string[] {
  return Object.values((comparators ?? {}) as object)
    .flat()
    .filter((value) => typeof value === "string");
}

/** What stands before a field; `holds` as in the table. */
export interface PatientGuard {
  holds?: ((row: string) => string) | undefined;
}

/** The guard before a field; undefined: there is none. */
export const patientGuardOf = ({ extensions }: GraphQLField<unknown, unknown>): PatientGuard | undefined =>
  extensions.patientGuard as PatientGuard | undefined;

/** Puts the guard before every field of the table. */
export function guardPatients(schema: GraphQLSchema): GraphQLSchema {
  for (const [name, { patientsOf, holds, fields }] of Object.entries(table)) {
    const type = schema.getType(name);
    if (!isObjectType(type)) throw new Error(`${name} is no type of the schema`);
    for (const [fieldName, hide] of Object.entries(fields)) {
      const field = type.getFields()[fieldName];
      if (!field?.resolve) throw new Error(`${name}.${fieldName} is no field of the schema`);
      field.resolve = guarded(field.resolve as GraphQLFieldResolver<Row, Context>, patientsOf, hide) as never;
      field.extensions = { ...field.extensions, patientGuard: { holds } satisfies PatientGuard };
    }
  }
  return schema;
}

function guarded(
  resolve: GraphQLFieldResolver<Row, Context>,
  patientsOf: (row: Row) => string[],
  hide: Hide,
): GraphQLFieldResolver<Row, Context> {
  return (row, args, context, info) => {
    const patients = patientsOf(row);
    if (patients.length === 0) return resolve(row, args, context, info);
    return (async () => {
      const value = await resolve(row, args, context, info);
      if (value === null || value === undefined) return value;
      if (!(await mayReadPatients(context))) return hide(value, patients);
      for (const key of patients) context.patients?.add(key);
      return value;
    })();
  };
}
