/**
 * Reads a list as it arrives, decision by decision: a list of 100,000 is 20 MB of JSON, and JSON.parse of all of it would
 * stop the host for a tenth of a second.
 */
import { type ListedDecision, readDecision } from "./decision.ts";

const longestDecision = 10_000; // characters

export class ListReader {
  readonly #take: (decisions: ListedDecision[]) => void;
  #rest = "";
  /** Everything but the decisions. */
  #head = "";
  #depth = 0;
  #inText = false;
  #isEscaped = false;
  #afterDecision = false;

  constructor(take: (decisions: ListedDecision[]) => void) {
    this.#take = take;
  }

  /** Errors: what is no list of decisions. */
  write(part: string): void {
    const text = this.#rest + part;
    const decisions: ListedDecision[] = [];
    let start = this.#depth >= 3 ? 0 : -1;
    let headFrom = start === 0 ? -1 : this.#rest.length;
    for (let at = this.#rest.length; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (this.#inText) {
        if (this.#isEscaped) this.#isEscaped = false;
        else if (code === 92) this.#isEscaped = true;
        else if (code === 34) this.#inText = false;
      } else if (code === 34) {
        this.#inText = true;
      } else if (code === 123 || code === 91) {
        if (++this.#depth === 3 && code === 123) {
          if (headFrom >= 0) this.#addHead(text.slice(headFrom, at));
          [start, headFrom] = [at, -1];
        } else if (this.#depth > 3) throw new Error("nested deeper than a list of decisions");
      } else if (code === 125 || code === 93) {
        if (this.#depth-- === 3) {
          const decision = readDecision(JSON.parse(text.slice(start, at + 1)));
          if (!decision) throw new Error("one of its decisions cannot be read");
          decisions.push(decision);
          [start, headFrom] = [-1, at + 1];
          this.#afterDecision = true;
        }
      }
    }
    if (headFrom >= 0) this.#addHead(text.slice(headFrom));
    this.#rest = start >= 0 ? text.slice(start) : "";
    if (this.#rest.length > longestDecision) throw new Error("one of its decisions is too long");
    if (decisions.length > 0) this.#take(decisions);
  }

  /** What the list says beside its decisions. Errors: not JSON. */
  head(): unknown {
    return JSON.parse(this.#head);
  }

  /** The commas that stood between decisions go with them. */
  #addHead(text: string): void {
    this.#head += this.#afterDecision ? text.replace(/^\s*,?\s*/, "") : text;
    if (text.trim() !== "" && text.trim() !== ",") this.#afterDecision = false;
  }
}
