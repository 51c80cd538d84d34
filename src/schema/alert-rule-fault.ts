import { faultsOf } from "../detect/fault.ts";
import { AlertRule } from "./alert-rule.ts";
import { builder } from "./builder.ts";
import { type Context, viewerOf } from "./context.ts";

const perRequest = new WeakMap<Context, Promise<ReadonlyMap<string, string>>>();

builder.prismaObjectFields(AlertRule, (t) => ({
  fault: t.string({
    nullable: true,
    description:
      "Why the rule cannot run, though it could when it was saved, e.g. since a rule that it counts is gone; null: it runs.",
    resolve: async ({ id }, _args, context) => {
      let faults = perRequest.get(context);
      if (!faults) {
        faults = faultsOf(context.services.db, viewerOf(context).organizationId);
        perRequest.set(context, faults);
      }
      return (await faults).get(id) ?? null;
    },
  }),
}));
