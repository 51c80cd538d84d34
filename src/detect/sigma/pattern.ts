/**
 * Sigma strings: `*` is any text, `?` any one character; a backslash takes the meaning from `*`, `?` and itself, and is
 * a plain backslash before anything else. `windash` makes every dash any of the characters that begin a Windows option.
 */
export type Piece = string | { wild: "*" | "?" | "-" };
export type Pattern = readonly Piece[];

export function parsePattern(text: string): Pattern {
  const pieces: Piece[] = [];
  let literal = "";
  for (let index = 0; index < text.length; index++) {
    const character = text.charAt(index);
    const next = text.charAt(index + 1);
    if (character === "\\" && (next === "*" || next === "?" || next === "\\")) {
      literal += next;
      index++;
    } else if (character === "*" || character === "?") {
      if (literal) pieces.push(literal);
      literal = "";
      pieces.push({ wild: character });
    } else literal += character;
  }
  if (literal) pieces.push(literal);
  return pieces;
}

export const anyText: Piece = { wild: "*" };

/** Hyphen, slash, en dash, em dash, horizontal bar: Windows programs take any of them before an option. */
export const dashes = "-/\u2013\u2014\u2015";

/** Every dash of the text becomes any dash. */
export function anyDash(pattern: Pattern): Pattern {
  return pattern.flatMap((piece) =>
    typeof piece !== "string"
      ? [piece]
      : piece
          .split(/([-/\u2013\u2014\u2015])/)
          .filter((part) => part !== "")
          .map((part): Piece => (dashes.includes(part) ? { wild: "-" } : part)),
  );
}

/** The pattern's text if it has no wildcard. */
export function plainText(pattern: Pattern): string | undefined {
  if (pattern.length === 0) return "";
  return pattern.length === 1 && typeof pattern[0] === "string" ? pattern[0] : undefined;
}

/** Compiles to a test of a whole text. Not cased: the caller hands in lower case. */
export function compilePattern(pattern: Pattern, cased: boolean): (text: string) => boolean {
  const pieces = pattern
    .filter((piece, index) => !isStar(piece) || !isStar(pattern[index - 1]))
    .map((piece) => (typeof piece === "string" && !cased ? piece.toLowerCase() : piece));
  const [first, second, third] = pieces;
  if (pieces.length === 0) return (text) => text === "";
  if (pieces.length === 1 && typeof first === "string") return (text) => text === first;
  if (pieces.length === 1 && isStar(first)) return () => true;
  if (pieces.length === 2 && typeof first === "string" && isStar(second)) return (text) => text.startsWith(first);
  if (pieces.length === 2 && isStar(first) && typeof second === "string") return (text) => text.endsWith(second);
  if (pieces.length === 3 && isStar(first) && typeof second === "string" && isStar(third))
    return (text) => text.includes(second);
  return compileSegments(pieces);
}

function isStar(piece: Piece | undefined): boolean {
  return typeof piece === "object" && piece.wild === "*";
}

/** Between stars lie segments. The first and last are anchored, each other takes its leftmost place: no backtracking. */
function compileSegments(pieces: readonly Piece[]): (text: string) => boolean {
  const segments: Segment[] = [[]];
  for (const piece of pieces) {
    if (typeof piece === "string") segments.at(-1)?.push(...codesOf(piece));
    else if (piece.wild === "?") segments.at(-1)?.push(anyCode);
    else if (piece.wild === "-") segments.at(-1)?.push(dashCode);
    else segments.push([]);
  }
  const head = segments[0] ?? [];
  const tail = segments.at(-1) ?? [];
  if (segments.length === 1) return (text) => text.length === head.length && fits(head, text, 0);
  const middle = segments.slice(1, -1);
  return (text) => {
    const end = text.length - tail.length;
    if (end < head.length || !fits(head, text, 0) || !fits(tail, text, end)) return false;
    let at = head.length;
    for (const segment of middle) {
      while (at + segment.length <= end && !fits(segment, text, at)) at++;
      if (at + segment.length > end) return false;
      at += segment.length;
    }
    return true;
  };
}

type Segment = number[];
const anyCode = -1;
const dashCode = -2;

function codesOf(text: string): number[] {
  return Array.from({ length: text.length }, (_, index) => text.charCodeAt(index));
}

function fits(segment: Segment, text: string, at: number): boolean {
  for (let index = 0; index < segment.length; index++) {
    const code = segment[index];
    const found = text.charCodeAt(at + index);
    if (code === found || code === anyCode) continue;
    if (code !== dashCode || !isDash(found)) return false;
  }
  return true;
}

function isDash(code: number): boolean {
  return code === 0x2d || code === 0x2f || (code >= 0x2013 && code <= 0x2015);
}
