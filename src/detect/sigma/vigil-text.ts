/** One document's text with its `vigil` part, and without; all else stays byte for byte, wherever the text allows it. */
import { isDeepStrictEqual } from "node:util";
import { isMap, isScalar, parseDocument, stringify } from "yaml";
import type { VigilBlock } from "./vigil-block.ts";

const reading = { version: "1.2", intAsBigInt: true, logLevel: "silent" } as const;

/** The block is written at the end. */
export function withVigilBlock(text: string, block: VigilBlock): string {
  const { throttleMs, expiresAt, ...rest } = block;
  const written = {
    ...rest,
    ...(throttleMs === undefined ? {} : { throttle: `${throttleMs / 1_000}s` }),
    ...(expiresAt === undefined ? {} : { expires: new Date(expiresAt).toISOString() }),
  };
  const before = parseDocument(text, reading);
  const wanted = { ...(before.toJS() as object), vigil: written };
  const lines = stringify({ vigil: written }, { lineWidth: 0 });
  const appended = [text.trimEnd(), text.replace(/\n$/, "")].map((kept) => `${kept}\n${lines}`);
  const right = appended.find((one) => means(one, wanted));
  if (right !== undefined) return right;
  before.set("vigil", before.createNode(written)); // e.g. a document in braces
  return before.toString({ lineWidth: 0 });
}

/** A text block that keeps its last blank lines (`|+`) is why lines that seem to say nothing may not come or go. */
function means(text: string, wanted: object): boolean {
  const document = parseDocument(text, reading);
  return document.errors.length === 0 && isDeepStrictEqual(document.toJS(), wanted);
}

/** Blank lines stand where the block was, so that other lines keep their number; `linesBefore`: of those on top. */
export function withoutVigilBlock(text: string): { text: string; linesBefore: number } {
  const document = parseDocument(text, reading);
  if (!isMap(document.contents)) return { text, linesBefore: 0 };
  const place = document.contents.items.findIndex(({ key }) => isScalar(key) && key.value === "vigil");
  const [pair, next] = document.contents.items.slice(place, place + 2);
  const [start, end] = [pair, next].map((one) => (isScalar(one?.key) ? one.key.range?.[0] : undefined));
  if (place < 0 || start === undefined) return { text, linesBefore: 0 };
  const cut = text.slice(start, end);
  const lines = cut.split("\n").length - 1;
  const rest = `${text.slice(0, start)}${"\n".repeat(lines)}${end === undefined ? "" : text.slice(end)}`;
  const wanted = document.toJS() as Record<string, unknown>;
  delete wanted.vigil;
  const right = [`${rest.trimEnd()}\n`, end === undefined ? text.slice(0, start) : rest].find((one) =>
    means(one, wanted),
  );
  if (right !== undefined) return { text: right, linesBefore: place === 0 ? lines : 0 };
  document.delete("vigil");
  return { text: document.toString({ lineWidth: 0 }), linesBefore: 0 };
}
