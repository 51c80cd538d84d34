/**
 * YAML of strangers -> its documents. The parser and what composes its tokens recurse, and V8 ends the whole process, not
 * just the call, when a regular expression is first used where the stack is nearly full: so how deep a text goes is known
 * before anything is made of it.
 */
import { Composer, type CST, type Document, isScalar, Lexer, LineCounter, Parser, visit, YAMLParseError } from "yaml";

const deepest = 100; // levels; published rules have eight
const mostFaults = 100; // that are told

type Options = NonNullable<ConstructorParameters<typeof Composer>[0]>;

export class TooDeep extends Error {
  readonly line: number;

  constructor(line: number) {
    super(`the text is nested more than ${deepest} levels deep`);
    this.line = line;
  }
}

/** Errors: TooDeep; any other fault stands in its document's `errors`. */
export function readYaml(text: string, options: Options, lines = new LineCounter()): Document.Parsed[] {
  const parser = new Parser(lines.addNewLine);
  lines.addNewLine(0);
  const tokens: CST.Token[] = [];
  let faults = 0;
  for (const lexeme of new Lexer().lex(text)) {
    // Each fault becomes an Error: a text of ten thousand brackets would take a second.
    for (const token of parser.next(lexeme)) if (token.type !== "error" || faults++ < mostFaults) tokens.push(token);
    if (parser.stack.length > deepest) throw new TooDeep(lines.linePos(parser.offset).line);
  }
  for (const token of parser.end()) tokens.push(token);
  const documents = withoutStacks(() => [
    ...new Composer({ logLevel: "silent", ...options, uniqueKeys: false }).compose(tokens),
  ]);
  for (const document of documents) refuseTwins(document);
  return documents;
}

/** Of thousands of faults each is an Error, and where in the parser it was made is most of its cost. */
function withoutStacks<T>(compose: () => T): T {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return compose();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** A key that stands twice in its map is a fault. The composer compares each key with all others: 10,000 take seconds. */
function refuseTwins(document: Document.Parsed): void {
  visit(document, {
    Map(_, { items }) {
      const seen = new Set<unknown>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        const [start = 0, end = start] = key.range ?? [];
        if (seen.has(key.value))
          document.errors.push(new YAMLParseError([start, end], "DUPLICATE_KEY", "Map keys must be unique"));
        seen.add(key.value);
      }
    },
  });
}
