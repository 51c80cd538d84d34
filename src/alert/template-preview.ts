/** What comes of a template before it is stored. */
import { validate as isUuid } from "uuid";
import type { Tx } from "../db.ts";
import { VigilError } from "../errors.ts";
import { carried, sampleModel } from "./model.ts";
import { readModels } from "./model-read.ts";
import { renderTemplate, type TemplateParts } from "./template.ts";
import { checkTemplate } from "./template-check.ts";

interface Asked {
  parts: TemplateParts;
  /** Undefined: the documented example. */
  incidentId: string | undefined;
  coveredByBaa: boolean;
  publicUrl: string | undefined;
}

/** With whom or what the incident is about. Errors: BAD_USER_INPUT (with the place of the fault), NOT_FOUND. */
export async function previewTemplate(tx: Tx, { parts, incidentId, coveredByBaa, publicUrl }: Asked) {
  const carries = checkTemplate(parts);
  const model = incidentId === undefined ? sampleModel() : await modelOf(tx, incidentId, publicUrl);
  const worded = renderTemplate(parts, carried(model, coveredByBaa));
  if ("fault" in worded) throw new VigilError("BAD_USER_INPUT", worded.fault, { path: ["body"] });
  const { subjects } = model.incident as { subjects: { kind: string; key: string }[] };
  return { carries, subjects, ...worded };
}

async function modelOf(tx: Tx, incidentId: string, publicUrl: string | undefined) {
  const missing = new VigilError("NOT_FOUND", "There is no such incident.", { path: ["incidentId"] });
  if (!isUuid(incidentId)) throw missing;
  const { rows } = await tx.query<{ organization: string; timeZone: string }>(
    `SELECT name AS organization, time_zone AS "timeZone" FROM organizations WHERE id = $1`,
    [tx.organizationId],
  );
  const [own] = rows;
  if (!own) throw missing;
  const about = { ...own, kind: "OPENED", priority: "HIGH", alerts: 1, step: null, acknowledgeUrl: null } as const;
  const [read] = await readModels(tx, [{ ...about, incidentIds: [incidentId] }], publicUrl);
  if (!read || read.number === null) throw missing;
  return read.model;
}
