/** Where a process' time goes, and what it allocates, between two moments: by V8's own profilers, summed up for people. */
import { Session } from "node:inspector/promises";

export interface Share {
  what: string;
  /** Of the whole, 0 to 100. */
  percent: number;
}

export interface Profile {
  /** Of the time in which the main thread did something; idle: of all time. */
  idle: number;
  areas: Share[];
  functions: Share[];
  /** Of what was allocated. */
  allocating: Share[];
}

const shown = 15;

interface Frame {
  functionName: string;
  url: string;
}

/** `src/detect/sigma`, `pg`, `node`, or what V8 calls it, as "(garbage collector)". */
function areaOf({ functionName, url }: Frame): string {
  const [, library] = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url) ?? [];
  if (library) return library;
  const [, own] = /.*\/((?:src|bench)\/(?:[^/]+\/){0,2})/.exec(url) ?? [];
  if (own) return own.slice(0, -1);
  return functionName.startsWith("(") ? functionName : "node";
}

const nameOf = (frame: Frame): string => {
  const file = frame.url.split("/").slice(-2).join("/");
  return file ? `${frame.functionName || "(anonymous)"}, ${file}` : frame.functionName;
};

function shares(values: ReadonlyMap<string, number>): Share[] {
  const whole = [...values.values()].reduce((sum, value) => sum + value, 0) || 1;
  return [...values]
    .map(([what, value]) => ({ what, percent: (100 * value) / whole }))
    .sort((one, other) => other.percent - one.percent)
    .slice(0, shown);
}

const add = (sums: Map<string, number>, name: string, value: number): void =>
  void sums.set(name, (sums.get(name) ?? 0) + value);

export async function startProfile(): Promise<{ stop(): Promise<Profile> }> {
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.setSamplingInterval", { interval: 500 }); // µs
  await session.post("HeapProfiler.enable");
  await session.post("HeapProfiler.startSampling", {
    samplingInterval: 65_536,
    includeObjectsCollectedByMajorGC: true,
    includeObjectsCollectedByMinorGC: true,
  } as object);
  await session.post("Profiler.start");
  return {
    async stop() {
      const { profile } = await session.post("Profiler.stop");
      const heap = await session.post("HeapProfiler.stopSampling");
      session.disconnect();
      const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]));
      const [areas, functions] = [new Map<string, number>(), new Map<string, number>()];
      let [idle, all] = [0, 0];
      for (const [place, id] of (profile.samples ?? []).entries()) {
        const frame = frames.get(id) as Frame;
        const time = profile.timeDeltas?.[place] ?? 0;
        all += time;
        if (frame.functionName === "dispatch" && frame.url === "") continue; // this profiler itself
        if (frame.functionName === "(idle)") {
          idle += time;
          continue;
        }
        add(areas, areaOf(frame), time);
        add(functions, nameOf(frame), time);
      }
      const allocating = new Map<string, number>();
      const waiting = [heap.profile.head];
      for (let node = waiting.pop(); node; node = waiting.pop()) {
        if (node.selfSize > 0) add(allocating, nameOf(node.callFrame), node.selfSize);
        waiting.push(...node.children);
      }
      return {
        idle: (100 * idle) / all,
        areas: shares(areas),
        functions: shares(functions),
        allocating: shares(allocating),
      };
    },
  };
}
