import type { Tx } from "../db.ts";
import { VigilError } from "../errors.ts";
import type { Privacy } from "./privacy.ts";

export interface PrivacyChange {
  unknownFields?: Privacy["unknownFields"];
  phiFields?: Privacy["phiFields"];
  allowedAttributes?: readonly string[];
}

const mostAllowed = 500; // names
const longestName = 200; // characters

/** What the organization seals, keeps or drops at this moment. */
export async function readPrivacy(tx: Tx): Promise<Privacy> {
  const { rows } = await tx.query<{
    unknown_fields: Privacy["unknownFields"];
    phi_fields: Privacy["phiFields"];
    allowed_attributes: string[];
  }>("SELECT unknown_fields, phi_fields, allowed_attributes FROM organizations WHERE id = $1", [tx.organizationId]);
  const [row] = rows;
  if (!row) throw new VigilError("NOT_FOUND", "The organization is gone.");
  return {
    unknownFields: row.unknown_fields,
    phiFields: row.phi_fields,
    allowedAttributes: new Set(row.allowed_attributes),
  };
}

/** Changes what the organization stores in clear from its next batch on; what is stored already stays as it is. */
export async function updatePrivacy(tx: Tx, change: PrivacyChange): Promise<void> {
  const names = change.allowedAttributes && [...new Set(change.allowedAttributes)].sort();
  if (names && names.length > mostAllowed) throw refuse(`At most ${mostAllowed} attributes can be allowed`);
  if (names?.some((name) => name === "" || name.length > longestName || name.includes("\0"))) {
    throw refuse(`An attribute's name has 1 to ${longestName} characters`);
  }
  await tx.query(
    `UPDATE organizations SET unknown_fields = COALESCE($2::unknown_fields, unknown_fields),
       phi_fields = COALESCE($3::phi_fields, phi_fields), allowed_attributes = COALESCE($4::text[], allowed_attributes)
     WHERE id = $1`,
    [tx.organizationId, change.unknownFields ?? null, change.phiFields ?? null, names ?? null],
  );
}

function refuse(message: string): VigilError {
  return new VigilError("BAD_USER_INPUT", message, { path: ["input", "allowedAttributes"] });
}
