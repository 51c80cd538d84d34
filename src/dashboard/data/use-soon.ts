import { useCallback, useEffect, useRef } from "react";

/** Calls `work` at once, then at most every `pause` ms however often it is asked for; the last call is never lost. */
export function useSoon(work: () => void, pause: number): () => void {
  const latest = useRef(work);
  latest.current = work;
  const last = useRef(0);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  return useCallback(() => {
    if (timer.current !== undefined) return;
    timer.current = setTimeout(
      () => {
        timer.current = undefined;
        last.current = Date.now();
        latest.current();
      },
      Math.max(0, last.current + pause - Date.now()),
    );
  }, [pause]);
}
