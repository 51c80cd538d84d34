/** What a clause wants and what an event has, in words. */
import type { Clause, Test } from "./sigma/document.ts";
import type { Pattern } from "./sigma/pattern.ts";

/** Stands for a value that whoever asks may not see. */
export const withheld = "[withheld]";

const longest = 200; // characters of one value
const mostWanted = 20; // values of one clause that are told

/** "`root`", "containing `x` or `y`", "not `root`". */
export function describeWanted({ tests, all, negated }: Clause): string {
  const told = tests.slice(0, mostWanted).map(describeTest);
  if (tests.length > told.length) told.push(`${tests.length - told.length} more`);
  const words = told.join(all ? " and " : " or ");
  if (!negated) return words;
  return told.length > 1 ? `neither ${told.join(" nor ")}` : `not ${words}`;
}

/** The value as text; undefined: there is none. */
export function describeFound(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (value === null) return "null";
  return quoted(typeof value === "object" ? JSON.stringify(value) : String(value));
}

function describeTest(test: Test): string {
  switch (test.kind) {
    case "TEXT":
      return `${describePattern(test.pattern)}${test.cased ? " (in this case)" : ""}`;
    case "NUMBER":
    case "BOOLEAN":
      return quoted(String(test.value));
    case "NULL":
      return "null or absent";
    case "EXISTS":
      return test.value ? "present" : "absent";
    case "COMPARE":
      return `${comparisons[test.operator]} ${test.value}`;
    case "CIDR":
      return `in ${addressOf(test.cidr)}`;
    case "REGEX":
      return `matching /${clipped(test.source)}/${test.flags}`;
    case "FIELDREF":
      return `${test.place ? `${places[test.place]} ` : ""}the value of ${test.field}`;
    case "TIME":
      return `a time whose ${test.part} is ${test.operator === "eq" ? "" : `${comparisons[test.operator]} `}${test.value}`;
    case "ANY":
      return test.tests.slice(0, mostWanted).map(describeTest).join(" or ");
    case "FILLED":
      return describePattern(
        test.pieces.map((piece) => (typeof piece === "object" && "field" in piece ? `<${piece.field}>` : piece)),
      );
    case "EXPAND":
      return quoted(test.template.map((part) => (typeof part === "string" ? part : `%${part.placeholder}%`)).join(""));
    default:
      return test satisfies never;
  }
}

const places = { contains: "containing", startswith: "beginning with", endswith: "ending in" } as const;
const comparisons = { lt: "below", lte: "at most", gt: "above", gte: "at least" } as const;

function describePattern(pattern: Pattern): string {
  const [first, second, third] = pattern;
  const isAny = (piece: Pattern[number] | undefined) => typeof piece === "object" && piece.wild === "*";
  if (pattern.length === 0) return "empty";
  if (pattern.length === 1 && isAny(first)) return "any text";
  if (pattern.length === 3 && isAny(first) && typeof second === "string" && isAny(third))
    return `containing ${quoted(second)}`;
  if (pattern.length === 2 && typeof first === "string" && isAny(second)) return `beginning with ${quoted(first)}`;
  if (pattern.length === 2 && isAny(first) && typeof second === "string") return `ending in ${quoted(second)}`;
  return quoted(pattern.map((piece) => (typeof piece === "string" ? piece : piece.wild)).join(""));
}

function addressOf({ version, groups, bits }: Extract<Test, { kind: "CIDR" }>["cidr"]): string {
  if (version === 6) return `${groups.map((group) => group.toString(16)).join(":")}/${bits}`;
  return `${groups.flatMap((group) => [group >> 8, group & 255]).join(".")}/${bits}`;
}

function quoted(text: string): string {
  return `\`${clipped(text)}\``;
}

const clipped = (text: string): string => (text.length > longest ? `${text.slice(0, longest)}…` : text);
