import { type Context, viewerOf } from "./context.ts";
import type { Filter, Reading } from "./filter.ts";
import type { Preparation } from "./list.ts";
import { hidesPatients, mayReadPatients, patientsIn } from "./phi.ts";

/**
 * Filters of events. A patient id that is stored sealed is found by its blind index, by equality alone and only by
 * viewers who may read PHI; a filter of others that could tell them something of a patient finds no patient's events.
 */
export const forPatients: Preparation = async (context, filter) => {
  if (await hidesPatients(context, filter)) {
    const nobody: Filter = { and: [...(filter ? [filter] : []), { patientId: { eq: null } }] };
    return { filter: nobody, special: comparing(undefined) };
  }
  return { filter, special: comparing(await indexerFor(context, filter)) };
};

async function indexerFor(context: Context, filter: Filter | null | undefined) {
  if (patientsIn(filter).size === 0 || !(await mayReadPatients(context))) return undefined;
  return context.services.patientIndexer(viewerOf(context).organizationId);
}

function comparing(indexOf: ((patientId: string) => Buffer) | undefined): NonNullable<Reading["special"]> {
  // Never unknown, also of a column that is null, so that what stands under a NOT is right too.
  return (field, comparator, operand, values) => {
    if (field !== "patientId") return undefined;
    if (operand === null && comparator === "eq") return "(patient_id IS NULL AND patient_index IS NULL)";
    if (operand === null && comparator === "neq") return "(patient_id IS NOT NULL OR patient_index IS NOT NULL)";
    const wanted = [operand].flat().filter((value) => typeof value === "string");
    if (!indexOf || wanted.some((value) => value.includes("\0"))) return undefined;
    const places = (): [string, string] => {
      values.push(wanted, wanted.map(indexOf));
      return [`$${values.length - 1}::text[]`, `$${values.length}::bytea[]`];
    };
    if (comparator === "eq" || comparator === "in") {
      const [clear, sealed] = places();
      return `((patient_id IS NOT NULL AND patient_id = ANY (${clear})) OR (patient_index IS NOT NULL AND patient_index = ANY (${sealed})))`;
    }
    if (comparator === "neq" || comparator === "notIn") {
      const [clear, sealed] = places();
      return `((patient_id IS NOT NULL AND patient_id <> ALL (${clear})) OR (patient_index IS NOT NULL AND patient_index <> ALL (${sealed})))`;
    }
    return undefined;
  };
}
