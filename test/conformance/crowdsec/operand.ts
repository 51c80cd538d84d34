/** The sides of a comparison: fields, perhaps through a function, and constants. */
import type { Node } from "./expression.ts";
import { Unsupported } from "./tokens.ts";

export interface Operand {
  /** The name of the field in the events, e.g. `evt.Meta.http_path` or `len(evt.Parsed.file_frag)`. */
  field: string;
  fold?: "upper" | "lower";
}

/** What is computed from a field and becomes a field of its own. */
export const computations: Record<string, (value: string) => string | number> = {
  len: (value) => Buffer.byteLength(value),
  PathUnescape: (value) => unescaped(value),
  QueryUnescape: (value) => unescaped(value.replaceAll("+", " ")),
};

/** A text with a bad escape has no decoded form: the function answers an empty one. */
function unescaped(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return "";
  }
}

const numeric = new Set(["int", "float"]);
const folds: Record<string, "upper" | "lower"> = { Upper: "upper", Lower: "lower", upper: "upper", lower: "lower" };

export function operandOf(node: Node): Operand {
  if (node.kind === "field") {
    if (!/^evt\.(Meta|Parsed)\.\w+$/.test(node.path)) throw new Unsupported(`the field ${node.path}`);
    return { field: node.path };
  }
  const [argument, another] = node.kind === "call" ? node.args : [];
  if (node.kind !== "call" || argument === undefined || another !== undefined)
    throw new Unsupported(`a comparison of a ${node.kind === "call" ? `call of ${node.name}` : node.kind}`);
  const inner = operandOf(argument);
  const fold = folds[node.name];
  if (fold !== undefined) return { ...inner, fold };
  if (inner.fold !== undefined) throw new Unsupported(`${node.name} of a folded text`);
  if (numeric.has(node.name)) return inner; // texts of numbers compare as numbers
  if (node.name in computations) return { field: `${node.name}(${inner.field})` };
  throw new Unsupported(`the function ${node.name}`);
}

/** A text that does not depend on the event. */
export function constantText(node: Node): string {
  if (node.kind === "literal" && typeof node.value === "string") return node.value;
  if (node.kind === "call" && node.args.length === 1 && folds[node.name]) {
    const text = constantText(node.args[0] as Node);
    return folds[node.name] === "upper" ? text.toUpperCase() : text.toLowerCase();
  }
  if (node.kind === "add") return node.parts.map(constantText).join("");
  throw new Unsupported("a comparison with something that is no constant");
}
