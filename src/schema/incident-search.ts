import { searchCondition } from "../incident/related.ts";
import { builder } from "./builder.ts";
import type { Context } from "./context.ts";
import { compare, type Filter } from "./filter.ts";
import type { Preparation } from "./list.ts";
import { mayReadPatients, subjectsHold } from "./phi.ts";

/** Words an incident is found by. */
export const WordsFilter = builder.inputType("WordsFilter", {
  description: "Conditions on the words something is found by.",
  fields: (t) => ({
    has: t.string({
      description:
        "Has all of these words, whatever their case: of the title, or keys of subjects such as a user, an address, or user:ann.",
    }),
  }),
});

/** Titles hold the keys of subjects, as words do. */
const uses = (filter: Filter | null | undefined): boolean =>
  Object.entries(filter ?? {}).some(([name, value]) =>
    name === "words" || name === "title"
      ? value != null
      : ["and", "or", "not"].includes(name) && [value].flat().some((one) => uses(one as Filter)),
  );

/**
 * Words are looked up in a table of their own. Whoever may not read patients' data finds no incident about a patient by them,
 * nor by its title.
 */
export const byWords: Preparation = async (context: Context, filter) => {
  if (!uses(filter)) return { filter };
  const hides = !(await mayReadPatients(context));
  return {
    filter,
    special: (field, comparator, operand, values) => {
      if (field === "title" && hides)
        return `(${compare("title", comparator, operand, values)} AND NOT ${subjectsHold("security_incidents")})`;
      if (field !== "words" || comparator !== "has" || typeof operand !== "string") return undefined;
      values.push(operand.replaceAll("\0", " "));
      const found = searchCondition(values.length);
      const aboutPatient = `id IN (SELECT p.incident_id FROM incident_terms p WHERE p.organization_id = $1 AND p.term >= 'patient:' AND p.term < 'patient;')`;
      return hides ? `(${found} AND NOT ${aboutPatient})` : found;
    },
  };
};
