/** The condition of a conditional bucket: `any(queue.Queue, {…})` joined by and, or -> alternatives of what must have come. */
import type { Node } from "./expression.ts";
import { filterTerm, type Term } from "./filter.ts";
import { Unsupported } from "./tokens.ts";

export function conditionParts(node: Node): Term[][] {
  if (node.kind === "or") return node.parts.flatMap(conditionParts);
  if (node.kind === "and")
    return node.parts
      .map(conditionParts)
      .reduce<Term[][]>((sofar, next) => sofar.flatMap((left) => next.map((right) => [...left, ...right])), [[]]);
  if (node.kind !== "call") throw new Unsupported("a condition on a bucket that is more than any(queue.Queue, …)");
  const [queue, closure] = node.args;
  const isAny = node.name === "any" && queue?.kind === "field" && queue.path === "queue.Queue";
  if (!isAny || closure?.kind !== "closure") throw new Unsupported(`a condition on a bucket with ${node.name}`);
  return [[filterTerm(ofEvent(closure.body))]];
}

/** `.Meta.exe` and `#.Meta.exe` are the event's. */
function ofEvent(node: Node): Node {
  switch (node.kind) {
    case "field":
      return /^#?\./.test(node.path) ? { ...node, path: node.path.replace(/^#?/, "evt") } : node;
    case "and":
    case "or":
    case "add":
      return { ...node, parts: node.parts.map(ofEvent) };
    case "not":
      return { ...node, part: ofEvent(node.part) };
    case "call":
      return { ...node, args: node.args.map(ofEvent) };
    case "compare":
      return { ...node, left: ofEvent(node.left), right: ofEvent(node.right) };
    default:
      return node;
  }
}
