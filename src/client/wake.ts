/** Knows when the network came back, or the machine or tab awoke: then what looks connected may long be dead. */
const lookInterval = 5_000; // 5 seconds
const slept = 10_000; // that much later than it should have come: nothing ran meanwhile

export interface Wakes {
  /** Whether the platform says that there is no network. */
  isOffline(): boolean;
  close(): void;
}

export function watchWakes(onWake: () => void, onOffline: () => void, now: () => number = Date.now): Wakes {
  const page = globalThis as unknown as Partial<Pick<Window, "addEventListener" | "removeEventListener">>;
  const { document: tab } = globalThis as { document?: Document };
  const shown = (): void => {
    if (tab?.visibilityState !== "hidden") onWake();
  };
  const heard: [string, () => void][] = [
    ["online", onWake],
    ["offline", onOffline],
    ["pageshow", onWake],
  ];
  for (const [name, listener] of heard) page.addEventListener?.(name, listener);
  tab?.addEventListener("visibilitychange", shown);
  let last = now();
  const look = setInterval(() => {
    const gap = now() - last;
    last = now();
    if (gap > lookInterval + slept) onWake();
  }, lookInterval);
  (look as unknown as { unref?(): void }).unref?.();
  return {
    isOffline: () => (globalThis as { navigator?: { onLine?: boolean } }).navigator?.onLine === false,
    close() {
      for (const [name, listener] of heard) page.removeEventListener?.(name, listener);
      tab?.removeEventListener("visibilitychange", shown);
      clearInterval(look);
    },
  };
}
