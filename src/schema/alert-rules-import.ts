import { audit } from "../access/audit.ts";
import { importRules } from "../detect/store.ts";
import { AlertRule } from "./alert-rule.ts";
import { builder } from "./builder.ts";
import { actorOf, auditActorOf, type Context, prismaOf, viewerOf } from "./context.ts";
import { RuleModeEnum } from "./enums.ts";
import { attempt, type Outcome, UserErrorType } from "./payload.ts";

const Input = builder.inputType("AlertRulesImportInput", {
  description: "Sigma documents.",
  fields: (t) => ({
    yaml: t.string({
      required: true,
      description:
        "YAML of one document or more, divided by `---`. A `vigil` part in a document, as exports write it, has a rule's mode, throttle, severity, tags and references, or an exception's name, owner, reason and expiry; it replaces what is set.",
    }),
    mode: t.field({
      type: RuleModeEnum,
      required: true,
      description: "What the rules may do whose document does not say so itself, by `vigil: { mode: … }`.",
    }),
    dryRun: t.boolean({ description: "Only says what would happen." }),
  }),
});

type Imported = Awaited<ReturnType<typeof importRules>>;

const RejectionType = builder.objectRef<Imported["rejected"][number]>("RuleRejection").implement({
  description: "A document that was refused, or that waits, and why.",
  fields: (t) => ({
    document: t.exposeInt("document", { description: "Its place in the YAML." }),
    line: t.exposeInt("line", { description: "The line of the fault, from 1." }),
    code: t.exposeString("code", { description: "For programs." }),
    message: t.exposeString("message", { description: "For people." }),
  }),
});

const Payload = builder.objectRef<Outcome<Imported>>("AlertRulesImportPayload").implement({
  description: "What became of an import.",
  fields: (t) => ({
    imported: t.int({
      description: "How many documents were taken in: rules, correlations and filters.",
      resolve: ({ value }) => value?.imported ?? 0,
    }),
    rejected: t.field({
      type: [RejectionType],
      description: "The documents that were refused.",
      resolve: ({ value }) => value?.rejected ?? [],
    }),
    waiting: t.field({
      type: [RejectionType],
      description: "Correlations that were taken in, and run as soon as the rules that they count are there.",
      resolve: ({ value }) => value?.waiting ?? [],
    }),
    alertRules: t.prismaField({
      type: [AlertRule],
      description: "The rules that were made or changed; none in a dry run.",
      resolve: async (query, { value }, _args, context) => {
        const ids = value?.ruleIds ?? [];
        const rules = await prismaOf(context).alertRule.findMany({ ...query, where: { id: { in: ids } } });
        return rules.sort((a, b) => ids.indexOf(a.id) - ids.indexOf(b.id));
      },
    }),
    userErrors: t.field({
      type: [UserErrorType],
      description: "Why nothing was done.",
      resolve: (result) => result.userErrors,
    }),
  }),
});

builder.mutationField("alertRulesImport", (t) =>
  t.field({
    type: Payload,
    description:
      "Makes or changes rules from Sigma YAML, in any order; filters become exceptions. A bad document costs only itself.",
    authScopes: { permission: "rule.write" },
    args: { input: t.arg({ type: Input, required: true, description: "The documents." }) },
    resolve: (_parent, { input }, context) => attempt(() => runImport(context, input)),
  }),
);

async function runImport(context: Context, input: typeof Input.$inferInput): Promise<Imported> {
  const { organizationId } = viewerOf(context);
  const { yaml, mode } = input;
  const dryRun = input.dryRun ?? false;
  const result = await context.services.db.inOrganization(organizationId, async (tx) => {
    const imported = await importRules(tx, {
      yaml,
      mode,
      dryRun,
      actor: actorOf(context),
      now: context.services.now(),
    });
    await audit(tx, {
      actor: auditActorOf(context),
      action: "ALERT_RULES_IMPORTED",
      entityKind: "AlertRule",
      entityId: "",
      detail: {
        mode,
        dryRun,
        imported: imported.imported,
        rejected: imported.rejected.length,
        ruleIds: imported.ruleIds,
      },
    });
    return imported;
  });
  return result;
}
