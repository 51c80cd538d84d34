let open: readonly HTMLDialogElement[] = [];
const listeners = new Set<() => void>();

function set(next: readonly HTMLDialogElement[]): void {
  open = next;
  for (const listener of listeners) listener();
}

/** Tells of a modal dialog that was opened over all others, until the returned function is called. */
export function putOnTop(dialog: HTMLDialogElement): () => void {
  set([...open, dialog]);
  return () => set(open.filter((one) => one !== dialog));
}

/** For useSyncExternalStore: the dialog outside of which nothing can be pressed or read; undefined: none is open. */
export const topDialog = {
  get: (): HTMLDialogElement | undefined => open.at(-1),
  listen(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};
