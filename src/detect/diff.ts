/** Two texts -> a unified diff, by lines. */

const around = 3; // lines of context
const mostCells = 4_000_000; // of the table; beyond it the changed middle is shown as replaced

type Line = [sign: " " | "-" | "+", text: string];

/** Empty where the texts are equal. Lines are told as `diff -u` does, without a time. */
export function unifiedDiff(before: string, after: string, [from, to]: readonly [string, string]): string {
  const lines = compare(linesOf(before), linesOf(after));
  const changed = lines.flatMap(([sign], index) => (sign === " " ? [] : [index]));
  if (changed.length === 0) return "";
  const text = [`--- ${from}`, `+++ ${to}`];
  for (let next = 0; next < changed.length; ) {
    const start = Math.max(0, (changed[next] as number) - around);
    while (next + 1 < changed.length && (changed[next + 1] as number) - (changed[next] as number) <= 2 * around) next++;
    const hunk = lines.slice(start, (changed[next] as number) + around + 1);
    const count = (list: readonly Line[], other: string) => list.filter(([sign]) => sign !== other).length;
    const [old, fresh] = [count(hunk, "+"), count(hunk, "-")];
    const head = lines.slice(0, start);
    const place = (skipped: number, length: number) => `${skipped + (length > 0 ? 1 : 0)},${length}`;
    text.push(`@@ -${place(count(head, "+"), old)} +${place(count(head, "-"), fresh)} @@`);
    text.push(...hunk.map(([sign, line]) => `${sign}${line}`));
    next++;
  }
  return `${text.join("\n")}\n`;
}

function linesOf(text: string): string[] {
  return text === "" ? [] : text.replace(/\n$/, "").split("\n");
}

/** What is equal at both ends is left aside; between them, a longest common subsequence stays. */
function compare(before: readonly string[], after: readonly string[]): Line[] {
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head++;
  let tail = 0;
  while (
    tail < Math.min(before.length, after.length) - head &&
    before[before.length - 1 - tail] === after[after.length - 1 - tail]
  )
    tail++;
  const same = (line: string): Line => [" ", line];
  const middle = longest(before.slice(head, before.length - tail), after.slice(head, after.length - tail));
  return [...before.slice(0, head).map(same), ...middle, ...before.slice(before.length - tail).map(same)];
}

function longest(a: readonly string[], b: readonly string[]): Line[] {
  const width = b.length + 1;
  if ((a.length + 1) * width > mostCells)
    return [...a.map((line): Line => ["-", line]), ...b.map((line): Line => ["+", line])];
  const common = new Uint32Array((a.length + 1) * width); // of the rests that begin at i and j
  const at = (i: number, j: number): number => common[i * width + j] as number;
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      common[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  const lines: Line[] = [];
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push([" ", a[i] as string]);
      i++;
      j++;
    } else if (i < a.length && (j >= b.length || at(i + 1, j) >= at(i, j + 1))) lines.push(["-", a[i++] as string]);
    else lines.push(["+", b[j++] as string]);
  }
  return lines;
}
