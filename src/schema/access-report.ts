import { audit } from "../access/audit.ts";
import { requireSecondFactor } from "../access/permissions.ts";
import { type AccessRead, type AccessReport, accessReport } from "../audit/access-report.ts";
import { pseudonymOf } from "../audit/phi-read.ts";
import { pseudonymBy } from "../secrets/pseudonym.ts";
import { indexedColumns } from "../secrets/sealed-columns.ts";
import { AuditRangeInput, rangeOf } from "./audit-verify.ts";
import { builder } from "./builder.ts";
import { auditActorOf, type Context, viewerOf } from "./context.ts";

const ReadType = builder.objectRef<AccessRead>("AccessRead").implement({
  description: "One operation that read patients' data.",
  fields: (t) => ({
    seq: t.exposeFloat("seq", { description: "Its entry in the audit log." }),
    at: t.field({ type: "DateTime", description: "When.", resolve: ({ at }) => at }),
    actor: t.exposeString("actor", { description: "Who." }),
    patients: t.exposeStringList("patients", {
      description:
        "Whose data, at most 1,000: patients by their pseudonyms, which only `patientId` of this query can be compared with.",
    }),
    patientCount: t.exposeInt("patientCount", { description: "The data of how many patients." }),
    purpose: t.exposeString("purpose", { nullable: true, description: "Why, as the reader said." }),
    address: t.exposeString("address", { nullable: true, description: "From which address." }),
    operation: t.exposeString("operation", { description: "What was asked, by its fields." }),
    breakGlassId: t.exposeString("breakGlassId", { nullable: true, description: "The break-glass use it was under." }),
  }),
});

const ReportType = builder.objectRef<AccessReport>("AccessReport").implement({
  description: "Who read whose data.",
  fields: (t) => ({
    count: t.exposeInt("count", { description: "How many operations read it." }),
    actorCount: t.exposeInt("actors", { description: "How many people and programs did." }),
    reads: t.field({
      type: [ReadType],
      description: "The operations, the latest first; at most 1,000.",
      resolve: ({ reads }) => reads,
    }),
  }),
});

/** What the audit log calls a patient: by the id, and by what stands for it in incidents and detections. */
async function keysOf(patientId: string, context: Context): Promise<[string, string]> {
  const viewer = viewerOf(context);
  requireSecondFactor(viewer, "phi.read");
  const { db, vault, patientIndexer } = context.services;
  const indexOf = await patientIndexer(viewer.organizationId);
  const subjectIndexOf = await db.inOrganization(viewer.organizationId, (tx) =>
    vault.indexer(tx, indexedColumns.subject),
  );
  return [pseudonymOf(patientId, indexOf), pseudonymOf(pseudonymBy(subjectIndexOf)(patientId), indexOf)];
}

builder.queryField("accessReport", (t) =>
  t.field({
    type: ReportType,
    description: "Every read of patients' data by one actor, or of one patient. Asking is audited.",
    authScopes: { permission: "audit.read" },
    args: {
      actor: t.arg.string({ description: "Whose reads: the actor as the audit log has it." }),
      patientId: t.arg.string({ description: "Reads of whose data: the patient's id, as events have it." }),
      range: t.arg({ type: AuditRangeInput, description: "When; absent: ever." }),
    },
    resolve: async (_parent, { actor, patientId, range }, context) => {
      const { organizationId } = viewerOf(context);
      const { db } = context.services;
      const patientKeys = patientId ? await keysOf(patientId, context) : undefined;
      return db.inOrganization(organizationId, async (tx) => {
        const asked = { actor: actor ?? undefined, patientKeys, ...rangeOf(range) };
        const report = await accessReport(tx, asked);
        const detail = { actor: actor ?? null, count: report.count, address: context.address ?? null };
        const [entityKind, entityId] = patientKeys ? ["Patient", patientKeys[0]] : ["Actor", actor ?? ""];
        await audit(tx, { actor: auditActorOf(context), action: "ACCESS_REPORT_READ", entityKind, entityId, detail });
        return report;
      });
    },
  }),
);
