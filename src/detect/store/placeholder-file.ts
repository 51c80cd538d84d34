/**
 * Lists of values as a file: the `vars` of a pySigma processing pipeline, which is where Sigma's own tools read them.
 * https://sigmahq-pysigma.readthedocs.io/en/latest/Processing_Pipelines.html
 */
import { stringify } from "yaml";
import { z } from "zod";
import type { Placeholders } from "../sigma/placeholders.ts";
import { readYaml, TooDeep } from "../sigma/yaml-text.ts";

const scalar = z.union([z.string(), z.number(), z.bigint(), z.boolean()]).transform(String);
const shape = z.strictObject({
  name: z.string().optional(),
  priority: z.number().optional(),
  vars: z.record(z.string(), z.union([z.array(scalar), scalar.transform((one) => [one])])),
});

/** By YAML 1.1, which those tools read: what it takes for no text is quoted. */
export function placeholderFile(lists: Placeholders): string {
  return stringify(
    { name: "Placeholders", priority: 10, vars: Object.fromEntries(lists) },
    { version: "1.1", lineWidth: 0 },
  );
}

/** The lists of a text that holds such and no rule; undefined: it is none. Throws where its `vars` are no lists. */
export function readPlaceholderFile(text: string): Placeholders | undefined {
  if (!/^["']?vars["']?\s*:/m.test(text)) return undefined;
  const value = valueOf(text);
  if (typeof value !== "object" || value === null || !("vars" in value) || "detection" in value) return undefined;
  const read = shape.safeParse(value);
  if (read.success) return new Map(Object.entries(read.data.vars));
  const [issue] = read.error.issues;
  throw new Error(
    `${issue?.path.join(".") || "the file"}: a file of placeholders has \`vars\`, lists of values by name`,
  );
}

/** Of a text with one document; undefined: it is none, or broken. */
function valueOf(text: string): unknown {
  try {
    const [document, ...others] = readYaml(text, { version: "1.2" });
    if (!document || others.length > 0 || document.errors.length > 0) return undefined;
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    if (error instanceof TooDeep) return undefined;
    throw error;
  }
}
