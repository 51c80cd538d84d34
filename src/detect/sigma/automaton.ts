/** Many texts searched for at once (Aho and Corasick, 1975): one step per character, however many texts. */

export interface Search {
  /** By the place of each text in the list: what it is found as. Those of one end are found as one. */
  numbers: readonly number[];
  /** Calls `take` with the number of each text that occurs in the subject; of one text perhaps several times. */
  find(subject: string, take: (text: number) => void): void;
}

const ascii = 128;
const maxCells = 2 ** 23; // 32 MiB of table
const mostClasses = 200; // so that a table of all pairs of characters is no larger than that
const longest = 16; // characters of a text that are looked for; more would seldom tell more

/**
 * No text is empty. Of long texts only the end is looked for, of very many texts less of it, and of very many
 * letters several are taken for one: what is found may then be somewhat less than the whole text.
 */
export function searchFor(written: readonly string[]): Search {
  const { classOf, others, classes } = classify(written);
  let length = longest;
  while (length > 2 && mostNodes(written, length, classes) * classes > maxCells) length--;
  const most = mostNodes(written, length, classes);
  const classIn = (code: number) => (code < ascii ? (classOf[code] as number) : (others.get(code) ?? 0));
  const { numbers, ...trie } = plant(
    written.map((text) => text.slice(-length)),
    classIn,
    { classes, most },
  );
  const { steps, outputs } = link(trie, classes);
  return {
    numbers,
    find(subject, take) {
      let state = 0;
      for (let index = 0; index < subject.length; index++) {
        const code = subject.charCodeAt(index);
        const step = steps[state + (code < ascii ? (classOf[code] as number) : (others.get(code) ?? 0))] as number;
        state = step >>> 1;
        if ((step & 1) === 1) for (const text of outputs.get(state) as number[]) take(text);
      }
    },
  };
}

/** As many nodes as there are characters, or beginnings of texts of this length. */
function mostNodes(texts: readonly string[], length: number, classes: number): number {
  const characters = texts.reduce((sum, text) => sum + Math.min(text.length, length), 1);
  let beginnings = 1;
  for (let depth = 1, each = classes; depth <= length && beginnings < characters; depth++, each *= classes)
    beginnings += each;
  return Math.min(characters, beginnings);
}

/** Characters that no text has are all alike: class 0. */
function classify(texts: readonly string[]) {
  const classOf = new Uint8Array(ascii);
  const others = new Map<number, number>();
  let classes = 1;
  for (const text of texts)
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index);
      if (code >= ascii) others.set(code, 0);
      else if (classOf[code] === 0) classOf[code] = classes++;
    }
  const left = mostClasses - classes;
  for (const [place, code] of [...others.keys()].entries()) others.set(code, classes + (place % left));
  return { classOf, others, classes: classes + Math.min(left, others.size) };
}

interface Trie {
  /** Child of node n for class c at n * classes + c; 0: none. */
  children: Int32Array;
  size: number;
  /** What is found at a node. */
  ends: Map<number, number[]>;
}

function plant(
  texts: readonly string[],
  classOf: (code: number) => number,
  { classes, most }: { classes: number; most: number },
): Trie & Pick<Search, "numbers"> {
  const children = new Int32Array(most * classes);
  const ends = new Map<number, number[]>();
  let size = 1;
  const numbers = texts.map((text) => {
    let node = 0;
    for (let index = 0; index < text.length; index++) {
      const at = node * classes + classOf(text.charCodeAt(index));
      if (children[at] === 0) children[at] = size++;
      node = children[at] as number;
    }
    const [known] = ends.get(node) ?? [];
    if (known === undefined) ends.set(node, [ends.size]);
    return known ?? ends.size - 1;
  });
  return { children: children.slice(0, size * classes), size, ends, numbers };
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
