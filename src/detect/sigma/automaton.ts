/** Many texts searched for at once (Aho and Corasick, 1975): one step per character, however many texts. */

/** Calls `take` with the number of each text that occurs in the subject; of one text perhaps several times. */
export type Search = (subject: string, take: (text: number) => void) => void;

const ascii = 128;
const maxCells = 2 ** 23; // 32 MiB of table
const longest = 16; // characters of a text that are looked for; more would seldom tell more

/**
 * Texts are told by their position in the list. None is empty. Of long texts only the end is looked for, of very many
 * texts less of it: what is found may then be somewhat less than the whole text.
 */
export function searchFor(written: readonly string[]): Search {
  const { classOf, others, classes } = classify(written);
  let length = longest;
  const cells = () => written.reduce((sum, text) => sum + Math.min(text.length, length), 1) * classes;
  while (length > 2 && cells() > maxCells) length--;
  const texts = written.map((text) => text.slice(-length));
  const trie = plant(texts, (code) => (code < ascii ? (classOf[code] as number) : (others.get(code) ?? 0)), classes);
  const { steps, outputs } = link(trie, classes);
  return (subject, take) => {
    let state = 0;
    for (let index = 0; index < subject.length; index++) {
      const code = subject.charCodeAt(index);
      const step = steps[state + (code < ascii ? (classOf[code] as number) : (others.get(code) ?? 0))] as number;
      state = step >>> 1;
      if ((step & 1) === 1) for (const text of outputs.get(state) as number[]) take(text);
    }
  };
}

/** Characters that no text has are all alike: class 0. */
function classify(texts: readonly string[]) {
  const classOf = new Uint8Array(ascii);
  const others = new Map<number, number>();
  let classes = 1;
  for (const text of texts)
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index);
      if (code >= ascii) {
        if (!others.has(code)) others.set(code, classes++);
      } else if (classOf[code] === 0) classOf[code] = classes++;
    }
  return { classOf, others, classes };
}

interface Trie {
  /** Child of node n for class c at n * classes + c; 0: none. */
  children: Int32Array;
  size: number;
  ends: Map<number, number[]>;
}

function plant(texts: readonly string[], classOf: (code: number) => number, classes: number): Trie {
  const most = texts.reduce((sum, text) => sum + text.length, 1);
  const children = new Int32Array(most * classes);
  const ends = new Map<number, number[]>();
  let size = 1;
  for (const [number, text] of texts.entries()) {
    let node = 0;
    for (let index = 0; index < text.length; index++) {
      const at = node * classes + classOf(text.charCodeAt(index));
      if (children[at] === 0) children[at] = size++;
      node = children[at] as number;
    }
    ends.set(node, [...(ends.get(node) ?? []), number]);
  }
  return { children: children.slice(0, size * classes), size, ends };
}

/**
 * Fills in where a character leads that no child has: where it leads from the longest proper suffix. A step is the next
 * node's place in the table, doubled, plus one if texts end there.
 */
function link({ children, size, ends }: Trie, classes: number) {
  const suffix = new Int32Array(size);
  const queue: number[] = [0];
  for (let at = 0; at < queue.length; at++) {
    const node = queue[at] as number;
    const behind = suffix[node] as number;
    if (node !== 0 && ends.has(behind)) ends.set(node, [...(ends.get(node) ?? []), ...(ends.get(behind) ?? [])]);
    for (let character = 0; character < classes; character++) {
      const place = node * classes + character;
      const fallback = node === 0 ? 0 : (children[behind * classes + character] as number);
      const child = children[place] as number;
      if (child === 0) children[place] = fallback;
      else {
        suffix[child] = fallback;
        queue.push(child);
      }
    }
  }
  const steps = children.map((node) => ((node * classes) << 1) | (ends.has(node) ? 1 : 0));
  const outputs = new Map([...ends].map(([node, texts]) => [node * classes, texts] as const));
  return { steps, outputs };
}
