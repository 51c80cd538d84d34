import { builder } from "./builder.ts";
import { RuleModeEnum } from "./enums.ts";

/** A response rule as it stood after one change. */
export const ResponseRuleRevision = builder.prismaObject("ResponseRuleRevision", {
  description: "A response rule as it stood after one change.",
  fields: (t) => ({
    revision: t.exposeInt("revision", { description: "Counts the changes of the rule, from 1." }),
    author: t.exposeString("author", { description: "Who made the change; `vigil`: it came with Vigil." }),
    at: t.expose("createdAt", { type: "DateTime", description: "When it was made." }),
    name: t.exposeString("name", { description: "What the rule was called." }),
    position: t.exposeInt("position", { description: "Its place in the order." }),
    mode: t.expose("mode", { type: RuleModeEnum, description: "What the rule was allowed to do." }),
    conditions: t.expose("conditions", { type: "JSON", description: "On which incidents it acted." }),
    actions: t.expose("actions", { type: "JSON", description: "What it did, with times in seconds." }),
    coolDown: t.field({
      type: "Duration",
      description: "In which it acted once per target.",
      resolve: ({ coolDownS }) => `PT${coolDownS}S`,
    }),
  }),
});
