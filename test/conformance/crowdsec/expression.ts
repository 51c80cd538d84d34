/** A scenario's expression -> a tree. What is not of the subset below throws Unsupported. */
import { type Token, tokensOf, Unsupported } from "./tokens.ts";

export type Operator =
  | "=="
  | "!="
  | "<"
  | "<="
  | ">"
  | ">="
  | "in"
  | "contains"
  | "startsWith"
  | "endsWith"
  | "matches";

export type Node =
  | { kind: "literal"; value: string | number | boolean | null }
  | { kind: "list"; items: Node[] }
  /** e.g. `evt.Meta.log_type`; inside braces `.Meta.exe` begins with a dot. */
  | { kind: "field"; path: string }
  | { kind: "call"; name: string; args: Node[] }
  | { kind: "closure"; body: Node }
  | { kind: "not"; part: Node }
  | { kind: "and" | "or"; parts: Node[] }
  | { kind: "add"; parts: Node[] }
  | { kind: "compare"; operator: Operator; left: Node; right: Node };

const comparisons = "== != < <= > >= in contains startsWith endsWith matches".split(" ");
const synonyms: Record<string, string> = { "&&": "and", "||": "or", "!": "not" };

export function parseExpression(source: string): Node {
  const tokens = tokensOf(source);
  let at = 0;
  const bound = new Map<string, Node>();

  const peek = (ahead = 0): string | undefined => {
    const token = tokens[at + ahead];
    return token === undefined || token.kind === "text" || token.kind === "number"
      ? undefined
      : (synonyms[token.value] ?? token.value);
  };
  const take = (value: string): boolean => {
    if (peek() !== value) return false;
    at++;
    return true;
  };
  const expect = (value: string): void => {
    if (!take(value)) throw new Unsupported(`\`${shown(tokens[at])}\` where \`${value}\` is expected in an expression`);
  };

  function expression(): Node {
    while (take("let")) {
      const name = tokens[at++];
      if (name?.kind !== "name") throw new Unsupported("a let without a name");
      expect("=");
      bound.set(name.value, either());
      expect(";");
    }
    const node = either();
    if (peek() === "?") throw new Unsupported("a conditional expression (? :)");
    return node;
  }

  function either(): Node {
    return joined("or", () => joined("and", comparison));
  }

  function joined(kind: "and" | "or", next: () => Node): Node {
    const parts = [next()];
    while (take(kind)) parts.push(next());
    return parts.length === 1 ? (parts[0] as Node) : { kind, parts };
  }

  function comparison(): Node {
    const left = sum();
    const negated = peek() === "not" && peek(1) === "in";
    if (negated) at++;
    const operator = peek();
    if (operator === undefined || !comparisons.includes(operator)) return left;
    at++;
    const node: Node = { kind: "compare", operator: operator as Operator, left, right: sum() };
    return negated ? { kind: "not", part: node } : node;
  }

  function sum(): Node {
    const parts = [unary()];
    while (take("+")) parts.push(unary());
    return parts.length === 1 ? (parts[0] as Node) : { kind: "add", parts };
  }

  /** `not` binds more tightly than a comparison. */
  function unary(): Node {
    return take("not") ? { kind: "not", part: unary() } : primary();
  }

  function primary(): Node {
    const token = tokens[at];
    if (token?.kind === "text" || token?.kind === "number") {
      at++;
      return { kind: "literal", value: token.value };
    }
    if (take("(")) {
      const node = expression();
      expect(")");
      return node;
    }
    if (take("[")) return { kind: "list", items: list("]") };
    if (take("{")) {
      const body = expression();
      expect("}");
      return { kind: "closure", body };
    }
    if (take("#")) return { kind: "field", path: `#${path()}` };
    if (peek() === ".") return { kind: "field", path: path() };
    if (token?.kind !== "name") throw new Unsupported(`\`${shown(token)}\` in an expression`);
    at++;
    if (token.value === "true" || token.value === "false") return { kind: "literal", value: token.value === "true" };
    if (token.value === "nil") return { kind: "literal", value: null };
    if (take("(")) return { kind: "call", name: token.value, args: list(")") };
    return bound.get(token.value) ?? { kind: "field", path: token.value + path() };
  }

  function path(): string {
    let text = "";
    while (take(".")) {
      const step = tokens[at++];
      if (step?.kind !== "name") throw new Unsupported("a path that is not made of names");
      text += `.${step.value}`;
    }
    if (peek() === "[" || peek() === "?.") throw new Unsupported("a path with an index or ?.");
    return text;
  }

  function list(end: string): Node[] {
    const items: Node[] = [];
    while (!take(end)) {
      if (items.length > 0) expect(",");
      items.push(expression());
    }
    return items;
  }

  const node = expression();
  if (at < tokens.length) throw new Unsupported(`\`${shown(tokens[at])}\` in an expression`);
  return node;
}

function shown(token: Token | undefined): string {
  return token === undefined ? "the end" : String(token.value);
}
