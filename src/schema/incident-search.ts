import { searchCondition } from "../incident/related.ts";
import { builder } from "./builder.ts";
import type { Context } from "./context.ts";
import type { Preparation } from "./list.ts";
import { mayReadPatients } from "./phi.ts";
import { filtersBy, hidingBy } from "./phi-filter.ts";

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

const hiding = ["title", "fingerprint"]; // titles hold the keys of subjects
const telling = hidingBy("security_incidents", hiding);

/** The columns of a filter of incidents whose values may name a patient. */
export const namingColumns: readonly string[] = [...hiding, "words"];

/**
 * Words are looked up in a table of their own. Whoever may not read patients' data finds no incident about a patient by them,
 * nor by its title or fingerprint; the patients that others ask for by name count as read.
 */
export const byWords: Preparation = async (context: Context, filter) => {
  const told = await telling(context, filter);
  if (!filtersBy(filter, ["words"])) return told;
  const hides = !(await mayReadPatients(context));
  return {
    filter,
    special: (field, comparator, operand, values) => {
      if (field !== "words" || comparator !== "has" || typeof operand !== "string")
        return told.special?.(field, comparator, operand, values);
      values.push(operand.replaceAll("\0", " "));
      const found = searchCondition(values.length);
      const aboutPatient = `id IN (SELECT p.incident_id FROM incident_terms p WHERE p.organization_id = $1 AND p.term >= 'patient:' AND p.term < 'patient;')`;
      if (hides) return `(${found} AND NOT ${aboutPatient})`;
      for (const [, key] of operand.matchAll(/(?<=^|[^\p{L}\p{N}@._:/-])patient:([\p{L}\p{N}@._:/-]+)/giu))
        if (key !== undefined) context.patients?.add(key);
      return found;
    },
  };
};
