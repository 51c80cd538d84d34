/**
 * LiquidJS counts from the start of a text to say where a variable of it stands, for each of its variables: half a second
 * for the 4,000 that a template may have. Here the lines of a text are counted once; the places are the same.
 */
import { Token } from "liquidjs";

let last: { text: string; lineStarts: number[] } = { text: "", lineStarts: [0] };

function lineStartsOf(text: string): number[] {
  if (last.text !== text) {
    const lineStarts = [0];
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) lineStarts.push(at + 1);
    last = { text, lineStarts };
  }
  return last.lineStarts;
}

/** Line and column of a place in a text, both from 1. */
export function placeIn(text: string, at: number): [line: number, column: number] {
  const starts = lineStartsOf(text);
  let [from, to] = [0, starts.length]; // the line is one of these
  while (to - from > 1) {
    const middle = (from + to) >> 1;
    if ((starts[middle] as number) <= at) from = middle;
    else to = middle;
  }
  return [from + 1, at - (starts[from] as number) + 1];
}

Token.prototype.getPosition = function (this: Token): [number, number] {
  return placeIn(this.input, this.begin);
};
