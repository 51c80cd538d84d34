/** The moment that a field holds, in the reader's zone, as the API takes it. What is none stays, to be refused. */
export function momentOf(text: string): string {
  const at = new Date(text).getTime();
  return Number.isNaN(at) ? text : new Date(at).toISOString();
}
