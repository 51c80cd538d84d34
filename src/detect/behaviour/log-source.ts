/** Vigil's own events about a log source that has gone silent. */
export const monitorSource = { product: "vigil", service: "monitor" } as const;
export const silentAction = "source.silent";
