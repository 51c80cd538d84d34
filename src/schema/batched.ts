/** Answers of one request that are asked for one by one and read together: a list of 50 rows costs one statement. */
import type { Context } from "./context.ts";

/**
 * Calls of the same moment with the same `sort` are answered by one `load`, which gives the answers by key; what it does
 * not give is undefined.
 */
export function batched<Answer>(
  load: (context: Context, keys: string[], sort: string) => Promise<ReadonlyMap<string, Answer>>,
): (context: Context, key: string, sort?: string) => Promise<Answer | undefined> {
  const waiting = new WeakMap<
    Context,
    Map<string, { keys: Set<string>; loaded: Promise<ReadonlyMap<string, Answer>> }>
  >();
  return async (context, key, sort = "") => {
    const ofRequest = waiting.get(context) ?? new Map();
    waiting.set(context, ofRequest);
    let batch = ofRequest.get(sort);
    if (!batch) {
      const keys = new Set<string>();
      const loaded = new Promise<void>(setImmediate).then(() => {
        ofRequest.delete(sort);
        return load(context, [...keys], sort);
      });
      batch = { keys, loaded };
      ofRequest.set(sort, batch);
    }
    batch.keys.add(key);
    return (await batch.loaded).get(key);
  };
}
