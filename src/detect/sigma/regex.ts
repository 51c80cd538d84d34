/**
 * Regular expressions on an engine whose time grows linearly with the text (RE2). What such an engine cannot do
 * (looking around, back-references, possessive quantifiers) is refused when the rule is read.
 */
import { RE2JS, RE2JSSyntaxException } from "re2js";

/** Whether the expression matches somewhere in the text. */
export type RegexTest = (text: string) => boolean;

const maxCached = 5_000;
/** Instructions, each of which may be gone through for each character of a text. Published expressions have up to 1,500. */
const largest = 10_000;
/** Characters or instructions of all expressions of a text: a second or two. All that come with Vigil have 40,000. */
const largestTogether = 200_000;
const least = 20; // that an expression counts for
/** What is compiled to all its letters, in all their cases: classes of Unicode, ranges beyond ASCII or of escapes. */
const ofLetters = /\\p|-(?:[^\0-\x7f]|\\)/gi;
const leastOfLetters = 500; // that each of these counts for
const cache = new Map<string, RE2JS | { fault: string }>();

/** One engine per expression, however many rules share it; each is compiled once, when the rule is read. */
function engineOf(source: string, flags: string): RE2JS | { fault: string } {
  const key = `${flags}/${source}`;
  let engine = cache.get(key);
  if (!engine) {
    if (cache.size >= maxCached) cache.clear();
    cache.set(key, (engine = build(source, flags)));
  }
  return engine;
}

function build(source: string, flags: string): RE2JS | { fault: string } {
  const fault = faultOf(source);
  if (fault) return { fault };
  let bits = 0;
  if (flags.includes("i")) bits |= RE2JS.CASE_INSENSITIVE;
  if (flags.includes("m")) bits |= RE2JS.MULTILINE;
  if (flags.includes("s")) bits |= RE2JS.DOTALL;
  try {
    const engine = RE2JS.compile(source, bits);
    if (engine.programSize() > largest) return { fault: "it is too large; repeat less (`{100}`), or split it" };
    const ending = flags.includes("m") ? source : withLineEnds(source);
    return ending === source ? engine : RE2JS.compile(ending, bits);
  } catch (error) {
    if (!(error instanceof RE2JSSyntaxException)) throw error;
    const { error: reason, input } = error as unknown as { error: string; input?: string | null };
    const position = input ? source.indexOf(input) : -1;
    return { fault: position < 0 ? reason : `${reason} at character ${position + 1}, \`${short(input ?? "")}\`` };
  }
}

/** As in PCRE, `$` matches before a newline at the very end, too. What says `(?m)`, or quotes, stays as it is. */
function withLineEnds(source: string): string {
  if (/\\Q|\(\?[a-z-]*m/i.test(source)) return source;
  const escapeOrClass = /\\.|\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]|\$/gs;
  return source.replace(escapeOrClass, (found) => (found === "$" ? "(?:\\n?\\z)" : found));
}

let left = largestTogether;

/** Begins a text: what its expressions may take together is bounded, for nothing else is done while they are compiled. */
export function beginExpressions(): void {
  left = largestTogether;
}

/** How much the expressions of the text take, as far as it has been read. */
export function sizeOfExpressions(): number {
  return largestTogether - Math.max(0, left);
}

/** Why the expression cannot be evaluated, if so. */
export function regexFault(source: string, flags: string): string | undefined {
  const written = Math.max(least, source.length + leastOfLetters * (source.match(ofLetters) ?? []).length);
  if (written > left) return tooMuch();
  const engine = engineOf(source, flags);
  left -= Math.max(written, engine instanceof RE2JS ? engine.programSize() : 0);
  if (left < 0) return tooMuch();
  return engine instanceof RE2JS ? undefined : engine.fault;
}

function tooMuch(): string {
  left = -1;
  return `it is too much beside those before it: together they may have ${largestTogether} characters, each repeated as it says; split the text`;
}

export function compileRegex(source: string, flags: string): RegexTest {
  const engine = engineOf(source, flags);
  if (!(engine instanceof RE2JS)) throw new Error(`not checked before: ${engine.fault}`);
  return (text) => engine.test(text);
}

const unavailable: readonly [RegExp, string][] = [
  [/^\(\?[=!]/, "looking ahead"],
  [/^\(\?<[=!]/, "looking behind"],
  [/^\(\?>/, "an atomic group"],
  [/^\(\?(R|[+-]?\d|&|P>)/, "recursion"],
  [/^\(\?\(/, "a conditional group"],
  [/^\(\?#/, "a comment"],
  [/^\(\?P=/, "a back-reference"],
  [/^\\(?:[1-9]|k[<{'])/, "a back-reference"],
  [/^(?:[*+?]|\{\d+(?:,\d*)?\})\+/, "a possessive quantifier"],
];

/** What no linear-time engine has, by its own name and place; other faults are the engine's to tell. */
function faultOf(source: string): string | undefined {
  let inClass = false;
  for (let index = 0; index < source.length; index++) {
    const rest = source.slice(index, index + 20);
    const known = inClass ? undefined : unavailable.find(([expression]) => expression.test(rest));
    if (known)
      return `${known[1]} at character ${index + 1}, \`${short(rest)}\`, has no linear-time evaluation; rewrite it`;
    if (rest.startsWith("\\Q")) return undefined; // quoted text up to \E: the engine reads it
    if (rest.startsWith("\\")) index++;
    else if (inClass) inClass = !rest.startsWith("]");
    else if (rest.startsWith("[")) {
      inClass = true;
      index += /^\[\^?\]?/.exec(rest)?.[0].length ?? 1; // a bracket that comes first is plain
      index--;
    }
  }
  return undefined;
}

function short(text: string): string {
  return text.length > 12 ? `${text.slice(0, 12)}…` : text;
}

/** re2js's own finding of what a text must hold for the expression to match: see `Prefilter` there. */
interface Needs {
  type: number;
  str?: string;
  subs?: Needs[];
}
const needs = { exact: 1, and: 2, or: 3 } as const;

/**
 * Texts in lower case, of which a matching text in lower case holds at least one; undefined: none is known. Plain
 * ASCII only, because other letters have more than two cases.
 */
export function regexLiterals(source: string, flags: string): readonly string[] | undefined {
  // Without `i` the engine tells its literals; with it a matching text holds them in some case.
  const engine = engineOf(source, flags.replace("i", ""));
  if (!(engine instanceof RE2JS)) return undefined;
  const found = (engine.re2() as unknown as { prefilter: Needs | null }).prefilter;
  return found ? literalsOf(found, flags.includes("i")) : undefined;
}

function literalsOf({ type, str, subs = [] }: Needs, anyCase: boolean): readonly string[] | undefined {
  if (type === needs.exact) {
    // ſ is a case of s, but its own lower case.
    const parts = (str ?? "").toLowerCase().split(anyCase ? /[^\0-rt-\x7f]+/ : /[^\0-\x7f]+/);
    const longest = parts.reduce((best, part) => (part.length > best.length ? part : best), "");
    return longest === "" ? undefined : [longest];
  }
  const each = subs.map((sub) => literalsOf(sub, anyCase));
  if (type === needs.or) return each.every((one) => one !== undefined) ? [...new Set(each.flat())] : undefined;
  if (type !== needs.and) return undefined;
  const known = each.filter((one) => one !== undefined);
  return known.sort((one, other) => shortest(other) - shortest(one))[0];
}

function shortest(texts: readonly string[]): number {
  return Math.min(...texts.map((text) => text.length));
}
