/** `vigil org export` and `vigil org erase`. */
import { resolve } from "node:path";
import { audit } from "../access/audit.ts";
import { cliSubject } from "../access/viewer.ts";
import type { App } from "../app.ts";
import { exportOrganization } from "../database/export-organization.ts";
import { VigilError } from "../errors.ts";

/** Exports the organization; the export itself is in its audit log, and so in what is exported. */
export async function runExport(app: App, slug: string, to: string): Promise<void> {
  const organizationId = await app.organizationBySlug(slug);
  await app.db.inOrganization(organizationId, (tx) =>
    audit(tx, {
      actor: cliSubject,
      action: "ORGANIZATION_EXPORTED",
      entityKind: "Organization",
      entityId: organizationId,
    }),
  );
  const counts = await exportOrganization(app.serverUrl, organizationId, resolve(to), {
    now: app.now(),
    onTable: ({ table, rows }) => console.log(`${table}: ${rows}`),
  });
  console.log(`${counts.reduce((sum, { rows }) => sum + rows, 0)} rows of "${slug}" in ${resolve(to)}`);
}

/** Erases the organization; prints one line of JSON for the files. Its own audit log goes with it. */
export async function runErase(app: App, slug: string, confirm: string): Promise<void> {
  if (confirm !== slug) {
    throw new VigilError("BAD_USER_INPUT", `Nothing was erased: --confirm says "${confirm}", not "${slug}".`);
  }
  const id = await app.organizationBySlug(slug);
  const certificate = await app.eraseOrganization({ id, slug });
  console.log(JSON.stringify({ certificate: "ORGANIZATION_ERASED", ...certificate }));
  if (certificate.remaining > 0) {
    throw new VigilError(
      "CONFLICT",
      `${certificate.remaining} rows were written meanwhile. Stop what writes them and erase again.`,
    );
  }
}
