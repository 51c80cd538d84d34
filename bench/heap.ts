/** What of the memory is in use. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** MiB that are in use once all else is collected: of the heap, and of what objects of it hold outside. */
export function memoryInUse(): { heap: number; external: number } {
  collect(); // may only end a collection that was under way
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return { heap: heapUsed / 2 ** 20, external: external / 2 ** 20 };
}
