/**
 * A scenario's filter -> a Sigma detection. Sigma has no functions: text in either case is Sigma's own comparison, and what
 * is computed from a field (its length, its decoded form) becomes a field of its own, which the events are given.
 */
import type { Node, Operator } from "./expression.ts";
import { constantText, type Operand, operandOf } from "./operand.ts";
import { Unsupported } from "./tokens.ts";

export type Term =
  | { kind: "constant"; value: boolean }
  | { kind: "test"; key: string; value: string | number | boolean }
  | { kind: "not"; part: Term }
  | { kind: "and" | "or"; parts: Term[] };

const always: Term = { kind: "constant", value: true };
const never: Term = { kind: "constant", value: false };

export function filterTerm(node: Node): Term {
  switch (node.kind) {
    case "and":
    case "or":
      return join(node.kind, node.parts.map(filterTerm));
    case "not":
      return not(filterTerm(node.part));
    case "compare":
      return compare(node.operator, node.left, node.right);
    case "literal":
      if (typeof node.value === "boolean") return node.value ? always : never;
      break;
    case "call":
      return call(node.name, node.args);
  }
  throw new Unsupported(`a condition that is no comparison (${node.kind})`);
}

function call(name: string, args: readonly Node[]): Term {
  const [first, second] = args;
  if (first === undefined || second === undefined) throw new Unsupported(`the function ${name}`);
  if (name === "hasPrefix") return compare("startsWith", first, second);
  if (name === "hasSuffix") return compare("endsWith", first, second);
  if (name === "IpInRange") return { kind: "test", key: `${plainField(first)}|cidr`, value: constantText(second) };
  if (first.kind === "call" && first.name === "File") throw new Unsupported("a list that CrowdSec downloads (File)");
  if (name === "RegexpInFile") throw new Unsupported("a list that CrowdSec downloads (RegexpInFile)");
  if (first.kind !== "list" || second.kind !== "closure") throw new Unsupported(`the function ${name}`);
  const parts = first.items.map((item) => filterTerm(withElement(second.body, item)));
  if (name === "any") return join("or", parts);
  if (name === "all") return join("and", parts);
  if (name === "none") return not(join("or", parts));
  throw new Unsupported(`the function ${name}`);
}

function plainField(node: Node): string {
  const { field, fold } = operandOf(node);
  if (fold !== undefined) throw new Unsupported("a function of a folded text");
  return field;
}

/** The body of `{ … # … }` for one element. */
export function withElement(node: Node, element: Node): Node {
  switch (node.kind) {
    case "field":
      return node.path === "#" ? element : node;
    case "and":
    case "or":
    case "add":
      return { ...node, parts: node.parts.map((part) => withElement(part, element)) };
    case "not":
      return { ...node, part: withElement(node.part, element) };
    case "call":
      return { ...node, args: node.args.map((arg) => withElement(arg, element)) };
    case "compare":
      return { ...node, left: withElement(node.left, element), right: withElement(node.right, element) };
    default:
      return node;
  }
}

function compare(operator: Operator, left: Node, right: Node): Term {
  if (operator === "!=") return not(compare("==", left, right));
  if (operator === "in") {
    if (right.kind !== "list") throw new Unsupported("`in` something that is no list");
    return join(
      "or",
      right.items.map((item) => compare("==", left, item)),
    );
  }
  const operand = operandOf(left);
  if (right.kind === "field" || (right.kind === "call" && operator === "==" && isField(right)))
    return sameField(operator, operand, operandOf(right));
  // A field that CrowdSec does not have is an empty text, never nil.
  if (right.kind === "literal" && right.value === null) return never;
  if (right.kind === "literal" && typeof right.value === "number") return compareNumber(operator, operand, right.value);
  return compareText(operator, operand, constantText(right));
}

function isField(node: Node): boolean {
  return node.kind === "field" || (node.kind === "call" && node.args[0] !== undefined && isField(node.args[0]));
}

/** `Upper(x) == x`: no letter of x changes. */
function sameField(operator: Operator, left: Operand, right: Operand): Term {
  const fold = left.fold ?? right.fold;
  const one = left.field === right.field && (left.fold === undefined) !== (right.fold === undefined);
  if (operator !== "==" || !one) throw new Unsupported("one field compared with another");
  const letters = fold === "upper" ? "a-z" : "A-Z";
  return join("or", [
    { kind: "test", key: `${left.field}|re`, value: `^[^${letters}]*$` },
    not({ kind: "test", key: `${left.field}|exists`, value: true }),
  ]);
}

const comparisons: Partial<Record<Operator, string>> = { "<": "lt", "<=": "lte", ">": "gt", ">=": "gte" };

function compareNumber(operator: Operator, { field }: Operand, value: number): Term {
  if (operator === "==") return { kind: "test", key: field, value };
  const modifier = comparisons[operator];
  if (modifier === undefined) throw new Unsupported(`${operator} with a number`);
  return { kind: "test", key: `${field}|${modifier}`, value };
}

const places: Partial<Record<Operator, string>> = {
  "==": "",
  contains: "|contains",
  startsWith: "|startswith",
  endsWith: "|endswith",
};

function compareText(operator: Operator, { field, fold }: Operand, text: string): Term {
  if (operator === "matches")
    return { kind: "test", key: `${field}|re${fold ? "|i" : ""}`, value: pattern(text, fold) };
  const place = places[operator];
  if (place === undefined) throw new Unsupported(`${operator} with a text`);
  const absent = not({ kind: "test", key: `${field}|exists`, value: true });
  if (text === "") return operator === "==" ? absent : always; // the events carry no empty texts
  if (fold === undefined) return { kind: "test", key: `${field}${place}|cased`, value: escaped(text) };
  const folded = fold === "upper" ? text.toUpperCase() : text.toLowerCase();
  return folded === text ? { kind: "test", key: `${field}${place}`, value: escaped(text) } : never;
}

/** An expression about folded text can ask for letters that are not there; then it is not the same in either case. */
function pattern(text: string, fold: Operand["fold"]): string {
  if (fold === undefined) return text;
  const bare = text.replaceAll(/\\./g, "").replaceAll(/\(\?P?<\w+>|\(\?\w+[:)]/gi, "");
  if (fold === "upper" ? /[a-z]/.test(bare) : /[A-Z]/.test(bare))
    throw new Unsupported("letters that folding took away");
  return text;
}

function escaped(text: string): string {
  return text.replaceAll(/[\\*?]/g, "\\$&");
}

export function not(part: Term): Term {
  if (part.kind === "constant") return part.value ? never : always;
  return part.kind === "not" ? part.part : { kind: "not", part };
}

export function join(kind: "and" | "or", parts: readonly Term[]): Term {
  const absorbing = kind === "or"; // true decides an or, false an and
  const open: Term[] = [];
  for (const part of parts) {
    if (part.kind !== "constant") open.push(part);
    else if (part.value === absorbing) return part;
  }
  if (open.length === 0) return absorbing ? never : always;
  return open.length === 1 ? (open[0] as Term) : { kind, parts: open };
}

/** The `detection` of a Sigma rule. A filter that can never hold is a rule that never matches. */
export function detectionOf(term: Term): Record<string, unknown> {
  if (term.kind === "constant") {
    const anything = { "event.action|exists": true };
    return { anything, condition: term.value ? "anything" : "not anything" };
  }
  const selections: Record<string, unknown> = {};
  const write = (one: Term): string => {
    switch (one.kind) {
      case "test": {
        const name = `s${Object.keys(selections).length}`;
        selections[name] = { [one.key]: one.value };
        return name;
      }
      case "not":
        return `not ${write(one.part)}`;
      case "and":
      case "or":
        return `(${one.parts.map(write).join(` ${one.kind} `)})`;
      case "constant":
        throw new Error("constants are joined away");
    }
  };
  const condition = write(term);
  return { ...selections, condition };
}

/** Every field that the term reads. */
export function fieldsOf(term: Term): string[] {
  if (term.kind === "constant") return [];
  if (term.kind === "test") return [term.key.replace(/\|.*$/s, "")];
  return (term.kind === "not" ? [term.part] : term.parts).flatMap(fieldsOf);
}
