/** The condition language: `or` binds least, then `and`, `not`, `1 of` / `all of`, parentheses. */
import type { Condition, Refusal } from "./document.ts";

const maxLength = 20_000; // characters
const maxDepth = 100; // nested parentheses and nots; the parser recurses

class Refused extends Error {
  readonly refusal: Refusal;
  constructor(code: Refusal["code"], message: string) {
    super(message);
    this.refusal = { code, message };
  }
}

/** How many names of selections the quantifiers of one rule's conditions may look at: `1 of them` looks at all. */
export const looksForOneRule = (): Looks => ({ left: 300_000 });

interface Looks {
  left: number;
}

export function parseCondition(
  text: string,
  names: readonly string[],
  looks: Looks = looksForOneRule(),
): Condition | Refusal {
  try {
    if (text.length > maxLength) throw new Refused("INVALID", `a condition may have ${maxLength} characters`);
    const reader = { tokens: text.match(/[()|]|[^\s()|]+/g) ?? [], at: 0, names, known: new Set(names), looks };
    const condition = parseOr(reader, 0);
    const rest = reader.tokens[reader.at];
    if (rest === "|")
      throw new Refused("UNSUPPORTED", "aggregations (| count …) left Sigma in 2.0; write a correlation");
    if (rest !== undefined) throw new Refused("INVALID", `did not expect \`${rest}\` here`);
    return condition;
  } catch (error) {
    if (error instanceof Refused) return error.refusal;
    throw error;
  }
}

interface Reader {
  tokens: readonly string[];
  at: number;
  names: readonly string[];
  known: ReadonlySet<string>;
  looks: Looks;
}

function takes(reader: Reader, word: string): boolean {
  if (reader.tokens[reader.at]?.toLowerCase() !== word) return false;
  reader.at++;
  return true;
}

function join(kind: "AND" | "OR", parts: Condition[]): Condition {
  const [only] = parts;
  return parts.length === 1 && only ? only : { kind, parts };
}

function parseOr(reader: Reader, depth: number): Condition {
  const parts = [parseAnd(reader, depth)];
  while (takes(reader, "or")) parts.push(parseAnd(reader, depth));
  return join("OR", parts);
}

function parseAnd(reader: Reader, depth: number): Condition {
  const parts = [parseNot(reader, depth)];
  while (takes(reader, "and")) parts.push(parseNot(reader, depth));
  return join("AND", parts);
}

function parseNot(reader: Reader, depth: number): Condition {
  if (depth > maxDepth) throw new Refused("INVALID", `nested deeper than ${maxDepth}`);
  if (takes(reader, "not")) return { kind: "NOT", part: parseNot(reader, depth + 1) };
  if (takes(reader, "(")) {
    const condition = parseOr(reader, depth + 1);
    if (!takes(reader, ")")) throw new Refused("INVALID", "a closing parenthesis is missing");
    return condition;
  }
  return parseLeaf(reader);
}

function parseLeaf(reader: Reader): Condition {
  const token = reader.tokens[reader.at++];
  if (token === undefined) throw new Refused("INVALID", "the condition ends too early");
  if (takes(reader, "of")) return parseQuantity(token.toLowerCase(), reader);
  if (reader.known.has(token)) return { kind: "SELECTION", name: token };
  throw new Refused("INVALID", `there is no selection \`${token}\``);
}

function parseQuantity(quantity: string, reader: Reader): Condition {
  const pattern = reader.tokens[reader.at++];
  if (pattern === undefined) throw new Refused("INVALID", "`of` needs a pattern of selection names, or `them`");
  if (/^\d+$/.test(quantity) && quantity !== "1")
    throw new Refused("UNSUPPORTED", `only \`1 of\` and \`all of\`, not \`${quantity} of\``);
  if (!["1", "any", "all"].includes(quantity))
    throw new Refused("INVALID", `\`${quantity} of\`: write \`1 of\` or \`all of\``);
  reader.looks.left -= reader.names.length;
  if (reader.looks.left < 0)
    throw new Refused("UNSUPPORTED", `too long a condition over ${reader.names.length} selections; split the rule`);
  const matching = reader.names.filter((name) => nameMatches(pattern, name));
  if (matching.length === 0) throw new Refused("INVALID", `no selection matches \`${pattern}\``);
  return join(
    quantity === "all" ? "AND" : "OR",
    matching.map((name) => ({ kind: "SELECTION", name })),
  );
}

/** Names that start with an underscore are private: only a pattern which starts with one reaches them. */
function nameMatches(pattern: string, name: string): boolean {
  const wanted = pattern === "them" ? "*" : pattern;
  if (name.startsWith("_") && !wanted.startsWith("_")) return false;
  const [head = "", ...rest] = wanted.split("*");
  const tail = rest.pop();
  if (tail === undefined) return name === head;
  if (!name.startsWith(head) || name.length < head.length + tail.length || !name.endsWith(tail)) return false;
  let at = head.length;
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found < 0 || found + part.length > name.length - tail.length) return false;
    at = found + part.length;
  }
  return true;
}
