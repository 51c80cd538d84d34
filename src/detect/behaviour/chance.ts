/** How likely so many are where so few are expected: the upper tail of the Poisson distribution, P(N ≥ count). */
export function chanceOf(count: number, expected: number): number {
  if (count <= 0) return 1;
  let term = Math.exp(-expected);
  let below = 0;
  for (let n = 0; n < count; n++) {
    below += term;
    term *= expected / (n + 1);
  }
  // Where the sum is too near to 1 to tell, the tail's first terms are the tail.
  return below < 0.999_999 ? 1 - below : term * (1 + expected / (count + 1));
}
