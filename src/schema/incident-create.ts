import { audit } from "../access/audit.ts";
import type { Tx } from "../db.ts";
import { riskBySeverity, threatScore } from "../detect/risk.ts";
import { createIncident } from "../incident/create.ts";
import { readPrivacy } from "../ingest/privacy-settings.ts";
import { pseudonymBy } from "../secrets/pseudonym.ts";
import { indexedColumns } from "../secrets/sealed-columns.ts";
import type { Vault } from "../secrets/vault.ts";
import { builder } from "./builder.ts";
import { actorOf, auditActorOf, viewerOf } from "./context.ts";
import { SeverityEnum } from "./enums.ts";
import { incidentPayload } from "./incident-payload.ts";
import { attempt } from "./payload.ts";
import { SubjectKindEnum } from "./subject.ts";

const SubjectInput = builder.inputType("SubjectInput", {
  description: "Whom or what something is about.",
  fields: (t) => ({
    kind: t.field({ type: SubjectKindEnum, required: true, description: "What it is." }),
    key: t.string({
      required: true,
      description:
        "Which, e.g. a user's name or an address: 1 to 300 characters. Where patients are sealed, what stands for one is stored.",
    }),
  }),
});

const CreateInput = builder.inputType("IncidentCreateInput", {
  description: "What happened.",
  fields: (t) => ({
    title: t.string({
      required: true,
      description: "In a line: 1 to 300 characters. No patients' names: titles go out in alerts.",
    }),
    severity: t.field({ type: SeverityEnum, required: true, description: "How bad it is." }),
    description: t.string({ required: true, description: "In words: 1 to 2,000 characters, kept sealed." }),
    subjects: t.field({ type: [SubjectInput], description: "Whom or what it is about, at most 20." }),
    tags: t.stringList({ description: "At most 50, e.g. attack.t1078." }),
  }),
});

type Named = (typeof SubjectInput)["$inferInput"];

/** Subjects as detections have them: where patients are sealed, what stands for them. */
async function asStored(tx: Tx, vault: Pick<Vault, "indexer">, subjects: readonly Named[]): Promise<Named[]> {
  const inClear = ({ kind, key }: Named): boolean => kind !== "PATIENT" || /^sealed-[\da-f]+$/.test(key.trim());
  if (subjects.every(inClear) || (await readPrivacy(tx)).phiFields === "KEEP") return [...subjects];
  const pseudonym = pseudonymBy(await vault.indexer(tx, indexedColumns.subject));
  return subjects.map((one) => (inClear(one) || !one.key.trim() ? one : { ...one, key: pseudonym(one.key.trim()) }));
}

const CreatePayload = incidentPayload("IncidentCreatePayload");
builder.mutationField("incidentCreate", (t) =>
  t.field({
    type: CreatePayload,
    description: "Opens an incident for something that no rule has seen.",
    authScopes: { permission: "incident.write" },
    args: { input: t.arg({ type: CreateInput, required: true, description: "What happened." }) },
    resolve: (_parent, { input }, context) =>
      attempt(async () => {
        const { organizationId } = viewerOf(context);
        const { vault, now, change } = context.services;
        await vault.reserve(organizationId, 2);
        return change(organizationId, async (tx) => {
          const { title, severity, description } = input;
          const { id, cursor } = await createIncident(tx, vault, {
            title,
            severity,
            description,
            threatScore: threatScore([riskBySeverity[severity]]),
            subjects: await asStored(tx, vault, input.subjects ?? []),
            tags: input.tags ?? [],
            actor: actorOf(context),
            now: now(),
          });
          const entry = {
            actor: auditActorOf(context),
            action: "INCIDENT_CREATED",
            entityKind: "Incident",
            entityId: id,
          };
          await audit(tx, { ...entry, detail: { severity } });
          return { id, cursor };
        });
      }),
  }),
);
