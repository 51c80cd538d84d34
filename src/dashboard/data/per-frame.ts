const hiddenPause = 1_000; // ms between two updates of a tab that nobody sees: it gets no frames

/** Calls `work` at the next frame, however often it is asked for until then. */
export function perFrame(work: () => void): () => void {
  let waits = false;
  return () => {
    if (waits) return;
    waits = true;
    const run = (): void => {
      clearTimeout(timer);
      if (!waits) return;
      waits = false;
      work();
    };
    const timer = setTimeout(run, hiddenPause); // also where it is hidden in between: the frame may never come
    if (!document.hidden) requestAnimationFrame(run);
  };
}
