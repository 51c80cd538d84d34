/** The text of a scenario's expression (the language `expr`) -> tokens. */

export type Token =
  | { kind: "text"; value: string }
  | { kind: "number"; value: number }
  | { kind: "name"; value: string }
  | { kind: "sign"; value: string };

/** What the translation does not know: said, never guessed. */
export class Unsupported extends Error {}

const name = /[A-Za-z_$][\w$]*/y;
const number = /\d+(?:\.\d+)?/y;
const signs = ["??", "?.", "==", "!=", "<=", ">=", "&&", "||", ..."!<>()[]{},.:;?#+-*/=|"];
const escapes: Record<string, string> = { n: "\n", r: "\r", t: "\t" };

export function tokensOf(source: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < source.length; ) {
    const rest = source[at] as string;
    if (/\s/.test(rest)) {
      at++;
      continue;
    }
    if (rest === "'" || rest === '"' || rest === "`") {
      const { value, end } = quoted(source, at);
      tokens.push({ kind: "text", value });
      at = end;
      continue;
    }
    const word = matchAt(name, source, at) ?? matchAt(number, source, at);
    if (word !== undefined) {
      tokens.push(/^\d/.test(word) ? { kind: "number", value: Number(word) } : { kind: "name", value: word });
      at += word.length;
      continue;
    }
    const sign = signs.find((one) => source.startsWith(one, at));
    if (sign === undefined) throw new Unsupported(`the character ${rest} in an expression`);
    tokens.push({ kind: "sign", value: sign });
    at += sign.length;
  }
  return tokens;
}

function matchAt(pattern: RegExp, source: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(source)?.[0];
}

function quoted(source: string, start: number): { value: string; end: number } {
  const quote = source[start] as string;
  let value = "";
  for (let at = start + 1; at < source.length; at++) {
    const character = source[at] as string;
    if (character === quote) return { value, end: at + 1 };
    if (character !== "\\" || quote === "`") {
      value += character;
      continue;
    }
    const escaped = source[++at] ?? "";
    if (/[0-9xuU]/.test(escaped)) throw new Unsupported("a character by its number in an expression");
    value += escapes[escaped] ?? escaped;
  }
  throw new Unsupported("a text that never ends in an expression");
}
