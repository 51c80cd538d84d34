/** Lets the host go on before the rest of a long piece of work. */
export const hostsTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
