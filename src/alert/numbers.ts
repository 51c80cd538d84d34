/**
 * Telephone numbers of people. Wherever the database names a number (users, channels, the ledger, bad contacts) its code
 * stands: the last two digits, so that people know it again, and a blind index, so that equal numbers are equal. The number
 * itself is sealed, once, in `phone_numbers`.
 */
import { v7 as uuidv7 } from "uuid";
import type { Tx } from "../db.ts";
import { VigilError } from "../errors.ts";
import { indexedColumns, sealedColumns } from "../secrets/sealed-columns.ts";
import type { Vault } from "../secrets/vault.ts";

export type NumberVault = Pick<Vault, "seal" | "open" | "indexer">;

const plain = /^\+[1-9]\d{6,14}$/;
const coded = /^…\d\d\.[0-9a-f]{16}$/;

/** Whether it is a number as people write it (E.164). */
export const isNumber = (text: string): boolean => plain.test(text);
/** Whether it stands for a number. */
export const isCode = (text: string): boolean => coded.test(text);
/** As others see it: the last two digits. */
export const maskOf = (code: string): string => code.slice(0, 3);

/** What stands for a number in this organization. */
export async function coder(tx: Tx, vault: Pick<Vault, "indexer">): Promise<(number: string) => string> {
  const index = await vault.indexer(tx, indexedColumns.phone);
  return (number) => `…${number.slice(-2)}.${index(number).toString("hex")}`;
}

/**
 * Keeps numbers, sealed; answers what stands for each, in order. A code stays what it is, where the organization has its
 * number. Errors: BAD_USER_INPUT.
 */
export async function keepNumbers(
  tx: Tx,
  vault: NumberVault,
  given: readonly string[],
  { now, path }: { now: number; path: readonly string[] },
): Promise<string[]> {
  const codeOf = given.some(isNumber) ? await coder(tx, vault) : String;
  const fresh = new Map(given.filter(isNumber).map((number) => [codeOf(number), { id: uuidv7(), number }]));
  const codes = given.map((one) => (isNumber(one) ? codeOf(one) : one));
  const items = [...fresh.values()].map(({ id, number }) => ({ rowId: id, data: number }));
  // One that is there is touched, so that nobody forgets it meanwhile.
  const { rows } = await tx.query<{ code: string }>(
    `WITH given AS (INSERT INTO phone_numbers (organization_id, id, code, sealed, given_at)
        SELECT $1, n.id, n.code, n.sealed, $5 FROM unnest($2::uuid[], $3::text[], $4::bytea[]) AS n(id, code, sealed) ORDER BY n.code
        ON CONFLICT (organization_id, code) DO UPDATE SET given_at = excluded.given_at RETURNING code),
      known AS (UPDATE phone_numbers SET given_at = $5 WHERE organization_id = $1 AND code = ANY ($6) RETURNING code)
     SELECT code FROM given UNION ALL SELECT code FROM known`,
    [
      tx.organizationId,
      items.map(({ rowId }) => rowId),
      [...fresh.keys()],
      await vault.seal(tx, sealedColumns.phone, items),
      new Date(now),
      codes.filter((code) => !fresh.has(code)),
    ],
  );
  codes.forEach((code, at) => {
    if (rows.some((row) => row.code === code)) return;
    const message = "This stands for no number that is here: write it as +15125550100 (E.164).";
    throw new VigilError("BAD_USER_INPUT", message, { path: given.length > 1 ? [...path, String(at)] : [...path] });
  });
  return codes;
}

/** The numbers that codes stand for; one that is no longer kept is left out. */
export async function numbersOf(
  tx: Tx,
  vault: Pick<Vault, "open">,
  codes: readonly string[],
): Promise<Map<string, string>> {
  const { rows } = await tx.query<{ id: string; code: string; sealed: Buffer }>({
    name: "phone_numbers_by_code",
    text: "SELECT id, code, sealed FROM phone_numbers WHERE organization_id = $1 AND code = ANY ($2)",
    values: [tx.organizationId, [...new Set(codes)]],
  });
  const items = rows.map(({ id, sealed }) => ({ rowId: id, record: sealed }));
  const opened = await vault.open(tx, sealedColumns.phone, items);
  return new Map(rows.map(({ code }, at) => [code, String(opened[at])]));
}
