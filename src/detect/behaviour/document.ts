/** The `behaviour` part of a rule's document: which detector, and its parameters. */
import { distance } from "fastest-levenshtein";
import type { BehaviourBody } from "../sigma/document.ts";
import { get, isShape, type Shape } from "../sigma/shape.ts";
import type { Path, Report } from "../sigma/source.ts";
import type { Parameter } from "./behaviour-detector.ts";
import { detectorNamed, detectors } from "./detectors.ts";

type Value = BehaviourBody["parameters"][string];

const misplaced = ["detection", "correlation", "filter", "logsource"];
const mostTexts = 1_000; // of a parameter that is a list

export function parseBehaviour(shape: Shape, report: Report): BehaviourBody | undefined {
  let sound = true;
  const refuse: (path: Path, message: string) => void = (path, message) => {
    sound = false;
    report(path, "INVALID", message);
  };
  for (const key of misplaced)
    if (get(shape, key) !== undefined)
      refuse([key], `a behaviour rule has no ${key}: its detector knows which events it is about`);
  const behaviour = get(shape, "behaviour");
  if (!isShape(behaviour)) {
    refuse(["behaviour"], "behaviour is a map of detector and parameters");
    return undefined;
  }
  for (const key of Object.keys(behaviour))
    if (key !== "detector" && key !== "parameters")
      refuse(["behaviour", key], `behaviour has no ${key}, only detector and parameters`);
  const name = get(behaviour, "detector");
  const detector = typeof name === "string" ? detectorNamed(name) : undefined;
  if (!detector) {
    refuse(
      ["behaviour", "detector"],
      unknownWords(
        "detector",
        name,
        detectors.map((one) => one.name),
      ),
    );
    return undefined;
  }
  const given = get(behaviour, "parameters") ?? {};
  if (!isShape(given)) {
    refuse(["behaviour", "parameters"], "parameters is a map of names and values");
    return undefined;
  }
  const parameters: Record<string, Value> = {};
  for (const [key, written] of Object.entries(given)) {
    const path = ["behaviour", "parameters", key];
    const parameter = Object.hasOwn(detector.parameters, key) ? detector.parameters[key] : undefined;
    const value = typeof written === "bigint" ? Number(written) : written;
    const fault = parameter
      ? valueFault(value, parameter)
      : unknownWords(`parameter of ${detector.name}`, key, Object.keys(detector.parameters));
    if (fault) refuse(path, fault);
    else parameters[key] = (Array.isArray(value) ? value.map(String) : value) as Value;
  }
  return sound ? { detector: detector.name, parameters } : undefined;
}

/** Why the value does not fit the parameter; undefined: it does. */
function valueFault(value: unknown, { default: usual, min, max, description }: Parameter): string | undefined {
  const what = description.replace(/\.$/, "");
  if (typeof usual === "boolean") return typeof value === "boolean" ? undefined : `${what}: must be true or false`;
  if (typeof usual === "number") {
    if (typeof value !== "number" || !Number.isFinite(value)) return `${what}: must be a number, e.g. ${usual}`;
    if ((min !== undefined && value < min) || (max !== undefined && value > max))
      return `${what}: must be ${boundsWords(min, max)}, and is ${value}`;
    return undefined;
  }
  const isText = (one: unknown) => ["string", "number", "bigint"].includes(typeof one) && String(one).trim() !== "";
  if (!Array.isArray(value) || !value.every(isText)) return `${what}: must be a list of texts`;
  return value.length > mostTexts ? `${what}: at most ${mostTexts} texts` : undefined;
}

function boundsWords(min: number | undefined, max: number | undefined): string {
  if (min !== undefined && max !== undefined) return `from ${min} to ${max}`;
  return min === undefined ? `at most ${max}` : `at least ${min}`;
}

function unknownWords(what: string, name: unknown, known: readonly string[]): string {
  if (typeof name !== "string") return `names a ${what}: ${known.join(", ")}`;
  const [nearest] = [...known].sort((one, other) => distance(name, one) - distance(name, other));
  const isClose =
    nearest !== undefined && (nearest.startsWith(name) || distance(name, nearest) <= Math.max(2, name.length / 3));
  const hint = isClose ? `did you mean \`${nearest}\`?` : `there are ${known.map((one) => `\`${one}\``).join(", ")}`;
  return `there is no ${what} called \`${name}\`: ${known.length === 0 ? "it has none" : hint}`;
}
