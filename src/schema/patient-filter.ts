import { type Context, viewerOf } from "./context.ts";
import { type Filter, whereIn } from "./filter.ts";
import { mayReadPatients } from "./phi.ts";

type Where = Record<string, unknown>;

/**
 * Prisma's `where` for events. A patient id that is stored sealed is found by its blind index, by equality alone and
 * only by viewers who may read PHI; others find those stored in clear.
 */
export async function eventsWhere(context: Context, filter: Filter | null | undefined) {
  const where = whereIn(context, filter);
  const wanted = new Set<string>();
  replace(where, (condition) => {
    for (const value of valuesOf(condition)) wanted.add(value);
    return undefined;
  });
  const mayFind = wanted.size > 0 && (await mayReadPatients(context));
  const indexOf = mayFind ? await context.services.patientIndexer(viewerOf(context).organizationId) : undefined;
  return replace(where, (condition) => {
    if (condition === null) return { patientId: null, patientIndex: null };
    if (condition.not === null) return { OR: [{ patientId: { not: null } }, { patientIndex: { not: null } }] };
    if (!indexOf) return undefined;
    const indexes = { patientIndex: { in: valuesOf(condition).map((value) => new Uint8Array(indexOf(value))) } };
    const sealed = { AND: [{ patientIndex: { not: null } }, indexes] };
    const clear = { AND: [{ patientId: { not: null } }, { patientId: condition }] }; // false, not unknown, where it is null
    if (condition.not !== undefined || condition.notIn !== undefined) {
      return { OR: [clear, { AND: [{ patientIndex: { not: null } }, { NOT: indexes }] }] };
    }
    const isEquality = condition.equals !== undefined || condition.in !== undefined;
    return isEquality ? { OR: [clear, sealed] } : undefined;
  }) as typeof where;
}

/** The values that a condition on the patient id names. */
function valuesOf(condition: Where | null): string[] {
  if (condition === null) return [];
  return [condition.equals, condition.not, condition.in, condition.notIn]
    .flat()
    .filter((value) => typeof value === "string");
}

/** A copy of the `where` in which every condition on the patient id is what `change` makes of it; null: is not set. */
function replace(where: unknown, change: (condition: Where | null) => Where | undefined): unknown {
  if (Array.isArray(where)) return where.map((one) => replace(one, change));
  if (typeof where !== "object" || where === null || Object.getPrototypeOf(where) !== Object.prototype) return where;
  if (Object.hasOwn(where, "patientId")) return change((where as Where).patientId as Where | null) ?? where;
  return Object.fromEntries(Object.entries(where).map(([key, value]) => [key, replace(value, change)]));
}
