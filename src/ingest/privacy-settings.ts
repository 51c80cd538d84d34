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
