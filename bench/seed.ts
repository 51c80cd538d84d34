/** The seed of all that a bench makes up: `npm run bench -- --seed N`, by default 1. Processes that a bench starts have it, too. */

const variable = "VIGIL_BENCH_SEED";

/** Errors: where it is no whole number from 0 to 2^31 - 1. */
export function setSeed(text: string): void {
  if (!/^\d{1,10}$/.test(text) || Number(text) >= 2 ** 31) throw new Error(`A seed is a whole number, not ${text}.`);
  process.env[variable] = text;
}

export const seed = (): number => Number(process.env[variable] ?? 1);
