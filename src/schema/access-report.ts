import { audit } from "../access/audit.ts";
import { type AccessRead, type AccessReport, accessReport } from "../audit/access-report.ts";
import { pseudonymOf } from "../audit/phi-read.ts";
import { AuditRangeInput, rangeOf } from "./audit-verify.ts";
import { builder } from "./builder.ts";
import { auditActorOf, viewerOf } from "./context.ts";

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
      const { db, patientIndexer } = context.services;
      const patientKey = patientId ? pseudonymOf(patientId, await patientIndexer(organizationId)) : undefined;
      return db.inOrganization(organizationId, async (tx) => {
        const asked = { actor: actor ?? undefined, patientKey, ...rangeOf(range) };
        const report = await accessReport(tx, asked);
        const detail = { actor: actor ?? null, count: report.count, address: context.address ?? null };
        const [entityKind, entityId] = patientKey ? ["Patient", patientKey] : ["Actor", actor ?? ""];
        await audit(tx, { actor: auditActorOf(context), action: "ACCESS_REPORT_READ", entityKind, entityId, detail });
        return report;
      });
    },
  }),
);
