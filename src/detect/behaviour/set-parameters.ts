/** Parameters set one by one -> the rule's document with them; the rest of the text stays as it was written. */
import { parseDocument } from "yaml";
import { VigilError } from "../../errors.ts";
import { parseSigma } from "../sigma/parse.ts";

/** `value`: as JSON; null goes back to the default. */
export interface GivenParameter {
  name: string;
  value: unknown;
}

/** Throws BAD_USER_INPUT with one error for each value that does not fit. */
export function withParameters(yaml: string, given: readonly GivenParameter[]): string {
  if (given.length === 0) return yaml;
  const [before] = parseSigma(yaml).documents;
  if (before?.kind !== "BEHAVIOUR") {
    const message = "Only behaviour rules have parameters; this one is changed by its yaml";
    throw new VigilError("BAD_USER_INPUT", message, { path: ["input", "parameters"] });
  }
  const twice = given.find(({ name }, place) => given.findIndex((other) => other.name === name) !== place);
  if (twice) throw refuse([{ place: given.indexOf(twice), message: `${twice.name} is given twice` }]);
  const document = parseDocument(yaml, { version: "1.2", intAsBigInt: true });
  for (const { name, value } of given) {
    const path = ["behaviour", "parameters", name];
    if (value !== null && value !== undefined) document.setIn(path, value);
    else if (document.hasIn(path)) document.deleteIn(path);
  }
  const text = document.toString({ lineWidth: 0 });
  const { errors } = parseSigma(text);
  if (errors.length > 0)
    throw refuse(
      errors.map(({ path, message }) => ({
        place: given.findIndex(({ name }) => path.startsWith(`behaviour.parameters.${name}`)),
        message,
      })),
    );
  return text;
}

function refuse(faults: readonly { place: number; message: string }[]): VigilError {
  const userErrors = faults.map(({ place, message }) => ({
    code: "BAD_USER_INPUT" as const,
    message,
    path: ["input", "parameters", ...(place < 0 ? [] : [String(place)])],
  }));
  const message = faults.map((fault) => fault.message).join("\n");
  return new VigilError("BAD_USER_INPUT", message, { path: ["input", "parameters"], detail: { userErrors } });
}
