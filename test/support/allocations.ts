/** How much a piece of work allocates: what a profile of the heap says, with what was collected meanwhile. */
import { Session } from "node:inspector/promises";

/** Bytes, to some per cent: every so many are looked at. */
export async function allocatedBy(work: () => unknown): Promise<number> {
  const session = new Session();
  session.connect();
  try {
    await session.post("HeapProfiler.startSampling", {
      samplingInterval: 4_096,
      includeObjectsCollectedByMajorGC: true,
      includeObjectsCollectedByMinorGC: true,
    } as object);
    await work();
    const { profile } = await session.post("HeapProfiler.stopSampling");
    const { samples } = profile as unknown as { samples: { size: number }[] }; // not in the types
    return samples.reduce((sum, { size }) => sum + size, 0);
  } finally {
    session.disconnect();
  }
}
