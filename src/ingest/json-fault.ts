const token =
  /[\t\n\r ]*(?:([{}[\],:])|("[^"\\\0-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\0-\x1f]*)*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null))/y;

/** Where a value, a key or a separator may stand. */
type Expected = "value" | "value or end" | "key" | "key or end" | "colon" | "comma or end" | "nothing";

/**
 * The offset of the first character at which the text stops being JSON. JSON.parse says it in words that change with
 * the engine's version and that repeat the text, which may be a patient's data.
 */
export function jsonFaultAt(text: string): number {
  const open: string[] = [];
  let expected: Expected = "value";
  token.lastIndex = 0;
  for (;;) {
    const start = skipBlanks(text, token.lastIndex);
    token.lastIndex = start;
    const match = token.exec(text);
    if (match === null) return start;
    const next = step(expected, match[1] ?? (match[2] === undefined ? "scalar" : "string"), open);
    if (next === undefined) return start;
    expected = next;
  }
}

function step(expected: Expected, kind: string, open: string[]): Expected | undefined {
  const closes = expected === "comma or end" || expected === "value or end" || expected === "key or end";
  if (kind === "}" || kind === "]") {
    if (!closes || open.pop() !== kind) return undefined;
    return open.length === 0 ? "nothing" : "comma or end";
  }
  switch (expected) {
    case "key":
    case "key or end":
      return kind === "string" ? "colon" : undefined;
    case "colon":
      return kind === ":" ? "value" : undefined;
    case "comma or end":
      if (kind !== ",") return undefined;
      return open.at(-1) === "}" ? "key" : "value";
    case "value":
    case "value or end":
      return stepValue(kind, open);
    case "nothing":
      return undefined;
  }
}

function stepValue(kind: string, open: string[]): Expected | undefined {
  if (kind === "{") {
    open.push("}");
    return "key or end";
  }
  if (kind === "[") {
    open.push("]");
    return "value or end";
  }
  if (kind !== "string" && kind !== "scalar") return undefined;
  return open.length === 0 ? "nothing" : "comma or end";
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (at < text.length && " \t\n\r".includes(text[at] as string)) at++;
  return at;
}
