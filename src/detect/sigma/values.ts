/** One value of a clause, with its modifiers applied -> a test. */
import { parseCidr } from "./cidr.ts";
import type { Refusal, Test, TimePart } from "./document.ts";
import { base64, base64Offsets, isUtf16, textsOf, utf16 } from "./encodings.ts";
import { anyDash, anyText, type Pattern, parsePattern } from "./pattern.ts";
import { regexFault } from "./regex.ts";
import { timeParts } from "./time-part.ts";

/** What the modifiers of a clause add up to. */
export interface Meaning {
  all?: true;
  cased?: true;
  negated?: true;
  expand?: true;
  place?: "contains" | "startswith" | "endswith";
  operator?: "lt" | "lte" | "gt" | "gte";
  part?: TimePart;
  /** What takes the place of comparing texts. */
  kind?: "exists" | "cidr" | "re" | "fieldref";
  /** Of `re`: i, m, s. */
  flags: string;
  /** What is done to the text, in the order in which it was written. */
  steps: string[];
}

export const invalid = (message: string): Refusal => ({ code: "INVALID", message });

const maxRegexLength = 10_000; // characters

export function parseTest(value: unknown, meaning: Meaning, keyword: boolean): Test | Refusal {
  if (typeof value === "object" && value !== null)
    return invalid("a value must be text, a number, true, false or null");
  if (meaning.kind === "exists") return parseExists(value);
  if (meaning.part || meaning.operator) return parseNumber(value, meaning);
  if (value === null || value === undefined) {
    const inText = meaning.place ?? meaning.kind ?? meaning.steps[0] ?? (keyword ? "a keyword search" : undefined);
    return inText ? invalid(`null is no text, which ${inText} needs`) : { kind: "NULL" };
  }
  const text = String(value);
  switch (meaning.kind) {
    case "cidr": {
      const cidr = parseCidr(text);
      return cidr ? { kind: "CIDR", cidr } : invalid(`${text} is no IPv4 or IPv6 range such as 192.0.2.0/24`);
    }
    case "re":
      return parseRegex(text, meaning.flags);
    case "fieldref": {
      if (text === "") return invalid("fieldref takes the name of a field");
      const place = meaning.place && { place: meaning.place };
      return { kind: "FIELDREF", field: text, ...place, cased: meaning.cased === true };
    }
    default:
      return parseText(value, keyword ? { ...meaning, place: "contains" } : meaning);
  }
}

function parseExists(value: unknown): Test | Refusal {
  const wanted = String(value).toLowerCase();
  return wanted === "true" || wanted === "false"
    ? { kind: "EXISTS", value: wanted === "true" }
    : invalid("exists takes true or false");
}

function parseNumber(value: unknown, { part, operator }: Meaning): Test | Refusal {
  const number = typeof value === "string" && value.trim() === "" ? Number.NaN : Number(value);
  const isNumber = value !== null && typeof value !== "boolean" && Number.isFinite(number);
  if (!isNumber) return invalid(`${part ?? operator} takes a number`);
  if (!part) return { kind: "COMPARE", operator: operator ?? "lt", value: number };
  const [least, greatest] = timeParts[part];
  if (!Number.isInteger(number) || number < least || number > greatest)
    return invalid(`${part} takes a whole number from ${least} to ${greatest}`);
  return { kind: "TIME", part, operator: operator ?? "eq", value: number };
}

function parseRegex(source: string, flags: string): Test | Refusal {
  if (source.length > maxRegexLength)
    return invalid(`a regular expression may have ${maxRegexLength} characters; this one has ${source.length}`);
  const fault = regexFault(source, flags);
  return fault ? invalid(`the regular expression cannot be evaluated: ${fault}`) : { kind: "REGEX", source, flags };
}

function parseText(value: unknown, meaning: Meaning): Test | Refusal {
  const isText = typeof value === "string" || meaning.place !== undefined || meaning.cased || meaning.steps.length > 0;
  if (!isText && typeof value === "boolean") return { kind: "BOOLEAN", value };
  // A number too large to be exact is compared by its digits.
  if (!isText && Number.isFinite(Number(value)) && isExact(Number(value)))
    return { kind: "NUMBER", value: Number(value) };
  const patterns = transformed(parsePattern(String(value)), meaning.steps);
  if (!Array.isArray(patterns)) return patterns;
  // A piece of Base64 is always a piece: the whole text would begin and end otherwise.
  const place = meaning.steps.includes("base64offset") ? (meaning.place ?? "contains") : meaning.place;
  const tests = patterns.map(
    (pattern): Test => ({ kind: "TEXT", pattern: placed(pattern, place), cased: meaning.cased === true }),
  );
  const [only] = tests;
  return tests.length === 1 && only ? only : { kind: "ANY", tests };
}

function isExact(value: number): boolean {
  return !Number.isInteger(value) || Number.isSafeInteger(value);
}

function transformed(written: Pattern, steps: readonly string[]): Pattern[] | Refusal {
  let pattern = written;
  let bytes = false;
  for (const step of steps) {
    if (step === "windash") pattern = anyDash(pattern);
    else if (isUtf16(step)) {
      const texts = textsOf(pattern);
      // A dash of UTF-16 is two bytes, so its variants are written out.
      if (pattern.some((piece) => typeof piece === "object" && piece.wild === "-")) {
        if (!texts) return invalid(`${step} cannot follow windash here: wildcards, or more than four dashes`);
        return encodedAll(texts, step, steps.slice(steps.indexOf(step) + 1));
      }
      pattern = utf16(pattern, step);
      bytes = true;
    } else return encoded(pattern, step, bytes);
  }
  return [pattern];
}

function encodedAll(texts: readonly string[], step: string, rest: readonly string[]): Pattern[] | Refusal {
  const all: Pattern[] = [];
  for (const text of texts) {
    const patterns = transformed([text], [step, ...rest]);
    if (!Array.isArray(patterns)) return patterns;
    all.push(...patterns);
  }
  return all;
}

function encoded(pattern: Pattern, step: string, bytes: boolean): Pattern[] | Refusal {
  const texts = textsOf(pattern);
  if (!texts) return invalid(`${step} encodes a text as it is: no wildcards (write \\* or \\?), at most four dashes`);
  const forms = texts.flatMap((text) => (step === "base64" ? [base64(text, bytes)] : base64Offsets(text, bytes)));
  if (forms.includes("")) return invalid(`the text is too short for ${step}: nothing of it could be recognised`);
  return forms.map((form) => [form]);
}

function placed(pattern: Pattern, place: Meaning["place"]): Pattern {
  const before = place === "contains" || place === "endswith" ? [anyText] : [];
  const after = place === "contains" || place === "startswith" ? [anyText] : [];
  return [...before, ...pattern, ...after];
}
