/** Texts as they look when a sender encoded them: UTF-16, Base64, and Base64 somewhere inside a longer text. */
import { dashes, type Pattern, type Piece } from "./pattern.ts";

export const utf16Names = ["utf16", "utf16le", "utf16be", "wide"] as const;
type Utf16 = (typeof utf16Names)[number];

const maxPermutations = 625; // of dashes in one value: four of them

export function isUtf16(name: string): name is Utf16 {
  return (utf16Names as readonly string[]).includes(name);
}

/** The bytes of UTF-16, one character each; wildcards stay. */
export function utf16(pattern: Pattern, name: Utf16): Pattern {
  const pieces = pattern.map(
    (piece): Piece => (typeof piece === "string" ? utf16Bytes(piece, name === "utf16be").toString("latin1") : piece),
  );
  return name === "utf16" ? joined(["\xff\xfe", ...pieces]) : pieces;
}

function utf16Bytes(text: string, bigEndian: boolean): Buffer {
  const bytes = Buffer.from(text, "utf16le");
  return bigEndian ? bytes.swap16() : bytes;
}

function joined(pieces: readonly Piece[]): Piece[] {
  const [first, second, ...rest] = pieces;
  return typeof first === "string" && typeof second === "string" ? [first + second, ...rest] : [...pieces];
}

/** Every text that the pattern stands for; undefined if it has wildcards or too many dashes. */
export function textsOf(pattern: Pattern): string[] | undefined {
  let texts = [""];
  for (const piece of pattern) {
    if (typeof piece === "string") texts = texts.map((text) => text + piece);
    else if (piece.wild === "-") texts = texts.flatMap((text) => [...dashes].map((dash) => text + dash));
    else return undefined;
    if (texts.length > maxPermutations) return undefined;
  }
  return texts;
}

/** `bytes`: every character is one byte already (after a UTF-16 step). */
export function base64(text: string, bytes: boolean): string {
  return Buffer.from(text, bytes ? "latin1" : "utf8").toString("base64");
}

/**
 * What is constant of the text's Base64 form when zero, one or two bytes stand before it: the characters whose six bits
 * all belong to the text.
 */
export function base64Offsets(text: string, bytes: boolean): string[] {
  const content = Buffer.from(text, bytes ? "latin1" : "utf8");
  return [0, 1, 2].map((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), content]).toString("base64");
    return encoded.slice(Math.ceil((before * 8) / 6), Math.floor(((before + content.length) * 8) / 6));
  });
}
