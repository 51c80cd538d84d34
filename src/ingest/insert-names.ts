/**
 * The names of statements that PostgreSQL is to keep prepared. Each connection keeps them for good, and what
 * senders vary makes ever new statements: only those that come again have a name, and only so many.
 */
const often = 3; // times

/** `most`: names that are ever given. */
export function createNames(prefix: string, most: number): (statement: number) => string | undefined {
  const names = new Map<number, string>();
  const uses = new Map<number, number>();
  return (statement) => {
    const known = names.get(statement);
    if (known !== undefined || names.size >= most) return known;
    const used = (uses.get(statement) ?? 0) + 1;
    if (uses.size > 10 * most) uses.clear();
    uses.set(statement, used);
    if (used < often) return undefined;
    const name = prefix + statement.toString(36);
    names.set(statement, name);
    return name;
  };
}
