/** A condition over the rules that were seen, e.g. `recon and (upload or download) and not maintenance`. */
import type { Condition } from "../sigma/document.ts";

export function isTrueOf(condition: Condition, isSeen: (rule: string) => boolean): boolean {
  switch (condition.kind) {
    case "AND":
      return condition.parts.every((part) => isTrueOf(part, isSeen));
    case "OR":
      return condition.parts.some((part) => isTrueOf(part, isSeen));
    case "NOT":
      return !isTrueOf(condition.part, isSeen);
    case "SELECTION":
      return isSeen(condition.name);
    default:
      return condition satisfies never;
  }
}

/** Every rule that it names, each once, as written. */
export function namesIn(condition: Condition): string[] {
  const names = new Set<string>();
  const walk = (one: Condition): void => {
    if (one.kind === "SELECTION") names.add(one.name);
    else if (one.kind === "NOT") walk(one.part);
    else for (const part of one.parts) walk(part);
  };
  walk(condition);
  return [...names];
}

/** The same condition, each name exchanged. */
export function renamed(condition: Condition, nameOf: (name: string) => string): Condition {
  if (condition.kind === "SELECTION") return { kind: "SELECTION", name: nameOf(condition.name) };
  if (condition.kind === "NOT") return { kind: "NOT", part: renamed(condition.part, nameOf) };
  return { kind: condition.kind, parts: condition.parts.map((part) => renamed(part, nameOf)) };
}
