/**
 * Rule collections, as Sigma 1.0 has them: a document with `action: global` is merged into all that follow, `reset`
 * forgets those, `repeat` is the rule before once more with what it says instead. Each rule becomes one plain document.
 * (Sigma 2.0 left them out; files with them are still about.)
 */
import { stringify } from "yaml";
import { get, isShape, type Shape } from "./shape.ts";
import { maxSourceLength, type Path, type SourceDocument } from "./source.ts";

/** A rule in the making: its value, and where its parts were written, the later over the earlier. */
interface Merged {
  value: Shape;
  from: SourceDocument[];
}

/** The rules of a file in full. What is no rule of a collection stays as it was written. */
export function* mergeCollection(sources: Iterable<SourceDocument>): Generator<SourceDocument> {
  const nothing: Merged = { value: {}, from: [] };
  let global = nothing;
  let previous: Merged | undefined;
  const unused = new Set<SourceDocument>(); // globals that no rule follows: what they say would be lost unseen
  let length = 0; // of all that was written in full: a short text can stand for a thousand long ones
  const isTooLong = ({ text }: SourceDocument, { report }: SourceDocument): boolean => {
    length += text.length;
    if (length > maxSourceLength) report([], "INVALID", tooLong);
    return length > maxSourceLength;
  };
  for (const source of sources) {
    const { value: written, report } = source;
    if (!isShape(written)) {
      yield source;
      continue;
    }
    const { action, ...value } = written;
    if (!Object.hasOwn(written, "action")) {
      previous = { value, from: [source] };
      unused.clear();
      const rule = global === nothing ? source : inFull(global, previous, source);
      if (rule !== source && isTooLong(rule, source)) return;
      yield rule;
    } else if (action === "global") {
      global = merged(global, { value, from: [source] });
      unused.add(source);
    } else if (action === "reset") global = nothing;
    else if (action !== "repeat")
      report(["action"], "UNSUPPORTED", "the actions of a rule collection are global, reset and repeat");
    else if (previous === undefined) report(["action"], "INVALID", "there is no rule before this one to repeat");
    else {
      previous = merged(previous, { value, from: [source] });
      unused.clear();
      const rule = inFull(global, previous, source);
      if (isTooLong(rule, source)) return;
      yield rule;
    }
  }
  for (const { report } of unused) report(["action"], "INVALID", "no rule follows that this could be merged into");
}

const tooLong = `up to this rule the collection in full is longer than ${maxSourceLength} characters; split it`;

/** One rule of a collection as a document of its own. Faults are told where the part was written. */
function inFull(global: Merged, rule: Merged, { index, line, report: own }: SourceDocument): SourceDocument {
  const { value, from } = merged(global, rule);
  const text = stringify(value, { lineWidth: 0 });
  const report: SourceDocument["report"] = (path, code, message) => {
    const writer = from.findLast((source) => holds(source.value, path));
    (writer?.report ?? own)(path, code, message);
  };
  return { index, line, text, value, report };
}

function holds(value: unknown, path: Path): boolean {
  let part = value;
  for (const step of path) {
    if (Array.isArray(part)) part = part[Number(step)];
    else if (isShape(part)) part = get(part, String(step));
    else return false;
  }
  return path.length > 0 && part !== undefined;
}

/** The second over the first: maps are merged, everything else is replaced. */
function merged(first: Merged, second: Merged): Merged {
  return { value: over(first.value, second.value), from: [...first.from, ...second.from] };
}

function over(first: Shape, second: Shape): Shape {
  const result = new Map(Object.entries(first));
  for (const [key, value] of Object.entries(second)) {
    const before = result.get(key);
    result.set(key, isShape(before) && isShape(value) ? over(before, value) : value);
  }
  return Object.fromEntries(result);
}
