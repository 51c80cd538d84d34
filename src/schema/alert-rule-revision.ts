import { unifiedDiff } from "../detect/diff.ts";
import { type StoredSettings, settingsOf, settingsText } from "../detect/store/settings.ts";
import type { AlertRuleRevision as Row, RuleChange } from "../generated/prisma/client.ts";
import { builder } from "./builder.ts";
import { prismaOf } from "./context.ts";
import { describedEnum, RuleModeEnum } from "./enums.ts";

const RuleChangeEnum = describedEnum<RuleChange>("RuleChange", "How a revision of a rule came about.", {
  CREATED: "The rule was made.",
  IMPORTED: "It came with an import.",
  UPDATED: "It was changed.",
  DELETED: "It was removed.",
  RESTORED: "An older revision was put back.",
});

/** A rule as it stood after one change. */
export const AlertRuleRevision = builder.prismaObject("AlertRuleRevision", {
  description: "A rule as it stood after one change.",
  fields: (t) => ({
    revision: t.exposeInt("revision", { description: "Counts the changes of the rule, from 1." }),
    author: t.exposeString("author", { description: "Who made the change." }),
    at: t.expose("at", { type: "DateTime", description: "When it was made." }),
    change: t.expose("change", { type: RuleChangeEnum, description: "What it was." }),
    mode: t.expose("mode", { type: RuleModeEnum, description: "What the rule was allowed to do." }),
    yaml: t.exposeString("yaml", { description: "The Sigma document." }),
    diff: t.string({
      description:
        "A unified diff to the revision before, of the rule's settings and of its text; empty: they are equal.",
      select: {
        organizationId: true,
        ruleId: true,
        revision: true,
        mode: true,
        throttleMs: true,
        overrides: true,
        yaml: true,
      },
      resolve: async ({ organizationId, ruleId, ...after }, _args, context) => {
        const key = { organizationId, ruleId, revision: after.revision - 1 };
        // Prisma reads those of one page in one statement.
        const before = await prismaOf(context).alertRuleRevision.findUnique({
          where: { organizationId_ruleId_revision: key },
        });
        return diffOf(before, after);
      },
    }),
  }),
});

type Shown = Pick<Row, "revision" | "mode" | "throttleMs" | "overrides" | "yaml">;

function diffOf(before: Shown | null, after: Shown): string {
  const names = (what: string) =>
    [before ? `${what}@${before.revision}` : "/dev/null", `${what}@${after.revision}`] as const;
  return (
    unifiedDiff(before ? settingsTextOf(before) : "", settingsTextOf(after), names("settings")) +
    unifiedDiff(before?.yaml ?? "", after.yaml, names("rule.yml"))
  );
}

function settingsTextOf({ mode, throttleMs, overrides }: Shown): string {
  return settingsText(
    settingsOf({ mode, throttle_ms: throttleMs, overrides: overrides as StoredSettings["overrides"] }),
  );
}
