/** New inputs from known ones: what is cut, doubled, put together, nested, or replaced by what parsers stumble over. */
import type { Chance } from "../crash/chance.ts";

const nasty = [
  "\0",
  "\uFEFF",
  "\u2028",
  "\uD800",
  "\u{1F600}",
  "\u202E",
  "\r\n",
  "\t",
  "\\",
  "\\u0000",
  '"',
  "'",
  "`",
  "%00",
  "%s",
  "../",
  "__proto__",
  "constructor",
  "toString",
  "-0",
  "1e999",
  "-1",
  "NaN",
  "99999999999999999999",
  "0x7fffffff",
  "true",
  "null",
  "{}",
  "[]",
  "{{",
  "}}",
  "{%",
  "%}",
  "${",
  "(",
  ")",
  "*",
  "?",
  ".*",
  "(a+)+$",
  "|",
  "&a [*a,*a]",
  "!!js/function",
  "<<: *a",
  "---\n",
  "<script>",
  ",",
  ":",
  ";",
  "=",
  "&",
  "#",
  "@",
  "::ffff:127.0.0.1",
  "[::1]:80",
  "0.0.0.0/0",
];
const pairs = ["[]", "{}", "()", "<>", '""', "''"] as const;

/** One to six changes to one of the texts. `words`: what the language under test is made of. */
export function mutated(texts: readonly string[], words: readonly string[], longest: number, chance: Chance): string {
  const below = (count: number): number => Math.floor(chance() * count);
  const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T;
  let text = pick(texts);
  for (let changes = 1 + below(6); changes > 0; changes--) {
    const from = below(text.length + 1);
    const to = Math.min(text.length, from + 1 + below(chance() < 0.8 ? 12 : text.length + 1));
    const piece = text.slice(from, to);
    const put = (middle: string, until = from): string => text.slice(0, from) + middle + text.slice(until);
    switch (below(9)) {
      case 0: // cut
        text = put("", to);
        break;
      case 1: // a word of the language
        text = put(words.length > 0 ? pick(words) : pick(nasty), chance() < 0.5 ? from : to);
        break;
      case 2: // what parsers stumble over
        text = put(pick(nasty), chance() < 0.5 ? from : to);
        break;
      case 3: // again and again
        text = put(
          piece.repeat(Math.min(2 ** (1 + below(chance() < 0.1 ? 15 : 4)), longest / Math.max(1, piece.length))),
        );
        break;
      case 4: // part of another one
        text = put(spliced(pick(texts), below), to);
        break;
      case 5: {
        // within itself
        const [open, close] = pick(pairs) as unknown as [string, string];
        const depth = 2 ** below(chance() < 0.1 ? 15 : 4);
        text = put(open.repeat(depth) + piece + (chance() < 0.5 ? close.repeat(depth) : ""), to);
        break;
      }
      case 6: // one character
        text = put(String.fromCharCode(below(chance() < 0.9 ? 128 : 65_536)), from + 1);
        break;
      case 7: // a number, another one
        text = text.replace(/\d+/, () => String(chance() < 0.5 ? below(2 ** 31) : pick(nasty)));
        break;
      default: // in another place
        text = put("", to);
        text = text.slice(0, below(text.length + 1)) + piece + text.slice(below(text.length + 1));
    }
    if (text.length > longest) text = text.slice(0, longest);
  }
  return text;
}

function spliced(text: string, below: (count: number) => number): string {
  const from = below(text.length + 1);
  return text.slice(from, from + below(text.length - from + 1));
}
