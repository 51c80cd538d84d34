/**
 * A user's name in its one spelling. An e-mail address is one account however its letters are written: telephones begin it
 * with a capital one, and whoever has stolen a password would be somebody new by another spelling. Other names stay as they
 * are, for systems tell them apart.
 */
export function oneSpelling(name: string): string {
  return name.includes("@") ? name.toLowerCase() : name;
}

/** The same in SQL, of events that were stored under other spellings. */
export const spelledOnce = (sql: string): string => `CASE WHEN ${sql} LIKE '%@%' THEN lower(${sql}) ELSE ${sql} END`;
