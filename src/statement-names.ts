/**
 * The names of statements that PostgreSQL is to keep prepared. Each connection keeps them for good, and what
 * senders vary makes ever new statements: only those that come again have a name, and only so many.
 */
const often = 3; // times

/** `named` gives a statement its name; `most`: names that are ever given. */
export function createNames<Statement extends string | number>(
  named: (statement: Statement) => string,
  most: number,
): (statement: Statement) => string | undefined {
  const names = new Map<Statement, string>();
  const uses = new Map<Statement, number>();
  return (statement) => {
    const known = names.get(statement);
    if (known !== undefined || names.size >= most) return known;
    const used = (uses.get(statement) ?? 0) + 1;
    if (uses.size > 5 * most) uses.clear();
    uses.set(statement, used);
    if (used < often) return undefined;
    const name = named(statement);
    names.set(statement, name);
    return name;
  };
}
