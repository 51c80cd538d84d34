/** So many of a thing, in the right number: `counted(1, "event")` is "1 event". */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString()} ${count === 1 ? one : many}`;
}
