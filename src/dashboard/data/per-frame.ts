const hiddenPause = 1_000; // ms between two updates of a tab that nobody sees: it gets no frames

/** Calls `work` at the next frame, however often it is asked for until then. */
export function perFrame(work: () => void): () => void {
  let waits = false;
  return () => {
    if (waits) return;
    waits = true;
    const run = (): void => {
      if (!waits) return;
      waits = false;
      work();
    };
    if (document.hidden) setTimeout(run, hiddenPause);
    else {
      requestAnimationFrame(run);
      setTimeout(run, hiddenPause); // hidden in between: the frame may never come
    }
  };
}
