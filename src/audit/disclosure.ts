import { v7 as uuidv7 } from "uuid";
import { audit } from "../access/audit.ts";
import type { Tx } from "../db.ts";
import { VigilError } from "../errors.ts";
import { indexedColumns, sealedColumns } from "../secrets/sealed-columns.ts";
import type { Vault } from "../secrets/vault.ts";

export interface DisclosureInput {
  patientId: string;
  disclosedAt: Date;
  recipient: string;
  recipientAddress?: string | undefined;
  description: string;
  purpose: string;
}

const lengths = { patientId: 512, recipient: 500, recipientAddress: 1_000, description: 2_000, purpose: 2_000 };

/** What of a disclosure is stored sealed. */
export interface DisclosureSecret {
  patientId: string;
  description: string;
  purpose: string;
  recipientAddress?: string | undefined;
}

/**
 * Writes a disclosure into the register (45 CFR 164.528). Corrections are further entries: nothing is changed. The use
 * of the organization's key must have been reserved.
 */
export async function recordDisclosure(
  tx: Tx,
  vault: Pick<Vault, "seal" | "indexer">,
  input: DisclosureInput,
  { actor, now }: { actor: string; now: number },
): Promise<{ id: string }> {
  const texts = Object.fromEntries(
    Object.entries(lengths).map(([name, longest]) => {
      const text = (input[name as keyof typeof lengths] ?? "").trim();
      if ((text === "" && name !== "recipientAddress") || text.length > longest || text.includes("\0")) {
        const path = ["input", name];
        throw new VigilError("BAD_USER_INPUT", `${name} has 1 to ${longest.toLocaleString("en")} characters.`, {
          path,
        });
      }
      return [name, text];
    }),
  );
  if (input.disclosedAt.getTime() > now) {
    throw new VigilError("BAD_USER_INPUT", "A disclosure has happened.", { path: ["input", "disclosedAt"] });
  }
  const id = uuidv7({ msecs: now });
  const { patientId, description, purpose, recipient, recipientAddress } = texts as Record<string, string>;
  const secret = { patientId, description, purpose, ...(recipientAddress ? { recipientAddress } : {}) };
  const [sealed] = await vault.seal(tx, sealedColumns.disclosure, [{ rowId: id, data: JSON.stringify(secret) }]);
  const indexOf = await vault.indexer(tx, indexedColumns.patient);
  await tx.query(
    `INSERT INTO disclosures (organization_id, id, patient_index, disclosed_at, recipient, sealed, recorded_at, recorded_by)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [tx.organizationId, id, indexOf(patientId as string), input.disclosedAt, recipient, sealed, new Date(now), actor],
  );
  await audit(tx, { actor, action: "DISCLOSURE_RECORDED", entityKind: "Disclosure", entityId: id });
  return { id };
}
